"""DocumentReference read as a DocumentEntry and what goes with it (IHE MHD 4.2.4 §3:4.5.1.1; PDSm 3.1.1).

Nothing stops the reading: what is wrong is noted. Which attributes must be there is for `requirements`: a document may
tell itself what its resource leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import STABLE, AvailabilityStatus, DocumentEntry
from xds.metadata.symbolic import UUID_URN
from xds.mhd import constants as c
from xds.mhd.authors import read_authenticator, read_author, read_structure
from xds.mhd.document_reference import FHIR_XML, XDS_XML
from xds.mhd.element import Element
from xds.mhd.identifiers import read_reference_id, read_unique_id
from xds.mhd.notes import Notes
from xds.mhd.patients import read_source_patient
from xds.mhd.references import NOWHERE, References
from xds.mhd.subjects import read_subject
from xds.mhd.values import read_coding, read_concept, read_hash, read_time

_FIRST: Final = "1"


@dataclass(frozen=True, slots=True)
class Relation:
    """One item of `relatesTo`: its code, what it targets as sent, and where it stands.

    A target is the literal of a reference, or `urn:oid:…` of a document that is only identified.
    """

    code: str
    target: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """What a DocumentReference says: the entry, its relations, its keeper (XON), and where its bytes are.

    `data` is the base64 inside it, empty when the bytes are at `url`. `content_type` is as sent.
    """

    entry: DocumentEntry
    relations: tuple[Relation, ...]
    custodian: str
    url: str
    data: str = field(repr=False)
    content_type: str
    path: str
    notes: Notes = field(repr=False, compare=False)


def read_document_reference(
    resource: Element, *, entry_uuid: str = "", bundle: Mapping[str, Element] = NOWHERE, alone: bool = False
) -> ReadDocument:
    """Read one resource; what an element does not say is empty or None in the entry.

    `entry_uuid` is that of the entry unless an official identifier gives another one. `bundle` maps fullUrls to
    resources. `alone`: the resource came by itself, where a conditional reference has no meaning (FHIR R4 §3.1.0.11).
    """
    references = References(resource, bundle)
    official, logical = _read_ids(resource)
    content = _only(resource, "content")
    attachment = content.child("attachment") if content is not None else None
    attachment = attachment or Element({}, resource.at("content[0].attachment"), resource.notes)
    context = resource.child("context") or Element({}, resource.at("context"), resource.notes)
    creation_time = _creation_time(resource, attachment)
    authors, authenticator, custodian = _read_people(resource, references)
    source_patient_id, source_patient_info = _read_source_patient(context, references)
    period = context.child("period") or Element({}, context.at("period"), resource.notes)
    home, availability, object_type, extra = _read_own_extensions(resource)
    format_code = content.child("format") if content is not None else None
    master = resource.child("masterIdentifier")
    entry = DocumentEntry(
        entry_uuid=official or entry_uuid,
        logical_id=logical or None,
        unique_id=read_unique_id(master) if master is not None else "",
        object_type=object_type,
        patient_id=read_subject(resource, references, alone=alone),
        availability_status=_status(resource),
        limited_metadata=_flag(resource, c.LIMITED),
        home_community_id=home,
        document_availability=availability,
        version=_version(resource),
        creation_time=creation_time,
        authors=authors,
        legal_authenticator=authenticator,
        comments=resource.text("description") or None,
        type_code=_code(resource, "type"),
        class_code=_first_code(resource, "category"),
        confidentiality_codes=_codes(resource, "securityLabel"),
        format_code=read_coding(format_code) if format_code is not None else None,
        mime_type=_mime_type(attachment),
        language_code=attachment.text("language"),
        title=attachment.text("title") or None,
        hash=read_hash(attachment),
        size=attachment.number("size"),
        repository_unique_id=attachment.extension_text(c.REPOSITORY) or None,
        uri=attachment.extension_text(c.XDS_URI) or None,
        event_codes=_codes(context, "event"),
        service_start_time=read_time(period, "start") or None,
        service_stop_time=read_time(period, "end") or None,
        healthcare_facility_type_code=_code(context, "facilityType"),
        practice_setting_code=_code(context, "practiceSetting"),
        source_patient_id=source_patient_id,
        source_patient_info=source_patient_info,
        reference_ids=tuple(filter(None, map(read_reference_id, context.children("related")))),
        extra=extra,
    )
    read = ReadDocument(
        entry=entry,
        relations=_read_relations(resource),
        custodian=custodian,
        url=attachment.text("url"),
        data=attachment.text("data"),
        content_type=attachment.text("contentType"),
        path=resource.path,
        notes=resource.notes,
    )
    for element in (period, context, attachment, content, resource):
        if element is not None:
            element.finish()
    references.finish()
    return read


def _read_ids(resource: Element) -> tuple[str, str]:
    """The entryUUID (use official) and the logicalID (use secondary), each empty when it is not told."""
    found = {"official": "", "secondary": ""}
    for one in resource.children("identifier"):
        use, system, value = one.text("use"), one.text("system"), one.text("value")
        if use in found and system == c.URI and not found[use]:
            found[use] = value
        elif not value.startswith(UUID_URN):
            one.notes.deviation("FHIR-UNMAPPED", one.path, "an identifier", "an entryUUID or a logicalID (urn:uuid:)")
        one.ignore("type", "period", "assigner")
    return found["official"], found["secondary"]


def _creation_time(resource: Element, attachment: Element) -> str:
    date, creation = read_time(resource, "date"), read_time(attachment, "creation")
    shared = min(len(date), len(creation))
    if date[:shared] != creation[:shared]:
        expected = f"{creation}, as the creation of the attachment: date is when the document was made"
        resource.notes.deviation("FHIR-DATE", resource.at("date"), date, expected)
    return date or creation


def _read_people(resource: Element, references: References) -> tuple[tuple[Author, ...], str | None, str]:
    authors = [read_author(one, references) for one in resource.children("author")]
    authenticator, custodian = resource.child("authenticator"), resource.child("custodian")
    return (
        tuple(author for author in authors if author is not None),
        (read_authenticator(authenticator, references) or None) if authenticator is not None else None,
        read_structure(custodian, references) if custodian is not None else "",
    )


def _read_source_patient(context: Element, references: References) -> tuple[str, tuple[str, ...]]:
    reference = context.child("sourcePatientInfo")
    patient = references.resolve(reference) if reference is not None else None
    return read_source_patient(patient) if patient is not None else ("", ())


def _read_own_extensions(
    resource: Element,
) -> tuple[str | None, str | None, str, tuple[tuple[str, tuple[str, ...]], ...]]:
    home = resource.extension_text(c.HOME) or None
    availability = resource.extension_text(c.AVAILABILITY) or None
    object_type = resource.extension_text(c.OBJECT_TYPE) or STABLE
    return home, availability, object_type, read_slots(resource)


def read_slots(resource: Element) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The slots of extra metadata that a resource holds as extensions."""
    slots = []
    for one in resource.extensions(c.SLOT):
        parts = [(part.text("url"), part.text("valueString")) for part in one.children("extension")]
        name = next((text for url, text in parts if url == "name"), "")
        slots.append((name, tuple(text for url, text in parts if url == "value")))
    return tuple(slots)


def _status(resource: Element) -> AvailabilityStatus:
    archived = _flag(resource, c.IS_ARCHIVED)
    status = resource.text("status")
    found = c.STATUS_FROM_FHIR.get(status, AvailabilityStatus.APPROVED)
    if status not in c.STATUS_FROM_FHIR:
        expected = " or ".join(c.STATUS_FROM_FHIR)
        resource.notes.fault("O3", resource.at("status"), status or "nothing", expected)
    return AvailabilityStatus.ARCHIVED if archived and status == "current" else found


def _version(resource: Element) -> int:
    meta = resource.content.get("meta")
    version = meta.get("versionId", _FIRST) if isinstance(meta, dict) else _FIRST
    return int(version) if isinstance(version, str) and version.isascii() and version.isdigit() else 1


def _mime_type(attachment: Element) -> str:
    exact, found = attachment.kept(), attachment.text("contentType")
    if exact:
        if exact == found == FHIR_XML:
            return exact
        attachment.notes.fault("FHIR-KEPT", attachment.path, "a media type kept that is another", "the contentType")
    return XDS_XML if found == FHIR_XML else found


def _read_relations(resource: Element) -> tuple[Relation, ...]:
    relations = []
    for one in resource.children("relatesTo"):
        code, target = one.text("code"), one.child("target")
        literal = target.text("reference") if target is not None else ""
        identifier = target.child("identifier") if target is not None and not literal else None
        if identifier is not None:
            literal = f"{c.OID}{read_unique_id(identifier)}"
        if target is not None:
            target.ignore("display", "type", "identifier")
            target.finish()
        if not literal:
            one.notes.fault("FHIR-REFERENCE", one.at("target"), "nothing", "a reference to a DocumentReference")
        relations.append(Relation(code, literal, one.path))
        one.finish()
    return tuple(relations)


def _only(resource: Element, name: str) -> Element | None:
    found = resource.children(name)
    if len(found) > 1:
        resource.notes.fault("O2", resource.at(name), f"{len(found)} of them", "one")
    return found[0] if found else None


def _first_code(resource: Element, name: str) -> Code | None:
    found = _only(resource, name)
    return read_concept(found) if found is not None else None


def _code(element: Element, name: str) -> Code | None:
    found = element.child(name)
    return read_concept(found) if found is not None else None


def _codes(element: Element, name: str) -> tuple[Code, ...]:
    return tuple(code for code in map(read_concept, element.children(name)) if code is not None)


def _flag(resource: Element, url: str) -> bool:
    found = resource.extension(url)
    return found is not None and found.flag("valueBoolean")
