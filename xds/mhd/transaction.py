"""A Bundle transaction taken apart: its entries by kind, each allowed here or refused (IHE MHD 4.2.4 §2:3.65.4.1.2).

Only creations are taken, and the PATCH that supersedes a replaced document: conditions, other methods and other
resources would ask the registry about what it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xds.mhd.element import Element, Json
from xds.mhd.full_url import A_UUID, lacks_uuid
from xds.mhd.notes import Notes
from xds.mhd.submission_list import FOLDER, SUBMISSION_SET, list_type

FORBIDDEN: Final = "FHIR-FORBIDDEN"
_CONDITIONS: Final = ("ifNoneExist", "ifMatch", "ifModifiedSince", "ifNoneMatch")
_PEOPLE: Final = frozenset(("Device", "Organization", "Patient", "Practitioner", "PractitionerRole"))
_PATCHED = re.compile(r"DocumentReference(?:/[A-Za-z0-9\-.]{1,64}|\?identifier=[^&]+)")


class EntryKind(StrEnum):
    """What an entry of the Bundle is to the lot."""

    SUBMISSION_SET = "SubmissionSet"
    FOLDER = "Folder"
    DOCUMENT = "DocumentReference"
    CONTENT = "Binary"
    FHIR_DOCUMENT = "Bundle"
    PATCH = "Parameters"


@dataclass(frozen=True, slots=True)
class BundleEntry:
    """One entry: its kind, None when it is refused; its resource; `url` is that of its request."""

    kind: EntryKind | None
    full_url: str
    url: str
    resource: Element

    @property
    def id(self) -> str:
        """The symbolic id of what it spells."""
        return self.full_url or self.resource.path


@dataclass(frozen=True, slots=True)
class Transaction:
    """The entries, in order, and the last segments of the profiles that the Bundle claims."""

    entries: tuple[BundleEntry, ...]
    profiles: tuple[str, ...]

    def of(self, kind: EntryKind) -> tuple[BundleEntry, ...]:
        """The entries of a kind, in order."""
        return tuple(entry for entry in self.entries if entry.kind is kind)


def read_transaction(bundle: Json, notes: Notes) -> Transaction:
    """Take a Bundle apart; what may not be there is noted."""
    element = Element(bundle, "Bundle", notes)
    if element.text("type") != "transaction":
        notes.fault("FHIR-BUNDLE", "Bundle.type", str(bundle.get("type", "nothing")), "transaction")
    if bundle.get("signature"):
        expected = "no signature of a Bundle that is taken apart: sign the lot by a document of it"
        notes.deviation("FHIR-BUNDLE-SIGNATURE", "Bundle.signature", "a signature", expected)
    element.ignore("signature", "identifier", "timestamp", "total", "link")
    entries = tuple(_entry(one) for one in element.children("entry"))
    element.finish()
    seen: set[str] = set()
    for one in entries:
        if one.full_url and one.full_url in seen:
            notes.fault("FHIR-BUNDLE", f"{_entry_path(one)}.fullUrl", one.full_url, "each fullUrl once")
        seen.add(one.full_url)
    return Transaction(entries, tuple(profiles_of(bundle)))


def profiles_of(resource: Json) -> Iterable[str]:
    """The last segments of the profiles that a resource claims."""
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    return [str(one).rpartition("/")[2] for one in profiles] if isinstance(profiles, list) else []


def _entry(element: Element) -> BundleEntry:
    resource = element.child("resource") or Element({}, element.at("resource"), element.notes)
    request = element.child("request") or Element({}, element.at("request"), element.notes)
    full_url, method, url = element.text("fullUrl"), request.text("method"), request.text("url")
    for name in _CONDITIONS:
        if request.text(name):
            element.notes.fault(FORBIDDEN, request.at(name), name, "no condition: nothing is told of what there is")
    kind = _kind(resource, method, url, request)
    request.finish()
    element.finish()
    if lacks_uuid(full_url):
        element.notes.fault("FHIR-BUNDLE", element.at("fullUrl"), full_url, A_UUID)
    if kind is not EntryKind.PATCH and kind is not None and not full_url:
        element.notes.fault("FHIR-BUNDLE", element.at("fullUrl"), "nothing", "urn:uuid: and a UUID, to refer to it")
    return BundleEntry(kind, full_url, url, resource)


def _kind(resource: Element, method: str, url: str, request: Element) -> EntryKind | None:
    name = str(resource.content.get("resourceType", ""))
    if method == "PATCH":
        if name == EntryKind.PATCH and _PATCHED.fullmatch(url):
            return EntryKind.PATCH
        expected = "PATCH of a replaced DocumentReference, by a FHIRPath Patch (Parameters)"
        request.notes.fault(FORBIDDEN, request.path, f"PATCH {url}", expected)
        return None
    kind: EntryKind | None = None
    if name == "List":
        kinds = {SUBMISSION_SET: EntryKind.SUBMISSION_SET, FOLDER: EntryKind.FOLDER}
        kind = kinds.get(list_type(resource))
        if kind is None:
            expected = f"{SUBMISSION_SET} or {FOLDER}, of MHDlistTypes"
            resource.notes.fault("FHIR-BUNDLE", resource.at("code"), "another kind of List", expected)
            return None
    elif name in (EntryKind.DOCUMENT, EntryKind.CONTENT):
        kind = EntryKind(name)
    elif name == "Bundle" and resource.content.get("type") == "document":
        kind = EntryKind.FHIR_DOCUMENT
    if kind is None and not name:
        # A GET or a DELETE has no resource: what is wrong is what it asks for.
        expected = "POST of a List, a DocumentReference or a Binary, or PATCH of a replaced document"
        request.notes.fault(FORBIDDEN, request.path, f"{method} {url}".strip() or "nothing", expected)
    elif kind is None:
        expected = "a List, a DocumentReference, a Binary, or a Bundle that is a document"
        if name == "Provenance":
            expected = "no Provenance, which signs a spelling that is not kept: sign the lot by a document of it"
        elif name in _PEOPLE:
            expected = f"no {name} as an entry: contain it where it is named, or name it by its identifier"
        request.notes.fault(FORBIDDEN, resource.path, name or "nothing", expected)
    elif (method, url.strip("/")) != ("POST", name):
        request.notes.fault(FORBIDDEN, request.path, f"{method} {url}", f"POST {name}")
    return kind


def _entry_path(entry: BundleEntry) -> str:
    return entry.resource.path.removesuffix(".resource")
