"""The PATCH entries of a transaction: each supersedes a document that the lot replaces (FHIR R4 §3.1.0.9.3; MHD 4.2.4).

FHIRPath Patch, one operation: `replace` of `DocumentReference.status` by `superseded`. No other is taken here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from xds.mhd.constants import OID, URI
from xds.mhd.element import Element
from xds.mhd.notes import Notes
from xds.mhd.transaction import FORBIDDEN, BundleEntry

STATUS = "DocumentReference.status"
_VALUES = ("valueCode", "valueString")


@dataclass(frozen=True, slots=True)
class PatchOperation:
    """One operation of a FHIRPath Patch; `value` is None where it has none or one that is no code."""

    type: str
    path: str
    value: str | None


def read_operations(parameters: Element) -> tuple[PatchOperation, ...]:
    """The operations of a Parameters resource, in order (FHIR R4 §3.1.0.9.3)."""
    operations = []
    for one in parameters.children("parameter"):
        if one.text("name") != "operation":
            one.notes.fault(FORBIDDEN, one.at("name"), one.text("name"), "operation")
            continue
        parts: dict[str, Any] = {part.text("name"): part for part in one.children("part")}
        operations.append(
            PatchOperation(
                type=_text(parts.get("type")), path=_text(parts.get("path")), value=_text(parts.get("value")) or None
            )
        )
    return tuple(operations)


def read_superseding(entry: BundleEntry, notes: Notes) -> str:
    """The reference of the document that a PATCH entry supersedes: a literal, or `urn:oid:` and its uniqueId.

    A patch that does anything else is a fault.
    """
    operations = read_operations(entry.resource)
    if operations != (PatchOperation("replace", STATUS, "superseded"),):
        expected = f"one operation: replace {STATUS} by superseded"
        notes.fault(FORBIDDEN, entry.resource.path, f"{len(operations)} operations, or others", expected)
    return patched_document(entry.url)


def patched_document(url: str) -> str:
    """What `DocumentReference/<id>` or `DocumentReference?identifier=<system>|<value>` names, as relations name it."""
    _, _, query = url.partition("?identifier=")
    if not query:
        return url
    system, _, value = unquote(query).rpartition("|")
    value = value.removeprefix(OID)
    return f"{OID}{value}" if system in ("", URI) else f"{system}^{value}"


def unmatched(replaced: Iterable[str], superseded: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """What is replaced without being superseded, and what is superseded without being replaced."""
    first, second = frozenset(replaced), frozenset(superseded)
    return first - second, second - first


def _text(part: Element | None) -> str:
    if part is None:
        return ""
    return next((part.text(name) for name in _VALUES if part.text(name)), "")
