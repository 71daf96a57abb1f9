"""The office of records: all that the law needs to know of one record, and every change made to it.

Used by the consultation door with its pool; the administration reads with a connection of the owner. A change is one
statement with its trace and its audit event. Whoever changes decided on a file read without a lock: its revision is
compared under it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

import psycopg
from psycopg_pool import ConnectionPool

from security.at_rest.new_record import RecordKey
from xds.dmp.record import Record
from xds.registry.availability import ChangedMeanwhile, answering
from xds.registry.identifiers import canonical_patient_id
from xds.registry.record_file import Act, Facts, HeldAuthorisation, RecordFile, read_file, read_held

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]

_CHANGED = "XDS02"
_FILE = "SELECT record_file(%s, %s)"
_CREATE = "SELECT create_record(%s, %s, %b, %b, %s::text::jsonb, %s, %s::text::jsonb)"
_REACTIVATE = "SELECT reactivate_record(%s, %s, %s::text::jsonb, %s, %s::text::jsonb)"
_CHANGE = "SELECT change_record(%s, %s, %s::text::jsonb, %s, %s::text::jsonb)"
_CLOSE = "SELECT close_record(%s, %s, %s, %s, %s, %s::text::jsonb)"
_AUTHORISE = "SELECT set_authorisation(%s, %s, %s::text::jsonb, %s, %s::text::jsonb)"
_FORGET = "SELECT remove_authorisation(%s, %s, %s, %s, %s::text::jsonb)"
_ACCESS = "SELECT set_patient_access(%s, %s, %s, %s, %s, %s::text::jsonb, %s, %s::text::jsonb)"
_HOLDERS = "SELECT to_jsonb(a) FROM authorisations a WHERE a.patient_key = %s ORDER BY a.professional_id"


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
        return read_file(canonical_patient_id(patient_id), row)

    def holders(self, record: Record) -> tuple[HeldAuthorisation, ...]:
        """Every authorisation and every block on a record, by holder (DMP TD1.6)."""
        with answering(), self._connect() as connection:
            rows = connection.execute(_HOLDERS, (record.patient_key,)).fetchall()
        return tuple(read_held(row[0]) for row in rows)

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
        """Close an open record (DMP TD1.4)."""
        self._write(_CLOSE, record.patient_key, record.revision, motive, reason, *_texts(act))

    def authorise(self, record: Record, held: HeldAuthorisation, act: Act) -> None:
        """Let a holder read a record: VALIDE, whatever he had but a block, which stays (DMP TD0.3)."""
        self._write(_AUTHORISE, record.patient_key, record.revision, held.as_json(), *_texts(act))

    def forget(self, record: Record, holder_id: str, act: Act) -> None:
        """Remove an authorisation: its holder is NON_EXISTE again (DMP TD0.3). A block stays."""
        self._write(_FORGET, record.patient_key, record.revision, holder_id, *_texts(act))

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
