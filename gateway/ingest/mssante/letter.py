"""A letter before it is kept: the mail, its recipients, and what the sender of the message wants to be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid5

from xds.hl7v2.header import Header


class Kind(StrEnum):
    """To whom a letter goes: professionals, organisations and applications together, the patient, who sent one here."""

    PROFESSIONALS = "PS"
    PATIENT = "PATIENT"
    ANSWER = "ANSWER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter to be kept: the mail as it leaves, to whom, and what the sender of the message wants to be told.

    No two `recipients` are alike but for upper and lower case. `header` is that of the ORU or MDM.
    """

    letter_id: UUID
    message_id: UUID
    kind: Kind
    mail: bytes = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    header: Header
    wants_receipt: bool
    wants_reading: bool


def letter_id_of(message_id: UUID, kind: Kind) -> UUID:
    """The id of the letter of that kind that a message makes; Message-ID and ENVID are made of it."""
    return uuid5(message_id, f"letter {kind.value}")
