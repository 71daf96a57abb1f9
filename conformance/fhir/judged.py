"""What a resource of MHD is judged by: the reader, the profile, the rules on metadata, its documents (IHE MHD 4.2.4).

The same as at the ingest door, without the door: who sends, which record, which signature are not asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from conformance.checks.metadata import check_metadata
from conformance.fhir.completion import check_fhir_documents, completed
from conformance.fhir.leniency import UNSIGNED, is_signed
from profiles.codes import load_domain
from profiles.fhir.requirements import COMPREHENSIVE, MINIMAL, SIMPLIFIED, profile_of
from security.strict_json import write_json
from xds.errors import RegistryError, Severity, disagreement
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import fresh_uuid
from xds.mhd.constants import OID
from xds.mhd.contents import read_published
from xds.mhd.document_reference_reader import ReadDocument, read_document_reference
from xds.mhd.element import Element, Json
from xds.mhd.full_url import A_UUID, lacks_uuid
from xds.mhd.lot import Lot, read_lot
from xds.mhd.notes import Notes
from xds.mhd.relations import read_associations
from xds.mhd.requirements import check_profile, missing
from xds.mhd.transaction import EntryKind, profiles_of

AUTHOR_ORG: Final = "FHIR-AUTHOR-ORG"
SAME_HASH: Final = "FHIR-SAME-HASH"
_OID: Final = "2.25.1"
"""The uniqueId of a lot that is not kept, where nothing else is told."""
_NOBODY: Final = f"0^^^&{_OID}&ISO^NH"
_SECTOR: Final = Code("SA01", "1.2.250.1.71.4.2.4", "SA01")
_OF_A_LOT: Final = frozenset(("O12", "DOCUMENT", "D-080", "D-081-R", "D-081-V", "D-082", "D-083"))
"""Rules on what is deposited, which is not what is found."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A document that came with its metadata; `path` is where its bytes stand, or the Bundle that it is."""

    path: str
    entry: DocumentEntry
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was found: `errors` are what no interface admits, or by the rows of deviations only a lenient one.

    `deviations` were found in reading. `places` map ids to FHIRPaths (`xds.mhd.outcome`).
    """

    errors: tuple[RegistryError, ...]
    deviations: tuple[RegistryError, ...]
    places: dict[str, str]
    documents: tuple[Carried, ...] = ()


def judge_lot(bundle: Json) -> Judged:
    """A transaction that provides documents (ITI-65)."""
    lot = read_lot(bundle, spell=write_json, new_oid=lambda: _OID)
    request = _completed(lot.request) if lot.profile == MINIMAL else lot.request
    deviations = [*lot.deviations]
    the_set = request.submission_set
    places = dict(lot.places)
    if the_set is not None and not any(author.institutions for author in the_set.authors):
        path = f"{places.get(the_set.entry_uuid, 'Bundle')}.source"
        deviations.append(disagreement(AUTHOR_ORG, path, "no structure", "the structure of the token"))
    if not is_signed(request):
        deviations.append(disagreement(UNSIGNED, "Bundle", "no document that signs", "a signature of the lot"))
    return Judged(
        errors=tuple(_errors(request, places)),
        deviations=tuple(deviations),
        places=places,
        documents=tuple(_carried(lot, request)),
    )


def judge_document(resource: Json) -> Judged:
    """One document in its resource (ITI-105); the door makes its lot, of which nothing is judged.

    Such a lot is not signed, which only a lenient interface admits: told as a warning, nobody can mend it here.
    """
    notes = Notes()
    element = Element(resource, "DocumentReference", notes)
    document = read_document_reference(element, entry_uuid=fresh_uuid(), alone=True)
    check_profile(element, SIMPLIFIED)
    _check_current(document, element)
    content = read_published(document)
    if content is None:
        # What its header would say is not there either: one fault is told once.
        faults = tuple(dict.fromkeys(notes.faults))
        told = {one.location for one in faults}
        deviations = (one for one in dict.fromkeys(notes.deviations) if one.location not in told)
        return Judged(errors=faults, deviations=tuple(deviations), places={})
    entry = completed(document.entry, content)
    contents = {entry.entry_uuid: content}
    related = tuple(read_associations(document, {}, notes, fresh_uuid))
    request = lot_of((entry,), contents, (association for association, _ in related))
    places = {entry.entry_uuid: element.path, entry.unique_id: element.path}
    places |= {association.entry_uuid: path for association, path in related}
    request = replace(request, errors=tuple(dict.fromkeys(notes.faults)))
    errors = [one for one in _errors(request, places) if "RegistryPackage" not in one.location]
    unsigned = disagreement(UNSIGNED, element.path, "a document alone", "a lot that is signed, by ITI-65")
    return Judged(
        errors=(*errors, replace(unsigned, severity=Severity.WARNING)),
        deviations=tuple(dict.fromkeys(notes.deviations)),
        places=places,
        documents=(Carried(f"{element.path}.content[0].attachment.data", entry, content),),
    )


def judge_searchset(bundle: Json) -> Judged:
    """What a search of documents answers (ITI-67): each DocumentReference, and what they say together."""
    notes = Notes()
    documents = [
        _found(resource, entry, notes)
        for entry in Element(bundle, "Bundle", notes).children("entry")
        if (resource := entry.child("resource")) is not None
        and resource.content.get("resourceType") != "OperationOutcome"
    ]
    read = [one for one in documents if one is not None]
    request = lot_of((one.entry for one in read), {}, ())
    places = {one.entry.entry_uuid: one.path for one in read}
    request = replace(request, errors=tuple(dict.fromkeys(notes.faults)))
    errors = [one for one in _errors(request, places) if _is_of_what_is_found(one)]
    return Judged(
        errors=(*errors, *_same_hashes(read)), deviations=tuple(dict.fromkeys(notes.deviations)), places=places
    )


def _found(resource: Element, entry: Element, notes: Notes) -> ReadDocument | None:
    name = str(resource.content.get("resourceType", ""))
    if name != "DocumentReference":
        notes.fault("FHIR-BUNDLE", resource.path, name, "a DocumentReference")
        return None
    check_profile(resource, profile_of(profiles_of(dict(resource.content))) or COMPREHENSIVE)
    document = read_document_reference(resource, entry_uuid=fresh_uuid(), alone=True)
    full_url = entry.text("fullUrl")
    if not full_url:
        notes.fault("FHIR-BUNDLE", entry.at("fullUrl"), "nothing", "the address of the resource")
    elif lacks_uuid(full_url):
        notes.fault("FHIR-BUNDLE", entry.at("fullUrl"), full_url, A_UUID)
    return document


def _check_current(document: ReadDocument, element: Element) -> None:
    if document.entry.availability_status is not AvailabilityStatus.APPROVED:
        expected = "current: a document is registered so"
        element.notes.fault("O12", element.at("status"), element.text("status"), expected)


def _errors(request: ProvideAndRegisterRequest, places: dict[str, str]) -> Iterator[RegistryError]:
    yield from request.errors
    yield from missing(request, places)
    yield from check_fhir_documents(request, places)
    yield from check_metadata(_resolved(request), load_domain())


def _resolved(request: ProvideAndRegisterRequest) -> ProvideAndRegisterRequest:
    """What a lot names by its uniqueId has a UUID in a registry, which no lot knows."""
    associations = (
        replace(one, target=fresh_uuid()) if one.target.startswith(OID) else one for one in request.associations
    )
    return replace(request, associations=tuple(associations))


def _completed(request: ProvideAndRegisterRequest) -> ProvideAndRegisterRequest:
    entries = (
        completed(entry, request.documents[entry.entry_uuid]) if entry.entry_uuid in request.documents else entry
        for entry in request.entries
    )
    return replace(request, entries=tuple(entries))


def _carried(lot: Lot, request: ProvideAndRegisterRequest) -> Iterator[Carried]:
    """The documents but that which signs: it is none that a profile judges."""
    signing = {one.source for one in request.associations if one.association_type is AssociationType.SIGNS}
    places = {
        identifier: entry.resource.at("data") if entry.kind is EntryKind.CONTENT else entry.resource.path
        for entry, identifier in zip(lot.transaction.entries, lot.ids, strict=True)
        if entry.kind in (EntryKind.CONTENT, EntryKind.FHIR_DOCUMENT)
    }
    for entry in request.entries:
        content = request.documents.get(entry.entry_uuid)
        if content is not None and entry.entry_uuid not in signing:
            inside = f"{lot.places[entry.entry_uuid]}.content[0].attachment.data"
            yield Carried(places.get(entry.entry_uuid, inside), entry, content)


def lot_of(
    entries: Iterable[DocumentEntry], contents: dict[str, bytes], related: Iterable[Association]
) -> ProvideAndRegisterRequest:
    """Entries as a lot that says nothing of itself."""
    entries = tuple(entries)
    the_set = SubmissionSet(
        entry_uuid=fresh_uuid(),
        unique_id=_OID,
        patient_id=next((one.patient_id for one in entries if one.patient_id), _NOBODY),
        source_id=_OID,
        submission_time=format_dtm(datetime.now(UTC)),
        content_type_code=_SECTOR,
    )
    members = (
        Association(
            entry_uuid=fresh_uuid(),
            association_type=AssociationType.HAS_MEMBER,
            source=the_set.entry_uuid,
            target=entry.entry_uuid,
            submission_set_status="Original",
        )
        for entry in entries
    )
    return ProvideAndRegisterRequest(
        submission_set=the_set, entries=entries, associations=(*members, *related), documents=contents
    )


def _is_of_what_is_found(error: RegistryError) -> bool:
    return error.rule not in _OF_A_LOT and "RegistryPackage" not in error.location


def _same_hashes(documents: Iterable[ReadDocument]) -> Iterator[RegistryError]:
    first: dict[str, int] = {}
    for one in documents:
        digest, size = one.entry.hash, one.entry.size
        if digest and size is not None and first.setdefault(digest, size) != size:
            path = f"{one.path}.content[0].attachment.hash"
            expected = f"the hash of {size} bytes, not of the {first[digest]} of another document"
            yield disagreement(SAME_HASH, path, "the hash of a document of another size", expected)
