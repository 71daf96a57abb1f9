"""What the office of records knows of one record, and what may be declared of it: values, and their spelling in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from security.audit.event import AuditEvent
from xds.dmp.consents import settled
from xds.dmp.holder import Closing, Holder, Representative, Traits
from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.dmp.record_lifecycle import Life
from xds.dmp.traces import Trace

NO_LIFE = Life(status=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFile:
    """What is known of one patient: `record` is None when there is none, or none any more.

    `ahead` is how far the law's clock runs ahead of ours. `life` is where the record stands. `authorisations` are those
    that were asked for, by holder.
    """

    patient_id: str
    ahead: timedelta
    record: Record | None = None
    life: Life = NO_LIFE
    authorisations: Mapping[str, Authorisation]
    closing: Closing | None = None
    opened_at: datetime | None = None
    holder: Holder | None = None
    representatives: tuple[Representative, ...] = ()
    account_login: str = ""
    account_channel: str = ""

    def law_time(self, now: datetime) -> datetime:
        """The instant at which the law decides, from that of the request."""
        return now + self.ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is declared of the holder; None leaves what is there, an empty channel removes it.

    `birth_date` counts for the law; without it that of `traits` does, when it is a day.
    """

    traits: Traits | None = None
    birth_date: date | None = None
    email: str | None = None
    mobile: str | None = None
    notify_documents: bool | None = None
    representatives: tuple[Representative, ...] | None = None
    emergency: EmergencyConsents | None = None

    def as_json(self) -> str:
        """The facts as the database takes them."""
        found: dict[str, Any] = {}
        born = self.birth_date or (self.traits.born if self.traits is not None else None)
        if self.traits is not None:
            found["traits"] = self.traits.as_json()
        if born is not None:
            found["birth_date"] = born.isoformat()
        for name in ("email", "mobile", "notify_documents"):
            if (value := getattr(self, name)) is not None:
                found[name] = value
        if self.representatives is not None:
            found["representatives"] = [
                {"relationship": one.relationship, "traits": one.traits.as_json(), "email": one.email}
                | {"mobile": one.mobile}
                for one in self.representatives
            ]
        if self.emergency is not None:
            one = settled(self.emergency)
            found |= {"etreat": one.etreat, "btg": one.btg, "masked": one.masked}
        return orjson.dumps(found).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAuthorisation:
    """An authorisation with what is known of who holds it; `profession` is a code of TRE_G15."""

    authorisation: Authorisation
    structure: bool = False
    name: str = ""
    profession: str = ""
    structure_id: str = ""
    declared_at: datetime | None = None

    def as_json(self) -> str:
        """The authorisation as the database takes it; when it was declared is known there."""
        one = self.authorisation
        return orjson.dumps(
            {
                "professional_id": one.professional_id,
                "valid_until": one.valid_until,
                "holder_kind": "STRUCTURE" if self.structure else "PS",
                "medecin_traitant": one.medecin_traitant,
                "holder_name": self.name,
                "profession": self.profession,
                "structure_id": self.structure_id,
            }
        ).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is written down with a change: the trace that the record keeps and the event of the audit trail."""

    trace: Trace
    event: AuditEvent


def read_file(patient_id: str, found: Mapping[str, Any]) -> RecordFile:
    """Read what `record_file` of the database answered."""
    ahead = timedelta(seconds=float(found["ahead"]))
    row = found["record"]
    if row is None:
        return RecordFile(patient_id=patient_id, ahead=ahead, authorisations={})
    account, holder = found["account"] or {}, found["holder"]
    closed = _time(row["closed_at"])
    return RecordFile(
        patient_id=patient_id,
        ahead=ahead,
        record=_record(row, ahead),
        life=Life(
            status=RecordStatus(row["status"]),
            closed_at=closed,
            suspended_at=_time(row["suspended_at"]),
            deceased_on=_day(row["deceased_on"]),
            destruction_requested_at=_time(row["destruction_requested_at"]),
        ),
        authorisations={one["professional_id"]: _authorisation(one) for one in found["authorisations"]},
        closing=Closing(closed, row["closing_motive"] or "", row["closing_reason"] or "") if closed else None,
        opened_at=_time(row["opened_at"]),
        holder=_holder(holder) if holder else None,
        representatives=tuple(
            Representative(
                relationship=one["relationship"],
                traits=Traits.from_json(one["traits"]),
                email=one["email"] or "",
                mobile=one["mobile"] or "",
            )
            for one in found["representatives"]
        ),
        account_login=account.get("login", ""),
        account_channel=account.get("channel") or "",
    )


def _record(row: Mapping[str, Any], ahead: timedelta) -> Record:
    return Record(
        patient_key=UUID(row["patient_key"]),
        status=RecordStatus(row["status"]),
        key_id=UUID(row["key_id"]),
        revision=row["revision"],
        attached_to_ens=row["attached_to_ens"],
        birth_date=_day(row["birth_date"]),
        emergency=EmergencyConsents(etreat=row["etreat"], btg=row["btg"], masked=row["masked"]),
        default_masking=row["default_masking"],
        protected=row["protected"],
        ahead=ahead,
    )


def _holder(row: Mapping[str, Any]) -> Holder:
    return Holder(
        traits=Traits.from_json(row["traits"]),
        email=row["email"] or "",
        mobile=row["mobile"] or "",
        notify_documents=row["notify_documents"],
    )


def _authorisation(row: Mapping[str, Any]) -> Authorisation:
    return Authorisation(
        professional_id=row["professional_id"],
        status=AuthorisationStatus(row["status"]),
        valid_until=_time(row["valid_until"]),
        medecin_traitant=row["medecin_traitant"],
    )


def read_held(row: Mapping[str, Any]) -> HeldAuthorisation:
    """Read a row of authorisations."""
    return HeldAuthorisation(
        authorisation=_authorisation(row),
        structure=row["holder_kind"] == "STRUCTURE",
        name=row["holder_name"],
        profession=row["profession"],
        structure_id=row["structure_id"],
        declared_at=_time(row["declared_at"]),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
