"""The record (DMP) of one patient, as the law sees it, and the authorisation of one professional on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from xds.dmp.minority import is_minor, may_be_represented
from xds.dmp.parameters import Parameters


class RecordStatus(StrEnum):
    """Whether the record is active. A closed one is archived: it neither feeds nor answers (CSP L1111-18).

    A suspended one refuses everything (CSP R1111-36). A merged one gave all it held to the record of another identifier
    of the same patient (ITI TF-2 §3.8). A record that was destroyed does not exist.
    """

    OPEN = "OPEN"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"
    MERGED = "MERGED"


class AuthorisationStatus(StrEnum):
    """Status of a professional on a record, as published (DMP TD0.2). No authorisation at all is NON_EXISTE."""

    VALIDE = "VALIDE"
    EXPIRE = "EXPIRE"
    INTERDIT = "INTERDIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyConsents:
    """What the patient permits in an emergency: True is `permit` (consents ETREAT, BTG and MASKED of the DMP).

    `etreat`: the regulation of emergency calls may read. `btg`: other professionals may break the glass. `masked`:
    masked documents may be read then too.
    """

    etreat: bool = True
    btg: bool = True
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record that exists. `key_id` names the key its documents are sealed to now.

    `ahead` is how far the law's clock of this house runs ahead of ours: never negative, zero but in a sandbox.
    `default_masking`: the patient wants every new document masked. `protected`: the holder is an adult whom somebody
    represents (CSP L1111-16). `revision` grows with what others decide on.
    """

    patient_key: UUID
    status: RecordStatus
    key_id: UUID
    revision: int = 0
    attached_to_ens: bool = True
    birth_date: date | None = None
    emergency: EmergencyConsents = field(default_factory=EmergencyConsents)
    default_masking: bool = False
    protected: bool = False
    ahead: timedelta = timedelta()

    def law_time(self, now: datetime) -> datetime:
        """The instant at which the law decides, from that of the request."""
        return now + self.ahead

    def is_minor(self, now: datetime, majority_age: int = 18) -> bool:
        """Whether the holder has not come of age at a law time; who has no known birth date has."""
        return is_minor(self.birth_date, now, majority_age)

    def is_represented_minor(self, now: datetime, parameters: Parameters) -> bool:
        """Whether the holder is a minor at a law time, where the house manages minors: some of it is his secret."""
        return may_be_represented(self.birth_date, now, parameters)

    def may_be_represented(self, now: datetime, parameters: Parameters) -> bool:
        """Whether others act for the holder at a law time: for a minor, or a protected adult (D-046)."""
        return may_be_represented(self.birth_date, now, parameters, protected=self.protected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """What one professional may do with a record. `valid_until` is an instant, excluded; None means no end.

    `professional_id` is a PS_IdNat, or the Struct_IdNat of a structure whose staff declared it. `medecin_traitant`: the
    médecin traitant of this record, a status of the DMP and not that of the health insurance.
    """

    professional_id: str
    status: AuthorisationStatus
    valid_until: datetime | None = None
    medecin_traitant: bool = False
