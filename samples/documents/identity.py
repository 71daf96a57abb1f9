"""What makes one document itself: who, when, which version, in the place of which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TypedDict, Unpack

from samples.documents.elements import new_oid
from samples.documents.patients import SamplePatient
from samples.documents.professionals import SampleAuthor

MORNING = datetime(2024, 6, 11, 9, 30, tzinfo=timezone(timedelta(hours=2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`unique_id` is an OID; `replaces` is the uniqueId of the document replaced, `set_id` what its versions share.

    `effective_time` is aware.
    """

    patient: SamplePatient
    author: SampleAuthor
    unique_id: str
    effective_time: datetime = MORNING
    replaces: str | None = None
    version: int = 1
    set_id: str | None = None

    @property
    def act_start(self) -> datetime:
        """Start of the documented act: a quarter of an hour before the document."""
        return self.effective_time - timedelta(minutes=15)


class Version(TypedDict, total=False):
    """Which version of a document; an Identity tells what each means."""

    effective_time: datetime
    replaces: str | None
    version: int
    set_id: str | None


class Named(Version, total=False):
    """What every sample document takes by name, besides patient and author; `unique_id` defaults to a fresh OID."""

    unique_id: str | None


def identified(
    patient: SamplePatient, author: SampleAuthor, *, unique_id: str | None = None, **version: Unpack[Version]
) -> Identity:
    """An identity; `unique_id` defaults to a fresh OID."""
    return Identity(patient=patient, author=author, unique_id=unique_id or new_oid(), **version)
