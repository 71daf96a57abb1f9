"""Does a patch ask for a deletion, and for nothing else? JSON Patch, XML Patch, FHIRPath Patch (DMP draft, TD3.3c).

What was published disagrees with itself on how: which status it is, the house decides (`fhir.deletion`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from gateway.wire.fhir.media_types import JSON_PATCH, XML_PATCH
from gateway.wire.fhir.request import FhirRequest
from security import xml
from security.strict_json import read_json
from xds.mhd import resource_patch
from xds.mhd.constants import DELETED

_XML_PLACES = ("f:DocumentReference/f:status/@value", "/f:DocumentReference/f:status/@value")


def asks_deletion(asked: FhirRequest, deletion: Literal["entered-in-error", "superseded"]) -> frozenset[str] | None:
    """None unless the patch sets the status of deletion and does nothing else; the statuses that it tests first.

    Raises MalformedMessage: the patch is not JSON, or not XML.
    """
    wanted = {("status", deletion), *([("deleted", "")] if deletion == "superseded" else [])}
    found = list(_changes(asked))
    tested = frozenset(value for what, value in found if what == "test")
    changes = [one for one in found if one[0] != "test"]
    return tested if len(changes) == len(wanted) and set(changes) == wanted else None


def _changes(asked: FhirRequest) -> Iterator[tuple[str, str]]:
    """Each operation as (what, value); one that is no matter of deletion as (`other`, …)."""
    if asked.media_type == JSON_PATCH:
        yield from _of_json(read_json(asked.content))
    elif asked.media_type == XML_PATCH:
        yield from _of_xml(asked.content)
    else:
        yield from _of_fhirpath(asked.resource or {})


def _of_json(operations: Any) -> Iterator[tuple[str, str]]:
    for one in operations if isinstance(operations, list) else [None]:
        operation, path, value = (one.get(name) if isinstance(one, dict) else None for name in ("op", "path", "value"))
        if operation in ("test", "replace") and path == "/status" and isinstance(value, str):
            yield "test" if operation == "test" else "status", value
        elif operation == "add" and path in ("/extension/-", "/extension") and _says_deleted(value):
            yield "deleted", ""
        else:
            yield "other", str(path)


def _says_deleted(value: Any) -> bool:
    marked = {"url": DELETED, "valueBoolean": True}
    return value in (marked, [marked])


def _of_fhirpath(parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        operations = resource_patch.of_fhirpath(parameters, {})
    except (resource_patch.BadPatch, resource_patch.ForeignPath):
        operations = [{}]
    yield from _of_json(operations)


def _of_xml(content: bytes) -> Iterator[tuple[str, str]]:
    """XML Patch (RFC 5261), of which one operation is read: the replacement of the status."""
    for one in xml.parse(content):
        if one.tag == "replace" and one.get("sel") in _XML_PLACES:
            yield "status", (one.text or "").strip()
        elif isinstance(one.tag, str):
            yield "other", one.tag
