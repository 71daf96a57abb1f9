"""Both doors really open, on a throw-away data directory, and a fresh patient for each test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.answers import RegistryAnswer
from samples.client.client import ConsultationClient, IngestClient
from samples.documents.patients import CLAIRE, SamplePatient
from samples.submission import Source, Submission, build_submission

DOCTOR = "dr-essai"
_numbers = itertools.count(1)


def fresh_patient() -> SamplePatient:
    """A patient nobody has seen in this run: a test NIR of its own."""
    return replace(CLAIRE, nir=f"2580769123{next(_numbers):03}")


@dataclass(frozen=True)
class Scene:
    """One patient's record in a house, and the ways to its doors."""

    house: Rehearsal
    patient: SamplePatient

    def lot(self, documents: list[Source], *, by: str = "chu-seine", **changes: Any) -> Submission:
        return build_submission(
            documents,
            signer=self.house.credential(f"{by}.sign"),
            now=datetime.now(UTC),
            patient_id=self.patient.cx,
            **changes,
        )

    def ingest(self, name: str = "chu-seine", **changes: Any) -> IngestClient:
        return self.house.establishment(name, self.patient.cx, **changes)

    def consultation(self, name: str = DOCTOR, **changes: Any) -> ConsultationClient:
        return self.house.professional(name, self.patient.cx, **changes)

    def deposit(self, lot: Submission, *, by: str = "chu-seine", **changes: Any) -> RegistryAnswer:
        with closing(self.ingest(by, **changes)) as client:
            return client.provide_and_register(lot)

    def found(self) -> list[str]:
        """The uniqueIds the authorised doctor finds, current documents only."""
        with closing(self.consultation()) as client:
            return sorted(client.find_documents(self.patient.cx).unique_ids)

    def kept(self) -> tuple[int, ...]:
        """How much the house holds of everything a deposit writes: rows of each table, files of blobs."""
        tables = ("unique_ids", "submission_sets", "document_entries", "associations")
        with closing(self.house.owner()) as connection:
            rows = [connection.execute(f"SELECT count(*) FROM ecluse.{name}").fetchone() for name in tables]  # noqa: S608
        blobs = sum(1 for path in (self.house.data / "blobs").rglob("*") if path.is_file())
        return (*(row[0] for row in rows if row is not None), blobs)


@pytest.fixture(scope="session")
def house() -> Iterator[Rehearsal]:
    with Rehearsal() as opened:
        yield opened


@pytest.fixture(scope="session")
def generic_house() -> Iterator[Rehearsal]:
    """A house of a generic domain whose patients come from the feed."""
    with Rehearsal(domain="ihe") as opened:
        yield opened


@pytest.fixture
def scene(house: Rehearsal) -> Scene:
    """An open record on which the doctor is authorised."""
    return open_scene(house)


@pytest.fixture(scope="session")
def new_scene() -> Callable[[Rehearsal], Scene]:
    """Open a record in a house of one's own."""
    return open_scene


@pytest.fixture(scope="session")
def door_processes() -> Callable[[Rehearsal, str], list[int]]:
    """Process ids of a door of a house: the one that the supervisor started, then its workers."""

    def found(opened: Rehearsal, door: str) -> list[int]:
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in _children(opened.pid)}
        parents = [pid for pid, words in commands.items() if words[3:5] == [b"door", door.encode()]]
        return [*parents, *(worker for parent in parents for worker in _children(parent))]

    return found


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def open_scene(house: Rehearsal) -> Scene:
    patient = fresh_patient()
    house.open_record(patient.cx, [house.credential(f"{DOCTOR}.auth").national_id])
    return Scene(house, patient)
