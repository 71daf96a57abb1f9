"""Rows of real submissions as templates: copied out of the tables in COPY's binary form, then told under other ids.

A template knows nothing of columns: it finds the identifiers of what was registered among the bytes, wherever they
stand, and puts as many bytes of another identifier in their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER: Final = b"\xff\xff"
"""What stands before and after the rows (PostgreSQL, COPY, binary format)."""
PATIENT_TABLES: Final = ("patients", "records", "record_keys", "authorisations")
SUBMISSION_TABLES: Final = ("unique_ids", "submission_sets", "document_entries", "folders", "associations")
"""In the order in which their foreign keys let them be filled."""
_PARTS = re.compile(
    rb'<rim:(?:Classification|ExternalIdentifier) id="urn:uuid:([0-9a-f-]{36})"'
    rb'[^>]* (?:classifiedObject|registryObject)="urn:uuid:([0-9a-f-]{36})"'
)


class Template:
    """The rows of one table. `render` gives them with other identifiers, in COPY's binary form, without its header."""

    def __init__(self, rows: bytes, identifiers: Iterable[bytes]) -> None:
        wanted = sorted(set(identifiers), key=len, reverse=True)
        found = re.split(b"(" + b"|".join(map(re.escape, wanted)) + b")", rows, flags=re.DOTALL)
        self._pieces = found
        self.holes: Sequence[bytes] = found[1::2]

    def render(self, others: Mapping[bytes, bytes]) -> bytes:
        """The rows with each identifier replaced by what `others` maps it to."""
        self._pieces[1::2] = [others[identifier] for identifier in self.holes]
        return b"".join(self._pieces)


def copy_out(connection: psycopg.Connection[Any], table: str, patient_key: UUID) -> bytes:
    """The rows of one patient in `table`, in COPY's binary form, without its header, nor what the server works out."""
    columns = [
        sql.Identifier(name)
        for (name,) in connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'ecluse' AND table_name = %s"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position",
            (table,),
        )
    ]
    statement = sql.SQL("COPY (SELECT {} FROM ecluse.{} WHERE patient_key = {}) TO STDOUT (FORMAT binary)").format(
        sql.SQL(", ").join(columns), sql.Identifier(table), sql.Literal(patient_key)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        content = b"".join(map(bytes, copy))
    return content[len(HEADER) : -len(TRAILER)]


def copy_in(connection: psycopg.Connection[Any], table: str, rows: Sequence[bytes]) -> None:
    """Add rows to `table`."""
    if not any(rows):
        return
    statement = sql.SQL("COPY ecluse.{} FROM STDIN (FORMAT binary)").format(sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(b"".join((HEADER, *rows, TRAILER)))


def part_ids(rows: bytes) -> dict[bytes, tuple[bytes, bytes]]:
    """Ids of the parts of objects (classifications, identifiers): for each, that of its object and a prefix of its own.

    The prefix followed by the object's id from its ninth character on is an id as good: every part of an object has
    another prefix.
    """
    found: dict[bytes, tuple[bytes, bytes]] = {}
    for number, (part, parent) in enumerate(_PARTS.findall(rows), start=1):
        found.setdefault(part, (parent, b"%08x" % number))
    return found
