"""The record (DMP) of one patient, and the authorisation of one professional on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class RecordStatus(StrEnum):
    """Whether the record is active. A closed one is archived: it neither feeds nor answers (CSP L1111-18).

    A merged one gave all it held to the record of another identifier of the same patient (ITI TF-2 §3.8).
    """

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    MERGED = "MERGED"


class AuthorisationStatus(StrEnum):
    """Status of a professional on a record, as published (DMP TD0.2). No authorisation at all is NON_EXISTE."""

    VALIDE = "VALIDE"
    EXPIRE = "EXPIRE"
    INTERDIT = "INTERDIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record that exists. `key_id` names the key its documents are sealed to now."""

    patient_key: UUID
    status: RecordStatus
    key_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """What one professional may do with a record. `valid_until` is an instant, excluded; None means no end."""

    professional_id: str
    status: AuthorisationStatus
    valid_until: datetime | None = None
