"""DocumentEntry as a DocumentReference (IHE MHD 4.2.4 §3:4.5.1.1; PDSm 3.1.1; DMP draft 0.1.0)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from xds.metadata.association import AssociationType
from xds.metadata.document_entry import STABLE, DocumentEntry
from xds.mhd import constants as c
from xds.mhd.authors import write_authenticator, write_author
from xds.mhd.identifiers import write_cx, write_reference_id, write_unique_id
from xds.mhd.moving import IdPolicy, Moving, complete
from xds.mhd.patients import write_source_patient
from xds.mhd.people import write_organization
from xds.mhd.values import (
    flag_extension,
    kept,
    text_extension,
    write_coding,
    write_concept,
    write_hash,
    write_time,
)

Json = dict[str, Any]
XDS_XML: Final = "text/xml"
FHIR_XML: Final = "application/xml"
"""How the draft of the DMP calls what XDS calls `text/xml`."""
FORM: Final = 1
"""The form of what lasts: the next number when the same entry is written in another way, which kept ones are not."""


def resource_id(entry: DocumentEntry, policy: IdPolicy = IdPolicy.LID) -> str:
    """The id of the resource of an entry: a UUID without its urn; a symbolic id gives none."""
    return _moving(entry, id_policy=policy).resource_id


def write_document_reference(
    entry: DocumentEntry,
    *,
    url: str | None = None,
    relates_to: Iterable[tuple[AssociationType, str]] = (),
    custodian: str | None = None,
    last_updated: datetime | None = None,
    id_policy: IdPolicy = IdPolicy.LID,
) -> Json:
    """Spell an entry as a resource; what it shares with others is never to be changed in place.

    Ids, version and status are those of the entry; for the rest of what moves see `Moving`. `custodian` (XON) is the
    first institution of the first author when left out. Nothing of the entry is lost (`read_document_reference`).
    """
    moving = _moving(entry, url=url, relates_to=relates_to, last_updated=last_updated, id_policy=id_policy)
    return complete(write_lasting(entry, custodian=custodian), moving)


def write_lasting(entry: DocumentEntry, *, custodian: str | None = None) -> Json:
    """What the resource of an entry says as long as its metadata stay: all but what is `Moving`."""
    resource: Json = {}
    contained: list[Json] = []
    _add_identity(resource, entry)
    _add_people(resource, contained, entry, custodian)
    if entry.comments is not None:
        resource["description"] = entry.comments
    if entry.confidentiality_codes:
        resource["securityLabel"] = [write_concept(code) for code in entry.confidentiality_codes]
    resource["content"] = [_content(entry)]
    context = _context(entry, contained)
    if context:
        resource["context"] = context
    if contained:
        resource["contained"] = contained
    return resource


def _moving(entry: DocumentEntry, **beside: Any) -> Moving:
    return Moving(
        entry_uuid=entry.entry_uuid,
        logical_id=entry.logical_id,
        version=entry.version,
        status=entry.availability_status,
        **beside,
    )


def media_type_of(mime_type: str) -> str:
    """The contentType of a mimeType."""
    return FHIR_XML if mime_type == XDS_XML else mime_type


def _add_identity(resource: Json, entry: DocumentEntry) -> None:
    extensions = list(_extensions(entry))
    if extensions:
        resource["extension"] = extensions
    if entry.unique_id:
        resource["masterIdentifier"] = write_unique_id(entry.unique_id)
    if entry.type_code:
        resource["type"] = write_concept(entry.type_code)
    if entry.class_code:
        resource["category"] = [write_concept(entry.class_code)]
    if entry.patient_id:
        resource["subject"] = {"identifier": write_cx(entry.patient_id)}
    write_time(resource, "date", entry.creation_time, instant=True)


def _extensions(entry: DocumentEntry) -> Iterable[Json]:
    if entry.object_type != STABLE:
        yield text_extension(c.OBJECT_TYPE, entry.object_type)
    if entry.limited_metadata:
        yield flag_extension(c.LIMITED)
    for url, text in ((c.HOME, entry.home_community_id), (c.AVAILABILITY, entry.document_availability)):
        if text is not None:
            yield text_extension(url, text)
    yield from slot_extensions(entry.extra)


def slot_extensions(extra: Iterable[tuple[str, tuple[str, ...]]]) -> Iterable[Json]:
    """The slots of extra metadata, each an extension of its own."""
    for name, values in extra:
        inside = [text_extension("name", name), *(text_extension("value", value) for value in values)]
        yield {"url": c.SLOT, "extension": inside}


def _add_people(resource: Json, contained: list[Json], entry: DocumentEntry, custodian: str | None) -> None:
    references = []
    for rank, author in enumerate(entry.authors, start=1):
        resources, reference = write_author(author, f"author-{rank}")
        contained += resources
        references.append(reference)
    if references:
        resource["author"] = references
    if entry.legal_authenticator is not None:
        contained.append(write_authenticator(entry.legal_authenticator, "authenticator"))
        resource["authenticator"] = {"reference": "#authenticator"}
    keeper = custodian or next((one for author in entry.authors for one in author.institutions), None)
    if keeper:
        contained.append({**write_organization(keeper), "id": "custodian"})
        resource["custodian"] = {"reference": "#custodian"}


def _content(entry: DocumentEntry) -> Json:
    content: Json = {"attachment": _attachment(entry)}
    return {**content, "format": write_coding(entry.format_code)} if entry.format_code else content


def _attachment(entry: DocumentEntry) -> Json:
    attachment: Json = {}
    beside = ((c.REPOSITORY, entry.repository_unique_id), (c.XDS_URI, entry.uri))
    extensions = [text_extension(address, text) for address, text in beside if text is not None]
    if entry.mime_type == FHIR_XML:
        extensions.append(kept(entry.mime_type))
    if extensions:
        attachment["extension"] = extensions
    values = (
        ("contentType", media_type_of(entry.mime_type)),
        ("language", entry.language_code),
        ("size", entry.size),
    )
    attachment |= {name: value for name, value in values if value not in ("", None)}
    write_hash(attachment, entry.hash)
    if entry.title is not None:
        attachment["title"] = entry.title
    write_time(attachment, "creation", entry.creation_time)
    return attachment


def _context(entry: DocumentEntry, contained: list[Json]) -> Json:
    context: Json = {}
    if entry.event_codes:
        context["event"] = [write_concept(code) for code in entry.event_codes]
    period: Json = {}
    write_time(period, "start", entry.service_start_time)
    write_time(period, "end", entry.service_stop_time)
    if period:
        context["period"] = period
    if entry.healthcare_facility_type_code:
        context["facilityType"] = write_concept(entry.healthcare_facility_type_code)
    if entry.practice_setting_code:
        context["practiceSetting"] = write_concept(entry.practice_setting_code)
    if entry.source_patient_id or entry.source_patient_info:
        patient = write_source_patient(entry.source_patient_id, entry.source_patient_info)
        contained.append({**patient, "id": "patient"})
        context["sourcePatientInfo"] = {"reference": "#patient"}
    if entry.reference_ids:
        context["related"] = [write_reference_id(text) for text in entry.reference_ids]
    return context
