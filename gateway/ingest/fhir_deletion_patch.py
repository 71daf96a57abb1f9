"""Does a patch ask for a deletion, and for nothing else? JSON Patch, XML Patch, FHIRPath Patch (DMP draft, TD3.3c).

What was published disagrees with itself on how: which status it is, the house decides (`fhir.deletion`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from gateway.wire.fhir.media_types import JSON_PATCH, XML_PATCH
from gateway.wire.fhir.request import FhirRequest
from security import xml
from security.errors import MalformedMessage
from security.strict_json import read_json
from xds.mhd.constants import DELETED
from xds.mhd.element import Element
from xds.mhd.notes import Notes
from xds.mhd.patches import STATUS, read_operations

_XML_PLACES = ("f:DocumentReference/f:status/@value", "/f:DocumentReference/f:status/@value")
_FHIR = "http://hl7.org/fhir"


def asks_deletion(asked: FhirRequest, deletion: Literal["entered-in-error", "superseded"]) -> bool:
    """Whether the patch sets the status of deletion, and does nothing else.

    Raises MalformedMessage: the patch is not JSON, or not XML.
    """
    wanted: list[tuple[str, Any]] = [("status", deletion)]
    if deletion == "superseded":
        wanted.append(("deleted", True))
    return sorted(_changes(asked)) == sorted(wanted)


def _changes(asked: FhirRequest) -> Iterator[tuple[str, Any]]:
    """Each change as (what, value); one that is no matter of deletion as (`other`, …). A test changes nothing."""
    if asked.media_type == JSON_PATCH:
        yield from _of_json(read_json(asked.content))
    elif asked.media_type == XML_PATCH:
        yield from _of_xml(asked.content)
    else:
        yield from _of_fhirpath(asked.resource or {})


def _of_json(operations: Any) -> Iterator[tuple[str, Any]]:
    for one in operations if isinstance(operations, list) else [None]:
        operation, path, value = (
            (one.get(name) for name in ("op", "path", "value"))
            if isinstance(one, dict)
            else (
                None,
                None,
                None,
            )
        )
        if operation == "test":
            continue
        if (operation, path) == ("replace", "/status") and isinstance(value, str):
            yield "status", value
        elif operation == "add" and path in ("/extension/-", "/extension") and _says_deleted(value):
            yield "deleted", True
        else:
            yield "other", str(path)


def _says_deleted(value: Any) -> bool:
    marked = {"url": DELETED, "valueBoolean": True}
    return value in (marked, [marked])


def _of_fhirpath(parameters: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    notes = Notes()
    for one in read_operations(Element(parameters, "Parameters", notes)):
        if (one.type, one.path) == ("replace", STATUS) and one.value:
            yield "status", one.value
        elif (one.type, one.path) == ("add", "DocumentReference") and one.value == DELETED:
            yield "deleted", True
        else:
            yield "other", one.path
    if notes.faults:
        yield "other", ""


def _of_xml(content: bytes) -> Iterator[tuple[str, Any]]:
    """XML Patch (RFC 5261), of which one operation is read: the replacement of the status."""
    try:
        root = xml.parse(content)
    except MalformedMessage:
        raise
    for one in root:
        if one.tag == "replace" and one.get("sel") in _XML_PLACES:
            yield "status", (one.text or "").strip()
        elif isinstance(one.tag, str):
            yield "other", one.tag
