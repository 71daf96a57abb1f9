"""The description of the test PKI, read from `catalogue.toml` into typed rows."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

SELF = "self"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority; without `parent`, a root. `code` names its list and its certificate at the publication point."""

    name: str
    common_name: str
    code: str
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A structure. `id` is its Struct_IdNat; `sector` a code of TRE_R02 (sector of activity).

    `entity` names the legal entity of a site, which has no certificate of its own.
    """

    name: str
    id: str
    display: str
    sector: str
    department: str
    entity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Professional:
    """A health professional. `id` is the PS_IdNat; `activities` are names of structures, the usual one first."""

    name: str
    id: str
    family: str
    given: str
    title: str
    profession: int
    activities: tuple[str, ...]
    specialties: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """The holder of a structure's card: nominative, or a pseudonym."""

    name: str
    structure: str
    id: str
    title: str
    family: str | None = None
    given: str | None = None
    pseudonym: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a family of certificates is made. `category` and `type` are TRE_G01 and TRE_G02, None: absent.

    `months` is the life of the certificate; `key_months`, when given, that of its private key.
    """

    layout: str
    issuer: str
    key_usage: tuple[str, ...]
    extended: tuple[str, ...]
    months: int
    category: int | None = None
    type: int | None = None
    key_months: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One certificate. `profile` already holds what the entry changes in it.

    A bad twin has `refused`, the error kind that its door answers, and `handshake`: whether TLS alone lets it in.
    `validity` is `present`, `past` or `future`.
    """

    name: str
    profile_name: str
    profile: Profile
    holder: str
    description: str
    door: str
    twin_of: str | None = None
    refused: str | None = None
    handshake: bool = True
    validity: str = "present"
    revoked: bool = False
    authority: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything described; every mapping is by name, in the order of the file."""

    password: str
    crl_days: int
    authority_years: int
    policy: str
    publication: str
    authorities: Mapping[str, Authority]
    trust: Mapping[str, tuple[str, ...]]
    structures: Mapping[str, Structure]
    professionals: Mapping[str, Professional]
    staff: Mapping[str, Staff]
    entries: Mapping[str, Entry]

    def root_of(self, authority: str) -> str:
        """The name of the root above an authority."""
        parent = self.authorities[authority].parent
        return authority if parent is None else self.root_of(parent)

    def structure_of(self, entry: Entry) -> Structure | None:
        """The structure of a holder; for a professional, that of the usual activity."""
        if entry.holder in self.structures:
            return self.structures[entry.holder]
        if entry.holder in self.staff:
            return self.structures[self.staff[entry.holder].structure]
        if entry.holder in self.professionals:
            return self.structures[self.professionals[entry.holder].activities[0]]
        return None


@cache
def read_catalogue() -> Catalogue:
    """The catalogue that stands beside this module."""
    raw = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text("utf-8"))
    profiles = {name: Profile(**_tuples(row)) for name, row in raw["profile"].items()}
    rows = {row["name"]: row for row in raw["certificate"]}
    return Catalogue(
        password=raw["password"],
        crl_days=raw["crl_days"],
        authority_years=raw["authority_years"],
        policy=raw["policy"],
        publication=raw["publication"],
        authorities={row["name"]: Authority(**row) for row in raw["authority"]},
        trust={name: tuple(authorities) for name, authorities in raw["trust"].items()},
        structures={row["name"]: Structure(**row) for row in raw["structure"]},
        professionals={row["name"]: Professional(**_tuples(row)) for row in raw["professional"]},
        staff={row["name"]: Staff(**row) for row in raw["staff"]},
        entries={name: _entry(row, rows, profiles) for name, row in rows.items()},
    )


def _tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _entry(row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]], profiles: Mapping[str, Profile]) -> Entry:
    genuine = rows[row["twin_of"]] if "twin_of" in row else row
    profile_name = genuine["profile"]
    changes = {key: row[key] for key in ("issuer", "key_usage", "extended", "category") if key in row}
    profile = replace(profiles[profile_name], **_tuples(changes))
    if profile.category == -1:
        profile = replace(profile, category=None)
    expected = "consultation" if profiles[profile_name].layout == "person" else "ingest"
    if profile_name == "server":
        expected = genuine["holder"]
    return Entry(
        name=row["name"],
        profile_name=profile_name,
        profile=profile,
        holder=genuine["holder"],
        description=row["description"],
        door=row.get("door", expected),
        **{
            key: row[key]
            for key in ("twin_of", "refused", "handshake", "validity", "revoked", "authority")
            if key in row
        },
    )
