"""Administration of records: opening, authorising, closing. Works with the owner role, never from a door.

Each operation and its audit event are one transaction; the event names the record by its internal key.
"""

from __future__ import annotations

import getpass
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg

from profiles.codes import load_domain
from security.at_rest.record_keys import Kek, create_record_key
from security.audit.event import AuditEvent, Outcome
from xds.dmp.record import AuthorisationStatus, Record, RecordStatus
from xds.registry.identifiers import canonical_patient_id

TEST_INS_OID = "1.2.250.1.213.1.4.10"
AUTHORISATION_DAYS = 365
_INSERT_RECORD = (
    "WITH patient AS (INSERT INTO ecluse.patients VALUES (%(patient_key)s, %(patient_id)s)"
    " ON CONFLICT (patient_id) DO NOTHING RETURNING patient_key)"
    " INSERT INTO ecluse.records (patient_key, status, key_id, public_key, opened_at)"
    " SELECT patient_key, 'OPEN', %(key_id)s, %(public_key)b, now() FROM patient RETURNING patient_key"
)


_INS = re.compile(r"\d{5}(?:\d\d|2[AB])\d{8}", re.ASCII)


class RecordsError(Exception):
    """The operation makes no sense on this record. The text is safe to print."""


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
    if not _INS.fullmatch(ins):
        raise RecordsError("an INS is 15 characters: 13 digits (A or B after 2 for Corsica) and 2 digits of key")
    number = int(ins[:13].replace("2A", "19").replace("2B", "18"))
    if int(ins[13:]) != 97 - number % 97:
        raise RecordsError("the key of the INS, its last 2 digits, does not fit the 13 others")
    return f"{ins}^^^&{oid}&ISO^NH"


def open_record(connection: psycopg.Connection[Any], patient_id: str, *, kek: Kek) -> Record:
    """Open the record of a patient (CX) and make its key pair.

    Raises RecordsError: there is one already, or the INS is not of an authority that this house admits: a genuine
    patient is refused before anything is written.
    """
    authority = patient_id.split("^")[3:4]
    allowed = load_domain().patient_authorities
    if not any(f"&{oid}&" in part for oid in allowed for part in authority):
        raise RecordsError(f"the authority of the INS is one of {', '.join(sorted(allowed))}")
    key = create_record_key(kek)
    patient_key: UUID = uuid4()
    with connection.transaction():
        row = connection.execute(
            _INSERT_RECORD,
            {
                "patient_key": patient_key,
                "patient_id": canonical_patient_id(patient_id),
                "key_id": key.key_id,
                "public_key": key.public.to_bytes(),
            },
        ).fetchone()
        if row is None:
            raise RecordsError("this patient has a record already")
        connection.execute(
            "INSERT INTO ecluse.record_keys (patient_key, key_id, wrapped_private_key) VALUES (%s, %s, %b)",
            (patient_key, key.key_id, key.wrapped),
        )
        _trace(connection, "RECORD-OPEN", patient_key)
    return Record(patient_key=patient_key, status=RecordStatus.OPEN, key_id=key.key_id)


def authorise(
    connection: psycopg.Connection[Any], patient_id: str, professional_id: str, *, until: datetime | None = None
) -> None:
    """Authorise a professional (PS_IdNat) to read a record, for 365 days unless `until` says otherwise.

    Raises RecordsError: no open record, or the patient blocked this professional (DMP TD0.3: then even a new
    authorisation is refused).
    """
    valid_until = until or datetime.now(UTC) + timedelta(days=AUTHORISATION_DAYS)
    with connection.transaction():
        patient_key = _open_record_of(connection, patient_id)
        row = connection.execute(
            "INSERT INTO ecluse.authorisations AS a VALUES (%s, %s, 'VALIDE', %s, now())"
            " ON CONFLICT (patient_key, professional_id) DO UPDATE SET status = 'VALIDE',"
            " valid_until = excluded.valid_until, declared_at = now() WHERE a.status <> 'INTERDIT' RETURNING 1",
            (patient_key, professional_id, valid_until),
        ).fetchone()
        if row is None:
            raise RecordsError("the patient blocked this professional")
        _trace(connection, "RECORD-AUTHORISE", patient_key, professional_id)


def block(connection: psycopg.Connection[Any], patient_id: str, professional_id: str) -> None:
    """Block a professional at the patient's request (INTERDIT). Raises RecordsError: no open record."""
    with connection.transaction():
        patient_key = _open_record_of(connection, patient_id)
        connection.execute(
            "INSERT INTO ecluse.authorisations VALUES (%s, %s, %s, NULL, now())"
            " ON CONFLICT (patient_key, professional_id) DO UPDATE SET status = excluded.status, valid_until = NULL,"
            " declared_at = now()",
            (patient_key, professional_id, str(AuthorisationStatus.INTERDIT)),
        )
        _trace(connection, "RECORD-BLOCK", patient_key, professional_id)


def revoke(connection: psycopg.Connection[Any], patient_id: str, professional_id: str) -> None:
    """Remove an authorisation or a block: the professional is NON_EXISTE again. Raises RecordsError: there is none."""
    with connection.transaction():
        patient_key = _open_record_of(connection, patient_id)
        row = connection.execute(
            "DELETE FROM ecluse.authorisations WHERE patient_key = %s AND professional_id = %s RETURNING 1",
            (patient_key, professional_id),
        ).fetchone()
        if row is None:
            raise RecordsError("this professional has no authorisation on this record")
        _trace(connection, "RECORD-REVOKE", patient_key, professional_id)


def close_record(connection: psycopg.Connection[Any], patient_id: str) -> None:
    """Close a record: no more feeding, no more reading (DMP TD1.4). Raises RecordsError: no open record."""
    with connection.transaction():
        patient_key = _open_record_of(connection, patient_id)
        connection.execute(
            "UPDATE ecluse.records SET status = 'CLOSED', closed_at = now() WHERE patient_key = %s", (patient_key,)
        )
        _trace(connection, "RECORD-CLOSE", patient_key)


def list_records(connection: psycopg.Connection[Any]) -> tuple[RecordRow, ...]:
    """Every record, oldest first."""
    rows = connection.execute(
        "SELECT p.patient_id, r.status, r.opened_at,"
        " (SELECT count(*) FROM ecluse.document_entries e WHERE e.patient_key = r.patient_key),"
        " (SELECT count(*) FROM ecluse.authorisations a WHERE a.patient_key = r.patient_key AND a.status = 'VALIDE'"
        "  AND (a.valid_until IS NULL OR a.valid_until > now()))"
        " FROM ecluse.records r JOIN ecluse.patients p USING (patient_key) ORDER BY r.opened_at, p.patient_id"
    ).fetchall()
    return tuple(
        RecordRow(
            patient_id=patient_id,
            status=RecordStatus(status),
            opened_at=opened,
            documents=documents,
            authorised=allowed,
        )
        for patient_id, status, opened, documents, allowed in rows
    )


def seed(connection: psycopg.Connection[Any], path: Path, *, kek: Kek) -> int:
    """Open the records that a TOML or JSON file describes, all or none; returns how many.

    The file holds `records`, a list of tables with `ins`, optionally `oid`, and `authorise`, a list of PS_IdNat.
    Raises RecordsError: another form, or a record that exists already.
    """
    try:
        content = path.read_bytes()
        tree = orjson.loads(content) if path.suffix == ".json" else tomllib.loads(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise RecordsError(f"{path.name} cannot be read: {type(error).__name__}") from error
    items = tree.get("records") if isinstance(tree, Mapping) else None
    if not isinstance(items, list):
        raise RecordsError(f"{path.name} has no list `records`")
    with connection.transaction():
        for number, item in enumerate(items, start=1):
            if not isinstance(item, Mapping) or not isinstance(item.get("ins"), str):
                raise RecordsError(f"record {number} of {path.name} has no text `ins`")
            patient_id = cx(item["ins"], str(item.get("oid", TEST_INS_OID)))
            open_record(connection, patient_id, kek=kek)
            for professional_id in item.get("authorise", ()):
                authorise(connection, patient_id, str(professional_id))
    return len(items)


def _open_record_of(connection: psycopg.Connection[Any], patient_id: str) -> UUID:
    """Lock the record, as everyone does who changes it."""
    row = connection.execute(
        "SELECT patient_key, status FROM ecluse.records JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = %s FOR NO KEY UPDATE OF records",
        (canonical_patient_id(patient_id),),
    ).fetchone()
    if row is None:
        raise RecordsError("this patient has no record")
    if row[1] != RecordStatus.OPEN:
        raise RecordsError("the record of this patient is closed")
    patient_key: UUID = row[0]
    return patient_key


def _trace(connection: psycopg.Connection[Any], transaction: str, patient_key: UUID, *objects: str) -> None:
    event = AuditEvent(
        door="administration",
        time=datetime.now(UTC),
        transaction=transaction,
        outcome=Outcome.SUCCESS,
        request_id=str(uuid4()),
        actor_id=_administrator(),
        objects=(str(patient_key), *objects),
    )
    connection.execute("SELECT ecluse.audit_append(%s)", ([event.canonical().decode("utf-8")],))


def _administrator() -> str:
    """The account that runs the command; a container may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
