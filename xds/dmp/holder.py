"""Who holds a record: identity, ways to be told, legal representatives, and how the record was closed (DMP TD1.x).

`as_json` and `from_json` are the spelling of traits in the database; what is not known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address. `country` as written: no code is asked for."""

    lines: tuple[str, ...] = ()
    postal_code: str = ""
    city: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Identity of a person, as declared. `given` holds all birth given names, the first one first.

    `gender` is HL7's (`M`, `F`, `UN`); `birth_date` is `yyyymmdd`, as the INS has it; `birth_place` a code of the COG.
    `identity_source`: what the identity was read from (`CARTE_SESAM_VITALE`).
    """

    family: str
    given: tuple[str, ...] = ()
    used_family: str = ""
    gender: str = ""
    birth_date: str = ""
    birth_place: str = ""
    address: Address = field(default_factory=Address)
    identity_source: str = ""

    @property
    def born(self) -> date | None:
        """The day of birth, None when it is no day of the calendar: an INS may have month or day 00."""
        try:
            return datetime.strptime(self.birth_date, "%Y%m%d").date()
        except ValueError:
            return None

    def as_json(self) -> dict[str, Any]:
        """What the database keeps."""
        address = self.address
        found = {
            "family": self.family,
            "given": list(self.given),
            "used_family": self.used_family,
            "gender": self.gender,
            "birth_date": self.birth_date,
            "birth_place": self.birth_place,
            "address": {
                "lines": list(address.lines),
                "postal_code": address.postal_code,
                "city": address.city,
                "country": address.country,
            },
            "identity_source": self.identity_source,
        }
        return {name: value for name, value in found.items() if value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        address = value.get("address", {})
        return cls(
            family=value.get("family", ""),
            given=tuple(value.get("given", ())),
            used_family=value.get("used_family", ""),
            gender=value.get("gender", ""),
            birth_date=value.get("birth_date", ""),
            birth_place=value.get("birth_place", ""),
            address=Address(
                lines=tuple(address.get("lines", ())),
                postal_code=address.get("postal_code", ""),
                city=address.get("city", ""),
                country=address.get("country", ""),
            ),
            identity_source=value.get("identity_source", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a record. `email` and `mobile` take one-time codes and notices; empty: none."""

    traits: Traits
    email: str = ""
    mobile: str = ""
    notify_documents: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Representative:
    """A legal representative of a minor; `relationship` is a code of HL7 2.16.840.1.113883.1.11.19579 (`MTH`)."""

    relationship: str
    traits: Traits
    email: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """How a record was closed: when, by the law's clock; motive (1.2.250.1.213.4.1.2.4); reason, free text."""

    at: datetime
    motive: str = ""
    reason: str = ""
