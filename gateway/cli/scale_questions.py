"""What is asked of a filled registry, for one patient at a time, and the least that could be asked in its place."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString, TypeAlias
from uuid import UUID

import psycopg

from gateway.cli.scale_load import ANSWERED, LARGE, PROFESSIONAL, SEARCHED, SMALL, Load
from gateway.database.pool import DoorPool
from xds.dmp.requester import Requester, RequesterKind
from xds.metadata.document_entry import AvailabilityStatus
from xds.queries import FindDocuments, GetAll, GetDocuments, StoredQuery
from xds.registry.reader import RegistryReader
from xds.registry.scope import Scope

_DOCTOR = Requester(kind=RequesterKind.PROFESSIONAL, national_id=PROFESSIONAL, profession="10")
_APPROVED = (AvailabilityStatus.APPROVED,)
_PATIENTS = (
    "SELECT p.patient_id, p.patient_key, array_agg(e.entry_uuid), min(e.unique_id) FROM ecluse.patients p"
    " JOIN ecluse.document_entries e USING (patient_key)"
    " WHERE p.patient_id = ANY (%s) AND e.codes -> 'typeCode' ? %s GROUP BY p.patient_id, p.patient_key"
)
_BY_KEY = "SELECT fragment FROM document_entries WHERE patient_key = %s AND entry_uuid = ANY (%s)"


class ScaleError(RuntimeError):
    """The measurement cannot be made here; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Someone who was loaded. `entry_uuids` are those of the documents that a search answers."""

    patient_id: str
    patient_key: UUID
    entry_uuids: Sequence[UUID]
    unique_id: str


Ask: TypeAlias = Callable[[Patient], None]
"""Raises ScaleError: the registry answers something else than what was loaded."""


def sample(owner_url: str, load: Load, runs: int) -> list[Patient]:
    """As many patients as runs, drawn at random."""
    drawn = random.sample(range(load.patients), min(runs, load.patients))
    with psycopg.connect(owner_url) as owner:
        wanted = ([load.patient_id(number) for number in drawn], f"{SEARCHED.code}^^{SEARCHED.scheme}")
        rows = owner.execute(_PATIENTS, wanted).fetchall()
    patients = [
        Patient(patient_id=patient_id, patient_key=key, entry_uuids=uuids, unique_id=unique_id)
        for patient_id, key, uuids, unique_id in rows
    ]
    return [patients[number % len(patients)] for number in range(runs)]


def _scope(patient: Patient) -> Scope:
    return Scope(patient_id=patient.patient_id, requester=_DOCTOR, now=datetime.now(UTC))


def questions(pool: DoorPool) -> Iterator[tuple[str, str, Ask]]:
    """Name, name of the floor (none: it is its own) and the question asked for one patient."""
    reader = RegistryReader(pool)

    def fetched(sql: LiteralString, values: Callable[[Patient], Sequence[Any]], expected: int) -> Ask:
        def ask(patient: Patient) -> None:
            with pool.connection() as connection, connection.cursor(binary=True) as cursor:
                rows = cursor.execute(sql, values(patient)).fetchall()
            _expect(len(rows) == expected)

        return ask

    def answered(query: Callable[[Patient], StoredQuery], *expected: int, scoped: bool) -> Ask:
        def ask(patient: Patient) -> None:
            scope = _scope(patient) if scoped else None
            view = reader.answer(query(patient), scope)
            _expect(len(view.entries) in expected and (view.authorisation is not None or not scoped))

        return ask

    yield "select_1", "", fetched("SELECT 1", lambda _: (), 1)
    yield "by_key", "", fetched(_BY_KEY, lambda one: (one.patient_key, one.entry_uuids), ANSWERED)
    for regime, scoped in (("", True), ("_ihe", False)):
        yield f"find{regime}", "by_key", answered(_find, ANSWERED, scoped=scoped)
        yield f"get_uuid{regime}", "select_1", answered(_get_by_entry_uuid, 1, scoped=scoped)
        yield f"get_unique{regime}", "select_1", answered(_get_by_unique_id, 1, scoped=scoped)
        yield f"get_all{regime}", "by_key", answered(_get_all, SMALL, LARGE, scoped=scoped)


def _find(patient: Patient) -> FindDocuments:
    return FindDocuments(patient_id=patient.patient_id, statuses=_APPROVED, type_codes=(SEARCHED,))


def _get_by_entry_uuid(patient: Patient) -> GetDocuments:
    return GetDocuments(entry_uuids=(f"urn:uuid:{patient.entry_uuids[0]}",))


def _get_by_unique_id(patient: Patient) -> GetDocuments:
    return GetDocuments(unique_ids=(patient.unique_id,))


def _get_all(patient: Patient) -> GetAll:
    return GetAll(
        patient_id=patient.patient_id,
        statuses=_APPROVED,
        submission_set_statuses=_APPROVED,
        folder_statuses=_APPROVED,
    )


def _expect(right: bool) -> None:
    if not right:
        raise ScaleError("the registry answered something else than what was loaded")
