"""The metadata that a document in FHIR says of itself: its Bundle and its Composition (FHIR R4 §3.3; MHD 4.2.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from profiles.fhir.documents import FhirDocumentKind, kind_of
from xds.errors import RegistryError, XdsErrorCode
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.mhd.authors import read_authenticator, read_author
from xds.mhd.element import Element, Json
from xds.mhd.identifiers import read_unique_id
from xds.mhd.notes import Notes
from xds.mhd.patients import read_source_patient
from xds.mhd.references import References
from xds.mhd.subjects import read_subject, same_patient
from xds.mhd.transaction import profiles_of
from xds.mhd.values import read_concept, read_time

MIME_TYPE = "application/fhir+json"
_CONFIDENTIALITY = "2.16.840.1.113883.5.25"


@dataclass(frozen=True, slots=True)
class FhirDocument:
    """A document in FHIR: what it is, and the entry it says of itself, empty where it says nothing."""

    kind: FhirDocumentKind
    entry: DocumentEntry


def read_document(bundle: Json, entry_uuid: str, notes: Notes | None = None) -> FhirDocument | None:
    """Read the head of a document; None: it is no Bundle of type `document` that begins with a Composition.

    What is wrong in it goes to `notes`; without them nothing is noted: what a document says is its own matter.
    """
    element = Element(bundle, "Bundle", notes or Notes())
    entries = element.children("entry")
    first = entries[0].child("resource") if entries else None
    listed = [(one.text("fullUrl"), resource) for one in entries if (resource := one.child("resource")) is not None]
    resources = {url: resource for url, resource in listed if url}
    if bundle.get("type") != "document" or first is None or first.content.get("resourceType") != "Composition":
        return None
    references = References(first, resources | _by_relative_address(listed))
    identifier, concept = element.child("identifier"), first.child("type")
    type_code = read_concept(concept) if concept is not None else None
    categories = first.children("category")
    events = first.children("event")
    period = events[0].child("period") if events else None
    patient = references.resolve(subject) if (subject := first.child("subject")) is not None else None
    source_patient_id, source_patient_info = read_source_patient(patient) if patient is not None else ("", ())
    authors = [read_author(one, references) for one in first.children("author")]
    legal = next((one.child("party") for one in first.children("attester") if one.text("mode") == "legal"), None)
    confidentiality = first.text("confidentiality")
    entry = DocumentEntry(
        entry_uuid=entry_uuid,
        unique_id=read_unique_id(identifier) if identifier is not None else "",
        patient_id=read_subject(first, references),
        source_patient_id=source_patient_id,
        source_patient_info=source_patient_info,
        mime_type=MIME_TYPE,
        language_code=first.text("language") or element.text("language"),
        creation_time=read_time(first, "date"),
        type_code=type_code,
        class_code=read_concept(categories[0]) if categories else None,
        format_code=None,
        healthcare_facility_type_code=None,
        practice_setting_code=None,
        confidentiality_codes=(Code(confidentiality, _CONFIDENTIALITY, confidentiality),) if confidentiality else (),
        authors=tuple(author for author in authors if author is not None),
        legal_authenticator=(read_authenticator(legal, references) or None) if legal is not None else None,
        service_start_time=(read_time(period, "start") or None) if period is not None else None,
        service_stop_time=(read_time(period, "end") or None) if period is not None else None,
        title=first.text("title") or None,
    )
    return FhirDocument(kind_of(profiles_of(bundle), type_code.code if type_code is not None else ""), entry)


def check_composition(entry: DocumentEntry, document: FhirDocument, path: str) -> Iterator[RegistryError]:
    """What the metadata and the document say differently of each other; `path` is that of the attachment."""
    own = document.entry
    pairs = (
        ("uniqueId", not own.unique_id or own.unique_id == entry.unique_id),
        ("patientId", not own.patient_id or same_patient(own.patient_id, entry.patient_id)),
        ("typeCode", own.type_code is None or _same(own.type_code, entry.type_code)),
        ("creationTime", not own.creation_time or own.creation_time == entry.creation_time),
    )
    for attribute, agrees in pairs:
        if not agrees:
            text = f"{entry.unique_id}: the document ({document.kind.name_en}) and its metadata differ on {attribute}"
            yield RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, path, rule="FHIR-COMPOSITION")


def _by_relative_address(listed: Iterable[tuple[str, Element]]) -> dict[str, Element]:
    """References inside a document may be relative: `Patient/1`, by fullUrl or by id (FHIR R4 §2.36.4.1)."""
    found: dict[str, Element] = {}
    for url, one in listed:
        kind, identifier = one.content.get("resourceType"), one.content.get("id")
        if identifier:
            found[f"{kind}/{identifier}"] = one
        above, _, last = url.rpartition("/")
        if above.endswith(f"/{kind}"):
            found[f"{kind}/{last}"] = one
    return found


def _same(one: Code, other: Code | None) -> bool:
    return other is not None and one.same_concept(other)
