"""What the law of the DMP costs a search: the same question with it and without, on a record of many documents."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from statistics import median

from gateway.cli.bench_validation import Measured
from gateway.cli.processes import cpu_seconds, door_pids
from gateway.cli.rehearsal import Rehearsal, RehearsalError
from gateway.database.pool import open_pool
from gateway.database.roles import DatabaseRole, read_url
from samples.documents.patients import SamplePatient
from samples.documents.vsm import vsm
from samples.submission import build_submission
from xds.dmp import rights
from xds.dmp.operations import Operation
from xds.dmp.requester import Requester, RequesterKind
from xds.metadata.document_entry import AvailabilityStatus
from xds.queries import FindDocuments
from xds.registry.reader import RegistryReader
from xds.registry.scope import Scope

DOCUMENTS = 200
_LOT = 50
_ASKED = 10


def measure_rights(house: Rehearsal, patient: SamplePatient, runs: int) -> Measured:
    """One search at the door in a record of DOCUMENTS; its floor is the same search without the law.

    Feed a record, then search it with the law and without, by turns, through the registry alone: the difference is what
    the law costs. It is taken from what a search costs the door. The CPU of the database is in neither.
    """
    doctor, signer = house.credential("dr-essai.auth"), house.credential("chu-seine.sign")
    house.open_record(patient.cx, [doctor.national_id])
    with closing(house.establishment("chu-seine", patient.cx)) as hospital:
        for _ in range(DOCUMENTS // _LOT):
            documents = [vsm(patient) for _ in range(_LOT)]
            lot = build_submission(documents, signer=signer, now=datetime.now(UTC), patient_id=patient.cx)
            if not hospital.provide_and_register(lot).succeeded:
                raise RehearsalError("the bench could not deposit")
    requester = Requester(kind=RequesterKind.PROFESSIONAL, national_id=doctor.national_id, profession="10")
    query = FindDocuments(patient_id=patient.cx, statuses=(AvailabilityStatus.APPROVED,))
    now = datetime.now(UTC)
    scope = Scope(patient_id=patient.cx, requester=requester, now=now)
    with closing(open_pool(read_url(house.data, DatabaseRole.CONSULTATION), size=1, name="ecluse-bench")) as pool:
        reader = RegistryReader(pool)

        def with_the_law() -> None:
            view = reader.answer(query, scope)
            decision = rights.decide(Operation.SEARCH, requester, view.record, view.authorisation, now)
            if not decision or len(view.objects()) != DOCUMENTS:
                raise RehearsalError("the bench does not find what it deposited")

        turns = [
            (_cpu(with_the_law), _cpu(lambda: reader.answer(query).objects())) for _ in range(max(3, runs // _ASKED))
        ][1:]
    cost = median(full - bare for full, bare in turns)
    asked = len(turns) * _ASKED
    whole = _at_the_door(house, patient, asked)
    note = f"{DOCUMENTS} documents found; the law takes {cost:.2f}"
    return Measured(name="rights", value=whole, floor=whole - cost, unit="cpu_ms", runs=asked, note=note)


def _at_the_door(house: Rehearsal, patient: SamplePatient, times: int) -> float:
    """What one search costs the consultation door, in milliseconds of CPU."""
    door = door_pids(house.data, "consultation")
    with closing(house.professional("dr-essai", patient.cx)) as doctor:
        doctor.find_documents(patient.cx)  # connects, and warms what is warm in a house that works
        before = cpu_seconds(door)
        for _ in range(times):
            if not doctor.find_documents(patient.cx).succeeded:
                raise RehearsalError("the bench could not search")
        return (cpu_seconds(door) - before) * 1000 / times


def _cpu(ask: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(_ASKED):
        ask()
    return (time.process_time() - start) * 1000 / _ASKED
