"""Whether a patch asks for a deletion, and for nothing else (DMP draft, TD3.3c).

What was published disagrees with itself on how: which status it is, the house decides (`fhir.deletion`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from gateway.wire.fhir.patch import read_patch
from gateway.wire.fhir.request import FhirRequest
from xds.mhd.constants import DELETED
from xds.mhd.resource_patch import BadPatch, ForeignPath

_MARKED = {"url": DELETED, "valueBoolean": True}


def asks_deletion(asked: FhirRequest, deletion: Literal["entered-in-error", "superseded"]) -> frozenset[str] | None:
    """None unless the patch sets the status of deletion and does nothing else; the statuses that it tests first.

    Raises MalformedMessage: the patch is not JSON, or not XML.
    """
    try:
        operations = read_patch(asked, {})
    except (BadPatch, ForeignPath):
        return None
    wanted = {("status", deletion), *([("deleted", "")] if deletion == "superseded" else [])}
    found = [_said(one) for one in operations]
    tested = frozenset(value for what, value in found if what == "test")
    changes = [one for one in found if one[0] != "test"]
    return tested if len(changes) == len(wanted) and set(changes) == wanted else None


def _said(operation: Mapping[str, Any]) -> tuple[str, str]:
    """An operation as (what, value); one that is no matter of deletion as (`other`, …)."""
    kind, path, value = (operation.get(name) for name in ("op", "path", "value"))
    if kind in ("test", "replace") and path == "/status" and isinstance(value, str):
        return "test" if kind == "test" else "status", value
    if kind == "add" and path in ("/extension/-", "/extension") and value in (_MARKED, [_MARKED]):
        return "deleted", ""
    return "other", str(path)
