"""The test world in a house: records by the administration, documents through its doors. What is there stays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from gateway.administration import life, seeding
from gateway.cli.rehearsal import Rehearsal
from samples import changes
from samples.client.answers import RegistryAnswer
from samples.client.client import ConsultationClient
from samples.pki.catalogue import read_catalogue
from samples.submission import Source, build_submission
from samples.world.documents import born_of, document_of, sample_patient
from samples.world.world import World, WorldDocument, WorldPatient, read_world
from security.at_rest.record_keys import load_kek
from security.vihf.content import GUARDIANS_BLIND
from xds.registry.document_changes import VISIBILITY

_SPAN = re.compile(r"([+-]\d+)(y|d)")


class WorldError(RuntimeError):
    """A door refused what the world is made of; the text names it."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was done about one patient or one document: `made`, or `there` when it was already."""

    key: str
    made: bool


class WorldSeed:
    """Makes the world in a house whose doors are open."""

    def __init__(self, house: Rehearsal, connection: psycopg.Connection[Any]) -> None:
        self._house = house
        self._connection = connection
        self._world: World = read_world()
        self._law = law_now(connection)

    def make(self) -> Iterator[Seeded]:
        """Make what is not there, patient by patient. Raises WorldError, RecordsError, requests.RequestException."""
        for patient in self._world.patients.values():
            yield from self._make(patient)

    def _make(self, patient: WorldPatient) -> Iterator[Seeded]:
        if patient.record is None:
            return
        opened = not self._known("SELECT 1 FROM ecluse.patients WHERE patient_id = %s", patient.cx)
        if opened:
            kek = load_kek(self._house.data / "consultation" / "kek")
            seeding.seed_record(self._connection, _record(patient, self._law), kek=kek)
        yield Seeded(patient.key, opened)
        wanted = self._world.of_patient(patient.key)
        missing = [one for one in wanted if not self._known(_DOCUMENT, one.unique_id)]
        if missing:
            self._deposit_all(patient, missing)
            for one in missing:
                self._change(patient, one)
        if opened:
            self._after(patient)
        for one in wanted:
            yield Seeded(one.key, one in missing)

    def _known(self, query: str, value: str) -> bool:
        return self._connection.execute(query.encode(), (value,)).fetchone() is not None

    def _deposit_all(self, patient: WorldPatient, documents: list[WorldDocument]) -> None:
        """One lot for documents that travel alike."""
        lots: dict[tuple[str, tuple[str, ...], bool], list[WorldDocument]] = {}
        for one in documents:
            lots.setdefault((one.by, one.add, one.secret), []).append(one)
        for (by, add, secret), group in lots.items():
            self._deposit(patient, by, [self._document(one, patient) for one in group], add=add, secret=secret)

    def _deposit(
        self,
        patient: WorldPatient,
        by: str,
        documents: list[Source],
        *,
        add: tuple[str, ...] = (),
        secret: bool = False,
        replaces: Mapping[int, str] | None = None,
    ) -> None:
        name = self._world.actors[by].holder
        lot = build_submission(
            documents,
            signer=self._house.credential(f"{name}.sign"),
            now=datetime.now(UTC),
            patient_id=patient.cx,
            confidentiality=[VISIBILITY[code] for code in add],
            replaces=replaces,
        )
        vihf = {"confidentiality": GUARDIANS_BLIND} if secret else {}
        with closing(self._house.establishment(name, patient.cx, **vihf)) as client:
            _expect(client.provide_and_register(lot), f"{patient.key}: a deposit by {by}")

    def _document(self, wanted: WorldDocument, patient: WorldPatient, *, second: bool = False) -> bytes:
        now = datetime.now(UTC)
        return document_of(wanted, sample_patient(patient, self._law.date()), now, second=second)

    def _change(self, patient: WorldPatient, document: WorldDocument) -> None:
        """What was done to a document after its deposit."""
        if document.then == "replace":
            former = self._reference(patient, document)
            self._deposit(patient, document.by, [self._document(document, patient, second=True)], replaces={0: former})
        elif document.then:
            holder = self._world.actors[document.who].holder
            signer = self._house.credential(f"{holder}.sign")
            lot = changes.change_lot(signer=signer, patient_id=patient.cx, now=datetime.now(UTC))
            with closing(self._house.professional(holder, patient.cx)) as client:
                (entry,) = client.get_documents(unique_ids=[document.unique_id]).document_entries
                if document.then == "mask":
                    lot = changes.mask(lot, entry)
                else:
                    order = {"archive": changes.archive, "delete": changes.delete}[document.then]
                    lot = order(lot, entry.entry_uuid)
                _expect(client.update(lot), f"{document.key}: {document.then} by {document.who}")

    def _reference(self, patient: WorldPatient, document: WorldDocument) -> str:
        """The entryUUID of an establishment's own document, as it asks for it (DMP TD3.1b)."""
        name = self._world.actors[document.by].holder
        door, tls = self._house.doors["ingest"], self._house.credential(f"{name}.auth")
        client = ConsultationClient(door.url, tls, door.ca, vihf=self._house.voice(name, patient.cx))
        with closing(client):
            answer = client.get_documents(unique_ids=[document.unique_id], return_type="ObjectRef")
        _expect(answer, f"{document.key}: reference search by {document.by}")
        return answer.ids[0]

    def _after(self, patient: WorldPatient) -> None:
        after = patient.after
        if after.get("status") == "CLOSED":
            closed = moved(self._law, after["closed_at"])
            life.close_record(self._connection, patient.cx, reason=after["reason"], at=closed)
        if "deceased_on" in after:
            life.record_death(self._connection, patient.cx, moved(self._law, after["deceased_on"]).date())


def law_now(connection: psycopg.Connection[Any]) -> datetime:
    """What the law's clock shows."""
    row = connection.execute("SELECT ecluse.law_now()").fetchone()
    if row is None:
        raise LookupError("the law's clock always shows a time")
    now: datetime = row[0].astimezone(UTC)
    return now


def moved(start: datetime, spans: str) -> datetime:
    """An instant moved by spans such as `-10y+1d`, years first; the last day of February where there is no 29th."""
    for number, unit in _SPAN.findall(spans):
        if unit == "d":
            start += timedelta(days=int(number))
        else:
            day = date(start.year + int(number), start.month, 1)
            last = (date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)).day
            start = start.replace(year=day.year, day=min(start.day, last))
    return start


_DOCUMENT = "SELECT 1 FROM ecluse.unique_ids WHERE unique_id = %s"


def _record(patient: WorldPatient, law: datetime) -> dict[str, Any]:
    """The table of a seed file that opens the record of a patient."""
    item = dict(patient.record or {})
    for key in ("authorise", "medecin_traitant"):
        item[key] = [_authorised(one, law) for one in item.get(key, ())]
    item["block"] = [read_world().actors[one].national_id for one in item.get("block", ())]
    if "opened_at" in item:
        item["opened_at"] = moved(law, item["opened_at"])
    born = born_of(patient, law.date())
    traits = {"family": patient.family, "given": list(patient.given), "gender": patient.gender}
    return {
        **item,
        "ins": patient.ins,
        "birth_date": born,
        "traits": {**traits, "birth_date": f"{born:%Y%m%d}", "birth_place": patient.birth_place},
        "email": f"{patient.key.lower()}@monde.invalid",
    }


def _authorised(one: Any, law: datetime) -> dict[str, Any]:
    said = one if isinstance(one, Mapping) else {"id": one}
    person = read_catalogue().professionals[read_world().actors[said["id"]].holder]
    structure = read_catalogue().structures[person.activities[0]]
    found = {
        "id": person.id,
        "name": f"{person.family} {person.given}",
        "profession": str(person.profession),
        "structure_id": structure.id,
    }
    return {**found, "until": moved(law, said["until"])} if "until" in said else found


def _expect(answer: RegistryAnswer, what: str) -> None:
    if not answer.succeeded:
        raise WorldError(f"{what}: {'; '.join(f'{one.code} {one.context}' for one in answer.errors)}")
