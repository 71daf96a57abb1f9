"""The test world in a house whose doors are open, and its actors at the consultation door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from gateway.cli.rehearsal import Rehearsal
from gateway.cli.why_people import person
from gateway.cli.world_seed import Seeded, WorldSeed
from gateway.simulator.answering import Answer, Question, answer
from samples.client.client import ConsultationClient
from samples.client.records import RecordsClient
from samples.vihf import build_vihf
from samples.world.world import World, read_world
from xds.dmp.parameters import Parameters

REASON = "Patient inconscient"
MODES = ("normal", "bris_de_glace", "centre_15")


@dataclass
class Stage:
    """The world: who asks about whom, at the door and of the law. One connection an actor, kept open."""

    house: Rehearsal
    owner: psycopg.Connection[Any]
    seeded: tuple[Seeded, ...]
    world: World = field(default_factory=read_world)
    clients: dict[tuple[str, type[Any]], Any] = field(default_factory=dict)
    asking: dict[str, Any] = field(default_factory=dict)

    def client(self, who: str, patient: str, mode: str, kind: type[Any] = ConsultationClient) -> Any:
        """The software of an actor, whose next message is about this patient, in this mode."""
        holder = self.world.actors[who].holder
        reason = REASON if mode == "bris_de_glace" else None
        self.asking[who] = {"patient": self.world.patients[patient].cx, "purpose": mode, "reason": reason}
        if (who, kind) not in self.clients:
            door, signer = self.house.doors["consultation"], self.house.credential(f"{holder}.sign")

            def voice() -> Any:
                return build_vihf(signer=signer, now=datetime.now(UTC), **self.asking[who])

            self.clients[who, kind] = kind(door.url, self.house.credential(f"{holder}.auth"), door.ca, vihf=voice)
        return self.clients[who, kind]

    def records(self, who: str, patient: str, mode: str = "normal") -> RecordsClient:
        found: RecordsClient = self.client(who, patient, mode, RecordsClient)
        return found

    def law(self, who: str, patient: str, mode: str = "normal", **changes: Any) -> Answer:
        """What `ecluse why` answers."""
        somebody = person(who)
        reason = REASON if mode == "bris_de_glace" else ""
        question = Question(
            patient_id=self.world.patients[patient].cx,
            patient=patient,
            person=who,
            requester=replace(somebody.requester, purpose=mode, reason=reason),
            **changes,
        )
        return answer(self.owner, question, Parameters(), datetime.now(UTC))

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return list(self.owner.execute(statement.encode(), parameters).fetchall())


@pytest.fixture(scope="session")
def stage(house: Rehearsal) -> Iterator[Stage]:
    with closing(house.owner()) as connection:
        opened = Stage(house, connection, tuple(WorldSeed(house, connection).make()))
        yield opened
        for client in opened.clients.values():
            client.close()
