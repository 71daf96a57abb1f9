"""The test world as values: who there is, in which state, and the uniqueIds, which are the same in every house."""

from __future__ import annotations

import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from samples.documents.patients import TEST_NIR, ins_key
from samples.pki.catalogue import read_catalogue

Told = tuple[str, str]
"""A text in English and in French."""

_NAMES = uuid.UUID("5d4c1f8e-6f0b-5c5e-9a55-0d1b6a1c7f10")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldPatient:
    """A patient. `born` is `yyyymmdd`, or `age` are years and months before the world is made.

    `record` and `after` are tables of a seed file whose times may be spans; None: there is no record.
    """

    key: str
    nir: str
    family: str
    given: tuple[str, ...]
    gender: str
    birth_place: str
    birth_city: str
    told: Told
    born: str = ""
    age: tuple[int, int] | None = None
    record: Mapping[str, Any] | None = None
    after: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ins(self) -> str:
        """The INS, 15 characters, of the authority of tests."""
        return self.nir + ins_key(self.nir)

    @property
    def cx(self) -> str:
        """The INS as an XDS patientId."""
        return f"{self.ins}^^^&{TEST_NIR}&ISO^NH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who acts: a holder of the test PKI, or a site of an establishment, which has no certificate."""

    key: str
    told: Told
    holder: str = ""
    site: str = ""

    @property
    def national_id(self) -> str:
        """PS_IdNat of a professional, Struct_IdNat of an establishment, identifier of the card of an employee."""
        catalogue = read_catalogue()
        for held in (catalogue.professionals, catalogue.staff, catalogue.structures):
            if self.holder in held:
                return held[self.holder].id
        return self.site

    @property
    def certificates(self) -> tuple[str, ...]:
        """Names of his certificates in the test PKI, bad twins left out."""
        entries = read_catalogue().entries.values()
        return tuple(one.name for one in entries if one.holder == self.holder and one.twin_of is None)

    @property
    def is_professional(self) -> bool:
        """Whether he has a CPS card, and so may consult."""
        return self.holder in read_catalogue().professionals


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldDocument:
    """A document. `add` are visibility codes of its deposit by `by`; `then` is done to it afterwards by `who`."""

    key: str
    patient: str
    type: str
    title: str
    told: Told
    model: str = ""
    by: str = "ES1"
    add: tuple[str, ...] = ()
    secret: bool = False
    then: str = ""
    who: str = ""

    @property
    def unique_id(self) -> str:
        """The same in every house."""
        return unique_id_of(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything, by key, in the order of the file."""

    patients: Mapping[str, WorldPatient]
    actors: Mapping[str, Actor]
    documents: Mapping[str, WorldDocument]

    def of_patient(self, key: str) -> tuple[WorldDocument, ...]:
        """The documents of one patient."""
        return tuple(one for one in self.documents.values() if one.patient == key)

    def patient_of(self, said: str) -> WorldPatient | None:
        """The patient of a key (`P1`) or of an INS; None: nobody of the world."""
        found = self.patients.get(said.upper())
        return found or next((one for one in self.patients.values() if one.ins == said), None)


def unique_id_of(key: str) -> str:
    """The uniqueId of a document of the world, a UUID-derived OID."""
    return f"2.25.{uuid.uuid5(_NAMES, key).int}"


@cache
def read_world() -> World:
    """The world that stands beside this module."""
    raw = tomllib.loads(Path(__file__).with_name("world.toml").read_text("utf-8"))
    return World(
        patients=_by_key(WorldPatient, raw["patient"]),
        actors=_by_key(Actor, raw["actor"]),
        documents=_by_key(WorldDocument, raw["document"]),
    )


def _by_key(kind: type[Any], rows: list[dict[str, Any]]) -> Mapping[str, Any]:
    made = [
        kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}) for row in rows
    ]
    return MappingProxyType({one.key: one for one in made})
