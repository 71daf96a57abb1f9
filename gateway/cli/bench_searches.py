"""What a search of documents in FHIR costs the consultation door, beside the same search by SOAP."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from urllib.parse import urlencode

from gateway.cli.bench_knocker import Knock, Knocker
from gateway.cli.bench_validation import Measured
from gateway.cli.processes import cpu_seconds, door_pids
from gateway.cli.rehearsal import Rehearsal, RehearsalError
from gateway.soap_door import SERVICES
from samples.client import queries
from samples.client.fhir import CONSULTATION, FORM, JSON
from samples.documents.patients import SamplePatient
from samples.documents.vsm import vsm
from samples.submission import build_submission
from xds.metadata.datatypes import Cx

DOCUMENTS = 50
_BLOCK = 25
"""Searches of one kind before it is the other's turn."""
_NAME = "dr-essai"


def measure_searches(house: Rehearsal, patient: SamplePatient, runs: int) -> Measured:
    """`iti67`: CPU of the door for one search that answers DOCUMENTS; its floor is ITI-18 of the same, by turns.

    The record of the patient is opened and fed. Raises RehearsalError: something was refused, or not all is found.
    """
    house.open_record(patient.cx, [house.credential(f"{_NAME}.auth").national_id])
    with closing(house.establishment("chu-seine", patient.cx)) as hospital:
        lot = build_submission(
            [vsm(patient) for _ in range(DOCUMENTS)],
            signer=house.credential("chu-seine.sign"),
            now=datetime.now(UTC),
            patient_id=patient.cx,
        )
        if not hospital.provide_and_register(lot).succeeded:
            raise RehearsalError("the bench could not deposit")
    fhir, soap = _by_fhir(house, patient), _by_soap(house, patient)
    door = door_pids(house.data, "consultation")
    spent = {"fhir": 0.0, "soap": 0.0}
    blocks = max(2, runs // _BLOCK)
    with closing(Knocker(house, "consultation", f"{_NAME}.auth")) as knocker:
        for block in range(blocks + 1):
            for name, knock in (("fhir", fhir), ("soap", soap)):
                before = cpu_seconds(door)
                for _ in range(_BLOCK):
                    knocker.knock(knock)
                if block:  # the first turn warms what is warm in a house that works
                    spent[name] += cpu_seconds(door) - before
    asked = blocks * _BLOCK
    return Measured(
        name="iti67",
        value=spent["fhir"] * 1000 / asked,
        floor=spent["soap"] * 1000 / asked,
        unit="cpu_ms",
        runs=asked,
        note=f"floor: ITI-18 of the same {DOCUMENTS} documents",
    )


def _by_fhir(house: Rehearsal, patient: SamplePatient) -> Knock:
    with closing(house.fhir(_NAME, patient.cx)) as doctor:
        token = doctor.token() if doctor.token is not None else ""
    identifier = Cx.parse(patient.cx)
    who = f"urn:oid:{identifier.authority}|{identifier.identifier}"
    form = urlencode({"patient.identifier": who, "status": "current"})
    headers = {"Content-Type": FORM, "Accept": JSON, "Authorization": f"Bearer {token}"}
    path = f"{CONSULTATION}/DocumentReference/_search"
    return Knock(path=path, body=form.encode("ascii"), headers=headers, success=b'"total":%d,' % DOCUMENTS)


def _by_soap(house: Rehearsal, patient: SamplePatient) -> Knock:
    with closing(house.professional(_NAME, patient.cx)) as doctor:
        found = doctor.find_documents(patient.cx)
        if len(found.document_entries) != DOCUMENTS:
            raise RehearsalError("the bench does not find what it deposited")
        slots = queries.find_documents(patient.cx, queries.APPROVED)
        content_type, body = doctor.query_message(queries.QueryId.FIND_DOCUMENTS, slots).encode()
    headers = {"Content-Type": content_type}
    return Knock(path=f"{SERVICES}/registry", body=body, headers=headers, success=b"ResponseStatusType:Success")
