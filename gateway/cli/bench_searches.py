"""What a search of documents in FHIR costs the consultation door, beside the same search by SOAP.

`iti67` asks for documents that the door answered before, `iti67_first` for documents that its process never answered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
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
_FIRST_BLOCK = 5
"""Records that are asked for the first time by one kind before it is the other's turn."""
_NAME = "dr-essai"


def measure_searches(house: Rehearsal, patient: SamplePatient, runs: int) -> Iterator[Measured]:
    """CPU of the door for one search that answers DOCUMENTS; the floor is ITI-18 of the same, by turns.

    The record of the patient, and those of others, are opened and fed. Raises RehearsalError: something was refused, or
    not all is found.
    """
    _feed(house, patient)
    fhir, soap = _by_fhir(house, patient), _by_soap(house, patient)
    turns_of_each = max(2, runs // _BLOCK)
    with closing(Knocker(house, "consultation", f"{_NAME}.auth")) as knocker:
        turns = _Turns(house, knocker)
        turns.take([fhir] * _BLOCK, [soap] * _BLOCK)  # warms what is warm in a house that works
        again = [turns.take([fhir] * _BLOCK, [soap] * _BLOCK) for _ in range(turns_of_each)]
    yield _measured("iti67", again, turns_of_each * _BLOCK)
    others = [_another(patient, number) for number in range(max(2, runs // 10))]
    for other in others:
        _feed(house, other)
    asked = [(_by_fhir(house, other), _by_soap(house, other)) for other in others]
    blocks = [asked[start : start + _FIRST_BLOCK] for start in range(0, len(asked), _FIRST_BLOCK)]
    with closing(Knocker(house, "consultation", f"{_NAME}.auth")) as knocker:
        turns = _Turns(house, knocker)
        turns.take([_total(fhir) for fhir, _ in asked], [soap for _, soap in asked])  # the credentials are known then
        first = [turns.take([fhir for fhir, _ in block], [soap for _, soap in block]) for block in blocks]
    yield _measured("iti67_first", first, len(others), ", never answered before")


class _Turns:
    """One kind of search after the other, and the CPU seconds of the door for each."""

    def __init__(self, house: Rehearsal, knocker: Knocker) -> None:
        self._door = door_pids(house.data, "consultation")
        self._knocker = knocker

    def take(self, fhir: Sequence[Knock], soap: Sequence[Knock]) -> tuple[float, float]:
        """Those in FHIR first."""
        return self._spent(fhir), self._spent(soap)

    def _spent(self, knocks: Sequence[Knock]) -> float:
        before = cpu_seconds(self._door)
        for knock in knocks:
            self._knocker.knock(knock)
        return cpu_seconds(self._door) - before


def _measured(name: str, spent: Sequence[tuple[float, float]], asked: int, which: str = "") -> Measured:
    return Measured(
        name=name,
        value=sum(fhir for fhir, _ in spent) * 1000 / asked,
        floor=sum(soap for _, soap in spent) * 1000 / asked,
        unit="cpu_ms",
        runs=asked,
        note=f"floor: ITI-18 of the same {DOCUMENTS} documents{which}",
    )


def _another(patient: SamplePatient, number: int) -> SamplePatient:
    """Somebody with the same traits and another number."""
    return replace(patient, nir=f"{patient.nir[:7]}{int(patient.nir[7:]) + 1 + number:06d}")


def _feed(house: Rehearsal, patient: SamplePatient) -> None:
    """Open the record of a patient, with DOCUMENTS documents.

    Raises RehearsalError: they were refused.
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


def _by_fhir(house: Rehearsal, patient: SamplePatient) -> Knock:
    with closing(house.fhir(_NAME, patient.cx)) as doctor:
        token = doctor.token() if doctor.token is not None else ""
    identifier = Cx.parse(patient.cx)
    who = f"urn:oid:{identifier.authority}|{identifier.identifier}"
    form = urlencode({"patient.identifier": who, "status": "current"})
    headers = {"Content-Type": FORM, "Accept": JSON, "Authorization": f"Bearer {token}"}
    path = f"{CONSULTATION}/DocumentReference/_search"
    return Knock(path=path, body=form.encode("ascii"), headers=headers, success=b'"total":%d,' % DOCUMENTS)


def _total(knock: Knock) -> Knock:
    """The same search for the total alone: no document is answered."""
    return replace(knock, body=knock.body + b"&_count=0", success=b'"total":%d' % DOCUMENTS)


def _by_soap(house: Rehearsal, patient: SamplePatient) -> Knock:
    with closing(house.professional(_NAME, patient.cx)) as doctor:
        found = doctor.find_documents(patient.cx)
        if len(found.document_entries) != DOCUMENTS:
            raise RehearsalError("the bench does not find what it deposited")
        slots = queries.find_documents(patient.cx, queries.APPROVED)
        content_type, body = doctor.query_message(queries.QueryId.FIND_DOCUMENTS, slots).encode()
    headers = {"Content-Type": content_type}
    return Knock(path=f"{SERVICES}/registry", body=body, headers=headers, success=b"ResponseStatusType:Success")
