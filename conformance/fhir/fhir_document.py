"""A document in FHIR judged alone: is it a document, and does it say what a deposit would say of it (FHIR R4 §3.3).

Its Composition gives the metadata as at the ingest door; those that no Composition holds (formatCode, the kind of
place, the practice setting) are its sender's to say, and not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.checks.metadata import check_metadata
from conformance.fhir.document_bundle import check_document_bundle
from conformance.fhir.judged import Judged, lot_of
from profiles.codes import load_domain
from profiles.fhir.documents import FhirDocumentKind, kind_of
from xds.errors import RegistryError, Severity, disagreement
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.symbolic import fresh_uuid
from xds.mhd.composition import read_document
from xds.mhd.element import Element, Json
from xds.mhd.notes import Notes
from xds.mhd.transaction import profiles_of

_COMPOSITION: Final = "Bundle.entry[0].resource"
_PLACES: Final = {
    "uniqueId": "Bundle.identifier",
    "patientId": f"{_COMPOSITION}.subject",
    "sourcePatientId": f"{_COMPOSITION}.subject",
    "sourcePatientInfo": f"{_COMPOSITION}.subject",
    "languageCode": f"{_COMPOSITION}.language",
    "creationTime": f"{_COMPOSITION}.date",
    "typeCode": f"{_COMPOSITION}.type",
    "classCode": f"{_COMPOSITION}.category",
    "confidentialityCode": f"{_COMPOSITION}.confidentiality",
    "author": f"{_COMPOSITION}.author",
    "legalAuthenticator": f"{_COMPOSITION}.attester",
    "serviceStartTime": f"{_COMPOSITION}.event[0].period.start",
    "serviceStopTime": f"{_COMPOSITION}.event[0].period.end",
    "title": f"{_COMPOSITION}.title",
}
"""Where a document says what an attribute of XDS is made of."""
_LOCATION = re.compile(r"ExtrinsicObject\[[^]]*\]/@?(?P<attribute>[A-Za-z]+)")


def kind_of_document(bundle: Json) -> FhirDocumentKind:
    """Which document it says it is, whatever is wrong with it."""
    first = next(iter(Element(bundle, "Bundle", Notes()).children("entry")), None)
    resource = first.child("resource") if first is not None else None
    concept = resource.child("type") if resource is not None else None
    codes = [one.text("code") for one in concept.children("coding")] if concept is not None else []
    return kind_of(profiles_of(bundle), codes[0] if codes else "")


def judge_fhir_document(bundle: Json) -> Judged:
    """A Bundle of type `document`, with the rules on the metadata that its Composition gives."""
    errors = list(check_document_bundle(bundle))
    notes = Notes()
    document = read_document(bundle, fresh_uuid(), notes)
    if document is not None:
        errors += (one for one in notes.faults if _is_of_its_head(one))
        told = {one.location for one in errors}
        errors += (one for one in _missing(document.entry) if one.location not in told)
        errors += _of_metadata(document.entry)
    return Judged(errors=tuple(dict.fromkeys(errors)), deviations=(), places={})


def _is_of_its_head(fault: RegistryError) -> bool:
    """References are judged with all others, and what the resources beside the Composition say is their own matter."""
    inside = fault.location.startswith((f"{_COMPOSITION}.", "Bundle.identifier"))
    return inside and fault.rule != "FHIR-REFERENCE"


def _missing(entry: DocumentEntry) -> Iterator[RegistryError]:
    """What a deposit requires: the patient is the document's to say; the rest its sender can say in its place."""
    said = {
        "uniqueId": entry.unique_id,
        "patientId": entry.patient_id,
        "languageCode": entry.language_code,
        "classCode": entry.class_code,
        "confidentialityCode": entry.confidentiality_codes,
        "author": entry.authors,
    }
    for attribute, value in said.items():
        if value:
            continue
        error = disagreement("O1", _PLACES[attribute], "nothing", f"the required attribute {attribute}")
        required = attribute in ("uniqueId", "patientId")
        yield error if required else replace(error, severity=Severity.WARNING)


def _of_metadata(entry: DocumentEntry) -> Iterator[RegistryError]:
    for error in check_metadata(lot_of((entry,), {}, ()), load_domain()):
        matched = _LOCATION.match(error.location)
        attribute = matched["attribute"] if matched is not None else ""
        if attribute in _PLACES and _is_said(entry, attribute):
            yield replace(error, location=_PLACES[attribute])


def _is_said(entry: DocumentEntry, attribute: str) -> bool:
    """Whether the document says anything of it: what is absent is told once."""
    names = {"author": "authors", "confidentialityCode": "confidentiality_codes"}
    name = names.get(attribute) or re.sub("[A-Z]", lambda one: f"_{one[0].lower()}", attribute)
    return bool(getattr(entry, name))
