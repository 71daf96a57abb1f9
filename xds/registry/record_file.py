"""What the office of records knows of one record, and what may be declared of it: values, and their spelling in SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from security.audit.event import AuditEvent
from xds.dmp.holder import Closing, Holder, Representative, Traits
from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.dmp.traces import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFile:
    """What is known of one patient: `record` is None when there is none, or none any more.

    `ahead` is how far the law's clock runs ahead of ours. `authorisations` are those that were asked for, by holder.
    """

    patient_id: str
    ahead: timedelta
    record: Record | None = None
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

    def authorisation_of(self, *holders: str | None) -> Authorisation | None:
        """The authorisation of the first holder who has one: a professional himself before his structure."""
        return next((self.authorisations[one] for one in holders if one and one in self.authorisations), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is declared of the holder; None leaves what is there."""

    traits: Traits | None = None
    email: str | None = None
    mobile: str | None = None
    representatives: tuple[Representative, ...] | None = None
    emergency: EmergencyConsents | None = None

    def as_json(self) -> str:
        """The facts as the database takes them."""
        found: dict[str, Any] = {}
        if self.traits is not None:
            born = self.traits.born
            found |= {"traits": self.traits.as_json(), "birth_date": born.isoformat() if born else None}
        if self.email is not None:
            found["email"] = self.email
        if self.mobile is not None:
            found["mobile"] = self.mobile
        if self.representatives is not None:
            found["representatives"] = [
                {"relationship": one.relationship, "traits": one.traits.as_json(), "email": one.email}
                | {"mobile": one.mobile}
                for one in self.representatives
            ]
        if self.emergency is not None:
            one = self.emergency
            found |= {"etreat": one.etreat, "btg": one.btg, "masked": one.masked and (one.etreat or one.btg)}
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
    born = row["birth_date"]
    return Record(
        patient_key=UUID(row["patient_key"]),
        status=RecordStatus(row["status"]),
        key_id=UUID(row["key_id"]),
        revision=row["revision"],
        attached_to_ens=row["attached_to_ens"],
        birth_date=date.fromisoformat(born) if born else None,
        emergency=EmergencyConsents(etreat=row["etreat"], btg=row["btg"], masked=row["masked"]),
        default_masking=row["default_masking"],
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


def effective(authorisation: Authorisation | None, now: datetime) -> Authorisation | None:
    """The authorisation as it stands at a law time: one that has elapsed is EXPIRE (DMP TD0.2)."""
    if authorisation is None or authorisation.status is not AuthorisationStatus.VALIDE:
        return authorisation
    if authorisation.valid_until is None or now < authorisation.valid_until:
        return authorisation
    return replace(authorisation, status=AuthorisationStatus.EXPIRE, medecin_traitant=False)
