"""The office of records: all that the law needs to know of one record, and every change made to it.

Used by the consultation door with its pool, and by the administration with a connection of the owner. A change is one
statement with its trace and its audit event. Whoever changes decided on a file read without a lock: its revision is
compared under it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

import orjson
import psycopg
from psycopg_pool import ConnectionPool

from security.at_rest.new_record import RecordKey
from security.audit.event import AuditEvent
from xds.dmp.holder import Closing, Holder, Representative, Traits
from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.dmp.traces import Trace
from xds.registry.availability import ChangedMeanwhile, answering
from xds.registry.identifiers import canonical_patient_id

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

_CHANGED = "XDS02"
_FILE = "SELECT record_file(%s, %s)"
_CREATE = "SELECT create_record(%s, %s, %b, %b, %s::text::jsonb, %s, %s::text::jsonb)"
_REACTIVATE = "SELECT reactivate_record(%s, %s, %s::text::jsonb, %s, %s::text::jsonb)"
_CHANGE = "SELECT change_record(%s, %s, %s::text::jsonb, %s, %s::text::jsonb)"
_CLOSE = "SELECT close_record(%s, %s, %s, %s, %s, %s::text::jsonb)"
_AUTHORISE = "SELECT set_authorisation(%s, %s, %s::text::jsonb, %s, %s::text::jsonb)"
_ACCESS = "SELECT set_patient_access(%s, %s, %s, %s, %s, %s::text::jsonb, %s, %s::text::jsonb)"
_HOLDERS = "SELECT to_jsonb(a) FROM authorisations a WHERE a.patient_key = %s ORDER BY a.professional_id"


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


class RecordOffice:
    """Reads files and writes changes. Every method raises Refusal when the registry is busy or does not answer.

    What changes a record also raises ChangedMeanwhile: it is not what the file says, and nothing is kept.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    @classmethod
    def of_pool(cls, pool: ConnectionPool[Any]) -> Self:
        """The office of a door."""
        return cls(pool.connection)

    @classmethod
    def of_owner(cls, connection: psycopg.Connection[Any]) -> Self:
        """The office of the administration: `connection` is the owner's, its search path any."""

        @contextmanager
        def connected() -> Iterator[psycopg.Connection[Any]]:
            with connection.transaction():
                connection.execute("SET LOCAL search_path = ecluse, pg_temp")
                yield connection

        return cls(connected)

    def file(self, patient_id: str, *holders: str | None) -> RecordFile:
        """All that is known of a patient (CX), with the authorisations of these holders (PS_IdNat, Struct_IdNat)."""
        row = self._one(_FILE, canonical_patient_id(patient_id), [one for one in holders if one])
        if row is None:
            raise LookupError("a file is always answered")
        return _file(canonical_patient_id(patient_id), row)

    def holders(self, record: Record) -> tuple[HeldAuthorisation, ...]:
        """Every authorisation and every block on a record, by holder (DMP TD1.6)."""
        with answering(), self._connect() as connection:
            rows = connection.execute(_HOLDERS, (record.patient_key,)).fetchall()
        return tuple(_held(row[0]) for row in rows)

    def create(self, patient_id: str, key: RecordKey, facts: Facts, act: Act) -> bool:
        """Create a record that is not attached to the national space; False: there is one already (DMP TD1.1)."""
        public = key.public.to_bytes()
        said = self._write(
            _CREATE, canonical_patient_id(patient_id), key.key_id, public, key.wrapped, facts.as_json(), *_texts(act)
        )
        return bool(said == "DONE")

    def reactivate(self, record: Record, facts: Facts, act: Act) -> None:
        """Open a closed record again, with all it held (DMP TD1.2)."""
        self._write(_REACTIVATE, record.patient_key, record.revision, facts.as_json(), *_texts(act))

    def change(self, record: Record, facts: Facts, act: Act) -> None:
        """Change what is known of the holder, and his emergency consents (DMP TD1.3b, TD1.5b)."""
        self._write(_CHANGE, record.patient_key, record.revision, facts.as_json(), *_texts(act))

    def close(self, record: Record, *, motive: str, reason: str, act: Act) -> None:
        """Close a record (DMP TD1.4)."""
        self._write(_CLOSE, record.patient_key, record.revision, motive, reason, *_texts(act))

    def authorise(self, record: Record, held: HeldAuthorisation, act: Act) -> None:
        """Set what a holder may do with a record, a block included; `declared_at` is not looked at (DMP TD0.3)."""
        one = held.authorisation
        row = {
            "professional_id": one.professional_id,
            "status": one.status.value,
            "valid_until": one.valid_until,
            "holder_kind": "STRUCTURE" if held.structure else "PS",
            "medecin_traitant": one.medecin_traitant,
            "holder_name": held.name,
            "profession": held.profession,
            "structure_id": held.structure_id,
        }
        self._write(_AUTHORISE, record.patient_key, record.revision, orjson.dumps(row).decode(), *_texts(act))

    def forget(self, record: Record, holder_id: str, act: Act) -> None:
        """Remove an authorisation, or a block: its holder is NON_EXISTE again (DMP TD0.3)."""
        row = orjson.dumps({"professional_id": holder_id, "status": None}).decode()
        self._write(_AUTHORISE, record.patient_key, record.revision, row, *_texts(act))

    def give_access(
        self, record: Record, *, login: str, password_hash: str, channel: str, facts: Facts, act: Act
    ) -> bool:
        """Open the internet account of the holder; without login, renew the codes of the one there is (DMP TD1.5).

        `channel` is EMAIL, SMS or empty: as it is. False: another holder has this login.
        """
        said = self._write(
            _ACCESS,
            *(record.patient_key, record.revision, login, password_hash, channel, facts.as_json()),
            *_texts(act),
        )
        return bool(said == "DONE")

    def _one(self, statement: str, *parameters: Any) -> Any:
        with answering(), self._connect() as connection:
            row = connection.execute(statement.encode(), parameters).fetchone()
        return row[0] if row is not None else None

    def _write(self, statement: str, *parameters: Any) -> Any:
        try:
            return self._one(statement, *parameters)
        except psycopg.errors.UniqueViolation as error:  # what was free a moment ago
            raise ChangedMeanwhile from error
        except psycopg.Error as error:
            if error.sqlstate != _CHANGED:
                raise
            raise ChangedMeanwhile from error


def _texts(act: Act) -> tuple[str, str]:
    return act.event.canonical().decode("utf-8"), f"[{act.trace.as_json()}]"


def _file(patient_id: str, found: Mapping[str, Any]) -> RecordFile:
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


def _held(row: Mapping[str, Any]) -> HeldAuthorisation:
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
