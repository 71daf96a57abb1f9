"""A chapter of the demonstration: a hospital deposits in FHIR, a doctor reads and masks in FHIR, under the same law."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story_step import Step, Told
from samples.client.fhir import FhirReply
from samples.documents.discharge_letter import discharge_letter
from samples.documents.patients import SamplePatient
from samples.fhir.bundle import write_lot
from samples.submission import build_submission
from xds.mhd.constants import OID

_MASK = {
    "system": "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument",
    "code": "MASQUE_PS",
}


def fhir_chapter(house: Rehearsal, patient: SamplePatient) -> Iterator[Step]:
    """`dr-essai` is authorised on the record."""
    content = discharge_letter(patient)
    signer = house.credential("chu-seine.sign")
    lot = build_submission([content], signer=signer, now=datetime.now(UTC), patient_id=patient.cx)
    unique_id = lot.unique_ids[0]
    with closing(house.fhir("chu-seine", patient.cx)) as hospital:
        bundle = write_lot(lot)
        yield _step(
            ("the hospital deposits a letter in FHIR (ITI-65)", "l'hôpital dépose une lettre en FHIR (ITI-65)"),
            "200",
            hospital.post("", bundle.resource),
        )
        yield _step(
            ("the same again is a duplicate", "la même une seconde fois est un doublon"),
            "409 XDSDuplicateUniqueIdInRegistry",
            hospital.post("", bundle.resource),
        )
        yield _step(
            ("the hospital cannot read in FHIR either", "l'hôpital ne lit pas non plus en FHIR"),
            "405 FHIR_FORBIDDEN",
            hospital.get("DocumentReference/1"),
        )
    asked = [("patient.identifier", _identifier(patient)), ("status", "current"), ("identifier", OID + unique_id)]
    with (
        closing(house.fhir("dr-essai", patient.cx)) as doctor,
        closing(house.professional("dr-essai", patient.cx)) as soap,
    ):
        found = doctor.search("DocumentReference", asked)
        (resource,) = [entry["resource"] for entry in found.resource.get("entry", [])] or [{}]
        read = doctor.get(_url(resource), Accept="*/*") if resource else found
        yield Step(
            ("the doctor reads it in FHIR, byte for byte", "le médecin la lit en FHIR, à l'octet près"),
            "200, the same",
            f"{read.status}, {'the same' if read.content == content else 'another'}",
        )
        entries = soap.find_documents(patient.cx).document_entries
        both = [one.entry_uuid for one in entries if one.unique_id == unique_id]
        yield Step(
            ("SOAP and FHIR show one document, one id, one hash", "SOAP et FHIR montrent un document, un id, un hash"),
            "the same",
            "the same" if both == [resource["identifier"][0]["value"]] else "another",
        )
        title = [{"op": "replace", "path": "/content/0/attachment/title", "value": "Autre"}]
        yield _step(
            ("a PATCH of its title is refused", "un PATCH de son titre est refusé"),
            "405 FHIR_FORBIDDEN",
            doctor.patch(f"DocumentReference/{resource['id']}", title),
        )
        patch = [{"op": "add", "path": "/securityLabel/-", "value": {"coding": [_MASK]}}]
        yield _step(
            ("the doctor masks it by PATCH", "le médecin la masque par PATCH"),
            "200",
            doctor.patch(f"DocumentReference/{resource['id']}", patch),
        )


def _url(resource: dict[str, Any]) -> str:
    url: str = resource["content"][0]["attachment"]["url"]
    return url


def _identifier(patient: SamplePatient) -> str:
    return f"{OID}{patient.ins_root}|{patient.ins}"


def _step(told: Told, expected: str, reply: FhirReply) -> Step:
    """The line of an answer: its status, and the codes of what it refuses."""
    refused = reply.issues if reply.status >= 400 else []
    codes = dict.fromkeys(reply.codes) if refused else {}
    detail = str(refused[0].get("diagnostics", "")) if refused else ""
    return Step(told, expected, " ".join((str(reply.status), *codes)), detail)
