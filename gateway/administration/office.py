"""One act of the administration on one record: locked, done, traced and audited in one transaction.

A refusal changes nothing, and is traced in the record with its code. Works with the owner role, never from a door.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from gateway.acts import Act, event_text, trace_json
from security.audit.event import Outcome
from xds.dmp.record import RecordStatus
from xds.dmp.record_lifecycle import Life
from xds.dmp.traces import Actor, ActorKind, Notice, NoticeKind
from xds.errors import XdsErrorCode
from xds.registry.identifiers import canonical_patient_id
from xds.registry.record_file import Facts

_LOCK = (
    "SELECT r.patient_key, r.status, r.opened_at, r.closed_at, r.suspended_at, r.deceased_on,"
    " r.destruction_requested_at, r.birth_date, r.protected, ecluse.law_now()"
    " FROM ecluse.records r JOIN ecluse.patients p USING (patient_key)"
    " WHERE p.patient_id = %s AND r.status <> 'MERGED' FOR NO KEY UPDATE OF r"
)
_WRITE = "SELECT ecluse.act_trace(%s, %s, %s::text::jsonb), ecluse.audit_append(%s)"

_FIRST_YEAR, _LAST_YEAR = 1900, 9000


class RecordsError(Exception):
    """The act makes no sense on this record. The text is safe to print; `code` is empty where none is published."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text if not code else f"{text} ({code})")
        self.code = code


@dataclass(slots=True, kw_only=True)
class Doing:
    """A record under its lock, and what its trace will say. `at` is the law time of the act; `notices` are told of."""

    connection: psycopg.Connection[Any]
    patient_id: str
    patient_key: UUID
    status: RecordStatus
    opened_at: datetime
    life: Life
    birth_date: date | None
    protected: bool
    at: datetime
    reason: str = ""
    objects: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    request_id: str = field(default_factory=lambda: str(uuid4()))

    def change(self, assignments: str, **values: Any) -> None:
        """Set columns of the record."""
        query = f"UPDATE ecluse.records SET {assignments} WHERE patient_key = %(patient_key)s"  # noqa: S608 - ours
        self.connection.execute(query.encode(), {"patient_key": self.patient_key, **values})

    def tell(self, kind: NoticeKind, subject: str = "") -> None:
        """Announce something, once for one subject: this act, when none is named."""
        self.notices.append(Notice(kind, subject or self.request_id))

    def call(self, function: str, *arguments: Any) -> Any:
        """Change the record as the doors do: one function of the database writes each change, whoever makes it."""
        places = ", ".join(["%s"] * (1 + len(arguments)))
        query = f"SELECT ecluse.{function}({places})"
        row = self.connection.execute(query.encode(), (self.patient_key, *arguments)).fetchone()
        return row[0] if row is not None else None

    def declare(self, facts: Facts) -> None:
        """Write down what is known of the holder; what `facts` do not speak of stays."""
        self.call("keep_facts", as_jsonb(facts.as_json()))

    def must_be_open(self) -> None:
        """Raise RecordsError: closed or suspended."""
        if self.status is RecordStatus.CLOSED:
            raise RecordsError("the record of this patient is closed", XdsErrorCode.DMP_CLOSED)
        if self.status is RecordStatus.SUSPENDED:
            raise RecordsError("the record of this patient is suspended", "SBX_RECORD_SUSPENDED")


@contextmanager
def doing(
    connection: psycopg.Connection[Any], patient_id: str, act: Act, *, at: datetime | None = None, reason: str = ""
) -> Iterator[Doing]:
    """Lock the record of a patient (CX), let the caller act, write trace, notices and audit event, commit.

    `at` is an instant of the law's clock that is past; now when absent.
    Raises RecordsError: no record, `at` in the future, or what the caller raises, which is traced as a refusal.
    """
    found: Doing | None = None
    try:
        with connection.transaction():
            found = _hold(connection, patient_id, at, reason)
            yield found
            connection.execute(
                "UPDATE ecluse.records SET revision = revision + 1 WHERE patient_key = %s", (found.patient_key,)
            )
            _write(found, act, Outcome.SUCCESS)
    except RecordsError as error:
        if found is not None:
            found.notices.clear()
            with connection.transaction():
                _write(found, act, Outcome.REFUSED, code=error.code)
        raise


def look(connection: psycopg.Connection[Any], patient_id: str, act: Act, *, reason: str = "") -> None:
    """Write down that the administration is about to read what a record holds; nothing where there is no record."""
    with connection.transaction():
        try:
            found = _hold(connection, patient_id, None, reason)
        except RecordsError:
            return
        _write(found, act, Outcome.SUCCESS)


def as_jsonb(text: str) -> Jsonb:
    """A text that is JSON already, as an argument."""
    return Jsonb(text, dumps=str)


def must_be_of_our_time(instant: datetime) -> None:
    """Raise RecordsError: an instant that the calendar of a database or of this software cannot hold."""
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise RecordsError(f"an instant is between the years {_FIRST_YEAR} and {_LAST_YEAR}; found {instant.year}")


def administrator() -> str:
    """The account that runs the command; a container may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _hold(connection: psycopg.Connection[Any], patient_id: str, at: datetime | None, reason: str) -> Doing:
    if at is not None:
        must_be_of_our_time(at)
    row = connection.execute(_LOCK, (canonical_patient_id(patient_id),)).fetchone()
    if row is None:
        raise RecordsError("this patient has no record", XdsErrorCode.UNKNOWN_PATIENT_ID)
    patient_key, status, opened_at, closed_at, suspended_at, deceased_on, requested_at, born, protected, now = row
    if at is not None and at > now:
        raise RecordsError("the instant of the act is not past yet, by the law's clock", "SBX_TIME_IN_FUTURE")
    return Doing(
        connection=connection,
        patient_id=canonical_patient_id(patient_id),
        patient_key=patient_key,
        status=RecordStatus(status),
        opened_at=opened_at,
        life=Life(
            status=RecordStatus(status),
            closed_at=closed_at,
            suspended_at=suspended_at,
            deceased_on=deceased_on,
            destruction_requested_at=requested_at,
        ),
        birth_date=born,
        protected=protected,
        at=at or now,
        reason=reason,
    )


def _write(found: Doing, act: Act, outcome: Outcome, *, code: str = "") -> None:
    who = administrator()
    trace = trace_json(
        act,
        outcome,
        Actor(kind=ActorKind.SUPPORT, id=who),
        found.request_id,
        patient_id=found.patient_id,
        reason=found.reason,
        code=code,
        notices=found.notices,
    )
    event = event_text(
        act, outcome, who, found.request_id, patient_key=found.patient_key, objects=found.objects, code=code
    )
    found.connection.execute(_WRITE, (found.patient_key, found.at, trace, [event]))
