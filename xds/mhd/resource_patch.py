"""A patch of a resource, in its three spellings, applied (FHIR R4 §3.1.0.9; RFC 6902, RFC 5261, FHIRPath Patch).

All become JSON Patch. Of the two others only paths to what may change are read: status, securityLabel, isArchived.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import jsonpatch
import jsonpointer

from xds.mhd.constants import IS_ARCHIVED

Json = dict[str, Any]
_MOST: Final = 64
_INDEXED = re.compile(r"DocumentReference\.securityLabel\[([0-9]{1,3})\]")
_LABEL_OF_CODE = re.compile(
    r"DocumentReference\.securityLabel\.where\(coding(?:\.exists\(code ?= ?|\.code ?= ?)'([^']{1,64})'\)?\)"
)
_EXTENSION = re.compile(
    r"DocumentReference\.extension(?:\.where\(url ?= ?|\()'([^']{1,200})'\)(\.value|\.valueBoolean)?"
)
_PUBLISHED = re.compile(r"/extension\[url:\"([^\"]{1,200})\"\](/valueBoolean)?")
"""A path of the draft's own page, which is no JSON Pointer."""
_XML_LABEL = re.compile(r"/?f:DocumentReference/f:securityLabel\[([0-9]{1,3})\]")
_XML_STATUS = frozenset(("f:DocumentReference/f:status/@value", "/f:DocumentReference/f:status/@value"))


class BadPatch(Exception):
    """A patch that is none, or cannot be applied to this resource; the text is safe to show."""


class ForeignPath(Exception):
    """A patch of something else than what may change."""


def of_json(operations: Any, resource: Mapping[str, Any], *, lenient: bool) -> list[Json]:
    """The operations of a JSON Patch; `lenient` reads the published path to isArchived too. Raises BadPatch."""
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise BadPatch("a JSON Patch is an array of operations")
    return [_readable(one, resource) if lenient else one for one in operations]


def of_fhirpath(parameters: Mapping[str, Any], resource: Mapping[str, Any]) -> list[Json]:
    """The operations of a FHIRPath Patch. Raises BadPatch, ForeignPath."""
    found = []
    for one in parameters.get("parameter", ()):
        if one.get("name") != "operation":
            raise BadPatch("a parameter of a FHIRPath Patch is named operation")
        parts = {part.get("name"): part for part in one.get("part", ())}
        kind, path = _value(parts.get("type")), _value(parts.get("path"))
        if kind not in ("add", "insert", "delete", "replace"):
            raise BadPatch("the type of an operation is add, insert, delete or replace")
        found.append(_of_fhirpath(kind, str(path), _value(parts.get("name")), parts.get("value"), resource))
    return found


def of_xml(operations: Sequence[Any]) -> list[Json]:
    """The operations of an XML Patch: elements `add`, `replace`, `remove` of RFC 5261. Raises ForeignPath."""
    return [_of_xml(one) for one in operations if isinstance(one.tag, str)]


def applied(operations: Sequence[Json], resource: Mapping[str, Any]) -> Json:
    """The resource as patched; the one given stays. Raises BadPatch: too long, a path that leads nowhere, a test."""
    if len(operations) > _MOST:
        raise BadPatch(f"more than {_MOST} operations")
    patched: Any = copy.deepcopy(dict(resource))
    for rank, one in enumerate(operations):
        try:
            patched = jsonpatch.JsonPatch([one]).apply(patched, in_place=True)
        except jsonpatch.JsonPatchTestFailed:
            raise BadPatch(f"operation {rank} of the patch, a test, does not hold") from None
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, ValueError):
            text = f"operation {rank} of the patch cannot be applied to this resource: its op, its path or its value"
            raise BadPatch(text) from None
    if not isinstance(patched, dict):
        raise BadPatch("a patch leaves a resource")
    return patched


def _readable(operation: Json, resource: Mapping[str, Any]) -> Json:
    matched = _PUBLISHED.fullmatch(str(operation.get("path", "")))
    if matched is None:
        return operation
    url, inside = matched.groups()
    rank = _rank(resource, url)
    value = operation.get("value")
    if rank is None:
        return {"op": "add", **_appended(resource, "extension", {"url": url, "valueBoolean": value})}
    return {**operation, "path": f"/extension/{rank}{inside or ''}"}


def _of_fhirpath(kind: str, path: str, name: Any, value: Any, resource: Mapping[str, Any]) -> Json:
    if path == "DocumentReference.status" and kind == "replace":
        return {"op": "replace", "path": "/status", "value": _value(value)}
    if path == "DocumentReference" and kind == "add" and name == "securityLabel":
        return {"op": "add", **_appended(resource, "securityLabel", _value(value))}
    if path == "DocumentReference" and kind == "add" and name == "extension":
        return {"op": "add", **_appended(resource, "extension", _parts(value))}
    if path == "DocumentReference.securityLabel" and kind == "insert":
        raise ForeignPath
    label = _INDEXED.fullmatch(path)
    rank = int(label[1]) if label else _rank_of_label(resource, _LABEL_OF_CODE.fullmatch(path))
    if rank is not None:
        where = {"path": f"/securityLabel/{rank}"}
        return {"op": "remove", **where} if kind == "delete" else {"op": "replace", **where, "value": _value(value)}
    extension = _EXTENSION.fullmatch(path)
    if extension is None or extension[1] != IS_ARCHIVED:
        raise ForeignPath
    found = _rank(resource, extension[1])
    if found is None:
        raise BadPatch("the document has no extension isArchived: add one")
    inside = "/valueBoolean" if extension[2] and kind != "delete" else ""
    where = {"path": f"/extension/{found}{inside}"}
    return {"op": "remove", **where} if kind == "delete" else {"op": "replace", **where, "value": _value(value)}


def _of_xml(one: Any) -> Json:
    select, tag = one.get("sel", ""), one.tag
    label = _XML_LABEL.fullmatch(select)
    if tag == "replace" and select in _XML_STATUS:
        return {"op": "replace", "path": "/status", "value": (one.text or "").strip()}
    if tag == "remove" and label:
        return {"op": "remove", "path": f"/securityLabel/{int(label[1]) - 1}"}
    if tag == "add" and select.removeprefix("/") == "f:DocumentReference" and len(one) == 1:
        return {"op": "add", "path": "/securityLabel/-", "value": _concept(one[0])}
    raise ForeignPath


def _concept(element: Any) -> Json:
    """The CodeableConcept of an element of FHIR XML, as far as a code of visibility needs it."""
    if element.tag.rpartition("}")[2] != "securityLabel":
        raise ForeignPath
    return {
        "coding": [{child.tag.rpartition("}")[2]: child.get("value", "") for child in coding} for coding in element]
    }


def _appended(resource: Mapping[str, Any], name: str, value: Any) -> Json:
    """Where a member of a list goes, whether the list is there or not."""
    return {"path": f"/{name}/-", "value": value} if resource.get(name) else {"path": f"/{name}", "value": [value]}


def _rank(resource: Mapping[str, Any], url: str) -> int | None:
    return next((rank for rank, one in enumerate(resource.get("extension", ())) if one.get("url") == url), None)


def _rank_of_label(resource: Mapping[str, Any], matched: re.Match[str] | None) -> int | None:
    if matched is None:
        return None
    for rank, label in enumerate(resource.get("securityLabel", ())):
        if any(coding.get("code") == matched[1] for coding in label.get("coding", ())):
            return rank
    raise BadPatch("the document has no such securityLabel")


def _value(part: Any) -> Any:
    """The one value[x] of a part."""
    if not isinstance(part, dict):
        return None
    return next((value for name, value in part.items() if name.startswith("value")), None)


def _parts(part: Any) -> Json:
    """An extension spelled by parts: its url and its value."""
    return dict(_members(part))


def _members(part: Any) -> Iterator[tuple[str, Any]]:
    for one in part.get("part", ()) if isinstance(part, dict) else ():
        for name, value in one.items():
            if name.startswith("value"):
                yield ("url", value) if one.get("name") == "url" else (name, value)
