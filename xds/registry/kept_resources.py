"""What the DocumentReference of an entry says as long as its fragment stays: written once, kept beside the entry.

Whoever registers an entry writes both, in one statement. The digest says of which fragment it is: only the database
knows whether a document that replaces another one is registered masked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final, LiteralString

import orjson

from xds.metadata.document_entry import DocumentEntry
from xds.mhd.document_reference import FORM, write_lasting
from xds.registry.identifiers import uuid_text
from xds.registry.rows import uuid_array

KEEP: Final[LiteralString] = "keep_resources(%s::uuid[], %b::bytea[], %s, %b::bytea[])"
"""What keeps them; the entries were registered in the same transaction."""


def to_keep(entries: Iterable[tuple[DocumentEntry, bytes]]) -> tuple[str, list[bytes], int, list[bytes]]:
    """The values of KEEP, of entries and the fragments they may be registered with; ids are `urn:uuid:`."""
    known = list(entries)
    return (
        uuid_array(uuid_text(entry.entry_uuid) for entry, _ in known),
        [hashlib.sha256(fragment).digest() for _, fragment in known],
        FORM,
        [orjson.dumps(write_lasting(entry)) for entry, _ in known],
    )


def after(statement: LiteralString) -> LiteralString:
    """The statement that calls a function which registers, and then keeps what it registered, in one round trip."""
    return f"SELECT CASE WHEN {statement} IS NOT NULL THEN {KEEP} END"


def read_kept(resource: bytes) -> dict[str, Any]:
    """What was kept."""
    lasting: dict[str, Any] = orjson.loads(resource)
    return lasting
