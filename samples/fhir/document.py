"""A document in FHIR: the French patient summary of a submission's first document (FHIR R4 §3.3; ANS document core).

Invented like the submission; its sections say no more than that they are there.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from samples.submission import Submission
from xds.mhd.identifiers import write_cx, write_unique_id
from xds.mhd.patients import write_source_patient
from xds.mhd.people import write_organization, write_person
from xds.mhd.values import write_concept, write_time

Json = dict[str, Any]
FRENCH_DOCUMENT: Final = "https://interop.esante.gouv.fr/ig/document/core/StructureDefinition/fr-bundle-document"
_LOINC: Final = "http://loinc.org"
_SUMMARY: Final[Json] = {"coding": [{"system": _LOINC, "code": "60591-5", "display": "Synthèse patient"}]}
_SECTIONS: Final = (
    ("Allergies et intolérances", "48765-2", "Aucune allergie connue."),
    ("Problèmes", "11450-4", "Asthme depuis 2011."),
    ("Traitements", "10160-0", "Salbutamol à la demande."),
)


def french_summary(submission: Submission) -> Json:
    """The Bundle; each call makes addresses and ids of its own."""
    entry, (author, *_) = submission.entries[0], submission.entries[0].authors
    patient = {**write_source_patient("", entry.source_patient_info), "resourceType": "Patient"}
    patient.pop("extension", None)
    patient["identifier"] = [write_cx(entry.patient_id)]
    found = {
        "Patient": patient,
        "Practitioner": dict(write_person(author.person or "")),
        "Organization": dict(write_organization(author.institutions[0])),
        "Condition": {
            "resourceType": "Condition",
            "subject": {},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "J45.9", "display": "Asthme"}]},
        },
    }
    urls = {name: f"urn:uuid:{uuid.uuid4()}" for name in ("Composition", "PractitionerRole", *found)}
    found["Condition"]["subject"] = {"reference": urls["Patient"]}
    found["PractitionerRole"] = {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": urls["Practitioner"]},
        "organization": {"reference": urls["Organization"]},
    }
    composition: Json = {
        "resourceType": "Composition",
        "language": entry.language_code,
        "status": "final",
        "type": _SUMMARY,
        "category": [write_concept(entry.class_code)] if entry.class_code is not None else [],
        "subject": {"reference": urls["Patient"]},
        "author": [{"reference": urls["PractitionerRole"]}],
        "title": "Synthèse patient",
        "confidentiality": "N",
        "custodian": {"reference": urls["Organization"]},
        "section": [_section(title, code, text) for title, code, text in _SECTIONS],
    }
    write_time(composition, "date", entry.creation_time, instant=True)
    composition["section"][1]["entry"] = [{"reference": urls["Condition"]}]
    resources = {"Composition": composition, **found}
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [FRENCH_DOCUMENT]},
        "identifier": write_unique_id(f"2.25.{uuid.uuid4().int}"),
        "type": "document",
        "timestamp": composition["date"],
        "entry": [{"fullUrl": urls[name], "resource": resource} for name, resource in resources.items()],
    }


def _section(title: str, code: str, text: str) -> Json:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{text}</div>'
    return {
        "title": title,
        "code": {"coding": [{"system": _LOINC, "code": code}]},
        "text": {"status": "generated", "div": div},
    }
