"""Is a Bundle a document? Its form, and where the references inside it lead (FHIR R4 §3.3, §2.36, §2.42).

Every fault is told; nothing that a reference names elsewhere is fetched.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from xds.errors import RegistryError, Severity, disagreement
from xds.mhd.element import Json
from xds.mhd.full_url import A_UUID, lacks_uuid

FORM: Final = "FHIR-DOCUMENT"
SECTION: Final = "FHIR-SECTION"
REFERENCE: Final = "FHIR-REFERENCE"
OUTSIDE: Final = "FHIR-OUTSIDE"
ORPHAN: Final = "FHIR-ORPHAN"
_OF_OTHERS: Final = ("request", "response", "search")
"""Members of an entry that other types of Bundle have (bdl-2, bdl-3, bdl-4)."""
_FIRST: Final = "Bundle.entry[0].resource"
_MUST_BE_INSIDE = re.compile(
    r"(?:subject|encounter|custodian|author\[\d+\]|attester\[\d+\]\.party|event\[\d+\]\.detail\[\d+\]"
    r"|(?:section\[\d+\]\.)+(?:author\[\d+\]|focus|entry\[\d+\]))"
)
"""What a Composition refers to and a document must hold (FHIR R4 §3.3.1)."""
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_VERSION = re.compile(r"/_history/[A-Za-z0-9\-.]{1,64}$")
_RESTFUL = re.compile(r"(?P<root>https?://.*/)(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})")
_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry with a resource: its rank in the Bundle, its fullUrl, the resource."""

    rank: int
    url: str
    resource: Json

    @property
    def path(self) -> str:
        return f"Bundle.entry[{self.rank}].resource"


def check_document_bundle(bundle: Json) -> Iterator[RegistryError]:
    """What keeps a Bundle of FHIR R4 from being a document, warnings too: form, sections, references, orphans."""
    yield from _head(bundle)
    listed = [one for one in bundle.get("entry") or () if isinstance(one, dict)]
    entries = [
        _Entry(rank, str(one.get("fullUrl") or ""), one["resource"])
        for rank, one in enumerate(listed)
        if isinstance(one.get("resource"), dict)
    ]
    yield from _form(listed)
    if entries and entries[0].rank == 0 and _is_composition(entries[0]):
        for rank, section in enumerate(_lists(entries[0].resource, "section")):
            yield from _section(section, f"{_FIRST}.section[{rank}]")
    yield from _references(entries)


def _head(bundle: Json) -> Iterator[RegistryError]:
    identifier = bundle.get("identifier")
    for name in ("system", "value"):
        if not isinstance(identifier, dict) or not identifier.get(name):
            yield disagreement(FORM, "Bundle.identifier", "nothing", f"an identifier with its {name}")
            break
    if not bundle.get("timestamp"):
        yield disagreement(FORM, "Bundle.timestamp", "nothing", "when the document was put together")
    if "total" in bundle:
        yield disagreement(FORM, "Bundle.total", "a total", "none: a document is not found, it is made")


def _form(listed: list[Json]) -> Iterator[RegistryError]:
    first = listed[0].get("resource") if listed else None
    name = str(first.get("resourceType")) if isinstance(first, dict) else "nothing"
    if name != "Composition":
        yield disagreement(FORM, _FIRST if first else "Bundle.entry", name, "a Composition, first of all entries")
    seen: set[tuple[str, str]] = set()
    for rank, entry in enumerate(listed):
        path, resource = f"Bundle.entry[{rank}]", entry.get("resource")
        for one in _OF_OTHERS:
            if one in entry:
                yield disagreement(FORM, f"{path}.{one}", one, f"no {one} in a document")
        if not isinstance(resource, dict):
            yield disagreement(FORM, f"{path}.resource", "nothing", "a resource")
            continue
        yield from _address(str(entry.get("fullUrl") or ""), resource, f"{path}.fullUrl", seen)


def _address(url: str, resource: Json, path: str, seen: set[tuple[str, str]]) -> Iterator[RegistryError]:
    """What is wrong with the fullUrl of an entry (bdl-7, bdl-8; FHIR R4 §2.36.4)."""
    if not _ABSOLUTE.match(url):
        yield disagreement(FORM, path, url or "nothing", "the absolute address of the resource, or urn:uuid:")
        return
    if lacks_uuid(url):
        yield disagreement(FORM, path, url, A_UUID)
    if "/_history/" in url:
        yield disagreement(FORM, path, url, "an address without version")
    meta = resource.get("meta")
    version = str(meta.get("versionId", "")) if isinstance(meta, dict) else ""
    if (url, version) in seen:
        yield disagreement(FORM, path, url, "each fullUrl once")
    seen.add((url, version))
    restful, identifier = _RESTFUL.fullmatch(url), resource.get("id")
    named = f"{resource.get('resourceType')}/{identifier}"
    if restful is not None and identifier and f"{restful['type']}/{restful['id']}" != named:
        yield disagreement(FORM, path, url, f"an address that ends as the resource is called: {named}")


def _section(section: Json, path: str) -> Iterator[RegistryError]:
    """A section says something, or says why it is empty (cmp-1, cmp-2)."""
    nested = _lists(section, "section")
    if not section.get("text") and not section.get("entry") and not nested:
        yield disagreement(SECTION, path, "a section without content", "a text, entries or sections")
    if section.get("emptyReason") and section.get("entry"):
        yield disagreement(SECTION, f"{path}.emptyReason", "entries beside it", "no reason to be empty, or no entry")
    for rank, one in enumerate(nested):
        yield from _section(one, f"{path}.section[{rank}]")


def _references(entries: list[_Entry]) -> Iterator[RegistryError]:
    known = {one.url: one for one in reversed(entries) if one.url}
    led: dict[int, set[int]] = {one.rank: set() for one in entries}
    for entry in entries:
        contained = {str(one.get("id")) for one in _lists(entry.resource, "contained")}
        for path, literal in _literals(entry.resource, entry.path):
            if literal.startswith("#"):
                if literal != "#" and literal[1:] not in contained:
                    yield disagreement(REFERENCE, path, literal, "a resource contained in the same one")
                continue
            found = known.get(_target(literal, entry))
            if found is not None:
                led[entry.rank].add(found.rank)
            else:
                yield _nowhere(literal, entry, path)
    met = _met(entries, led)
    for entry in entries:
        if entry.rank not in met and entry.resource.get("resourceType") != "Binary":
            alone = f"a {entry.resource.get('resourceType')} that nothing refers to"
            yield _warning(ORPHAN, entry.path, alone, "what the Composition refers to, directly or not")


def _nowhere(literal: str, entry: _Entry, path: str) -> RegistryError:
    """A reference that leads out of the document: wrong where nobody could follow it, or where a document holds it."""
    relative = _RELATIVE.fullmatch(_VERSION.sub("", literal))
    restful = _RESTFUL.fullmatch(_VERSION.sub("", literal)) or (relative and _RESTFUL.fullmatch(entry.url))
    within = path.removeprefix(f"{entry.path}.")
    shown = literal.partition("?")[0]
    if _is_composition(entry) and entry.rank == 0 and _MUST_BE_INSIDE.fullmatch(within):
        return disagreement(REFERENCE, path, shown, "an entry of the document, by its fullUrl, or an identifier")
    if restful is not None and "?" not in literal:
        return _warning(OUTSIDE, path, shown, "an entry of the document")
    expected = "an entry of the document, by its fullUrl"
    if relative is not None:
        expected += ": a relative reference has no root beside a fullUrl that is a urn"
    return disagreement(REFERENCE, path, shown, expected)


def _target(literal: str, entry: _Entry) -> str:
    """The fullUrl that a reference means (FHIR R4 §2.36.4.1)."""
    literal = _VERSION.sub("", literal.partition("#")[0])
    if _RELATIVE.fullmatch(literal):
        restful = _RESTFUL.fullmatch(entry.url)
        return restful["root"] + literal if restful is not None else ""
    return literal


def _met(entries: list[_Entry], led: dict[int, set[int]]) -> set[int]:
    """The ranks of what the Composition leads to; a Provenance of something in the document belongs to it."""
    waiting = deque(one.rank for one in entries[:1])
    waiting += (one.rank for one in entries if one.resource.get("resourceType") == "Provenance" and led[one.rank])
    met: set[int] = set()
    while waiting:
        rank = waiting.popleft()
        if rank not in met:
            met.add(rank)
            waiting += led[rank]
    return met


def _literals(resource: Json, path: str) -> Iterator[tuple[str, str]]:
    """Every literal reference of a resource, of those contained in it too, by the FHIRPath of its Reference."""
    waiting: deque[tuple[str, Any]] = deque([(path, resource)])
    while waiting:
        at, value = waiting.popleft()
        if isinstance(value, list):
            waiting += ((f"{at}[{rank}]", one) for rank, one in enumerate(value))
        elif isinstance(value, dict):
            if value.get("resourceType") == "Bundle":
                continue
            literal = value.get("reference")
            if isinstance(literal, str):
                yield at, literal
            waiting += ((f"{at}.{name}", one) for name, one in value.items() if isinstance(one, dict | list))


def _lists(content: Json, name: str) -> list[Json]:
    values: Iterable[Any] = content.get(name) or ()
    return [one for one in values if isinstance(one, dict)]


def _is_composition(entry: _Entry) -> bool:
    return entry.resource.get("resourceType") == "Composition"


def _warning(rule: str, path: str, found: str, expected: str) -> RegistryError:
    return replace(disagreement(rule, path, found, expected), severity=Severity.WARNING)
