"""Administration of records: opening and listing them. Works with the owner role, never from a door.

What is done to a record that is there is in `gateway.administration`: its life, its holder, its professionals. Each
operation, its trace and its audit event are one transaction; the event names the record by its internal key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg

from gateway.acts import Act, event_text, trace_json
from gateway.administration.holder import admit_authority
from gateway.administration.life import close_record
from gateway.administration.office import RecordsError, administrator, must_be_of_our_time
from gateway.administration.professionals import AUTHORISATION_DAYS, authorise, block, revoke, unblock
from security.at_rest.record_keys import Kek, create_record_key
from security.audit.event import Outcome
from xds.dmp.record import Record, RecordStatus
from xds.dmp.traces import Actor, ActorKind, Notice, NoticeKind
from xds.errors import XdsErrorCode
from xds.metadata.ins import has_form, has_key
from xds.registry.identifiers import canonical_patient_id

__all__ = [
    "AUTHORISATION_DAYS",
    "TEST_INS_OID",
    "RecordRow",
    "RecordsError",
    "authorise",
    "block",
    "close_record",
    "cx",
    "list_records",
    "open_record",
    "revoke",
    "unblock",
]

TEST_INS_OID = "1.2.250.1.213.1.4.10"
_OPEN = (
    "SELECT ecluse.record_opens(%(patient_id)s, %(key_id)s, %(public_key)b, %(wrapped)b, a.at, %(attached)s), a.at,"
    " a.at > ecluse.law_now() FROM (SELECT COALESCE(%(at)s::timestamptz, ecluse.law_now()) AS at) AS a"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A record as an administrator sees it: `authorised` counts the professionals who may read now."""

    patient_id: str
    status: RecordStatus
    opened_at: datetime
    documents: int
    authorised: int


def cx(ins: str, oid: str = TEST_INS_OID) -> str:
    """The CX of an INS, 13 characters and their key: `<ins>^^^&<oid>&ISO^NH`.

    Raises RecordsError: not an INS. A record under a mistyped one would never meet its documents.
    """
    if not has_form(ins):
        raise RecordsError("an INS is 15 characters: 13 digits (A or B after 2 for Corsica) and 2 digits of key")
    if not has_key(ins):
        raise RecordsError("the key of the INS, its last 2 digits, does not fit the 13 others")
    return f"{ins}^^^&{oid}&ISO^NH"


def open_record(
    connection: psycopg.Connection[Any],
    patient_id: str,
    *,
    kek: Kek,
    at: datetime | None = None,
    attached_to_ens: bool = True,
    reimbursements: bool = False,
) -> Record:
    """Open the record of a patient (CX) and make its key pair. `at` is an instant of the law's clock; now when absent.

    `reimbursements`: the keeper of the house feeds the holder's into it.

    Raises RecordsError: there is one already, the INS was replaced by another one, or it is not of an authority that
    this house admits: a genuine patient is refused before anything is written.
    """
    admit_authority(patient_id)
    if at is not None:
        must_be_of_our_time(at)
    key = create_record_key(kek)
    request_id, who = str(uuid4()), administrator()
    with connection.transaction():
        row = connection.execute(
            _OPEN,
            {
                "patient_id": canonical_patient_id(patient_id),
                "key_id": key.key_id,
                "public_key": key.public.to_bytes(),
                "wrapped": key.wrapped,
                "at": at,
                "attached": attached_to_ens,
            },
        ).fetchone()
        if row is None or row[0] is None:
            raise RecordsError("this patient has a record already", XdsErrorCode.DMP_FOUND)
        patient_key, opened_at, in_future = row
        if in_future:
            raise RecordsError("a record is not opened in the future, by the law's clock", "SBX_TIME_IN_FUTURE")
        if reimbursements:
            connection.execute(
                "UPDATE ecluse.records SET reimbursements_due_at = opened_at WHERE patient_key = %s", (patient_key,)
            )
        trace = trace_json(
            Act.OPEN,
            Outcome.SUCCESS,
            Actor(kind=ActorKind.SUPPORT, id=who),
            request_id,
            patient_id=canonical_patient_id(patient_id),
            notices=(Notice(NoticeKind.RECORD_CREATED, request_id),),
        )
        event = event_text(Act.OPEN, Outcome.SUCCESS, who, request_id, patient_key=patient_key)
        connection.execute(
            "SELECT ecluse.act_trace(%s, %s, %s::text::jsonb), ecluse.audit_append(%s)",
            (patient_key, opened_at, trace, [event]),
        )
    return Record(patient_key=patient_key, status=RecordStatus.OPEN, key_id=key.key_id, attached_to_ens=attached_to_ens)


def list_records(connection: psycopg.Connection[Any]) -> tuple[RecordRow, ...]:
    """Every record, oldest first."""
    rows = connection.execute(
        "SELECT p.patient_id, r.status, r.opened_at,"
        " (SELECT count(*) FROM ecluse.document_entries e WHERE e.patient_key = r.patient_key),"
        " (SELECT count(*) FROM ecluse.authorisations a WHERE a.patient_key = r.patient_key AND a.status = 'VALIDE'"
        "  AND (a.valid_until IS NULL OR a.valid_until > ecluse.law_now()))"
        " FROM ecluse.records r JOIN ecluse.patients p USING (patient_key) ORDER BY r.opened_at, p.patient_id"
    ).fetchall()
    return tuple(
        RecordRow(
            patient_id=patient_id,
            status=RecordStatus(status),
            opened_at=opened.astimezone(UTC),
            documents=documents,
            authorised=allowed,
        )
        for patient_id, status, opened, documents, allowed in rows
    )
