"""Assertions already seen, in the database that all the processes of a door share."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from psycopg_pool import ConnectionPool


class DatabaseReplayStore:
    """Remembers assertions until they expire. Identifiers are kept as hashes: an issuer's name is a person's name."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def remember(self, issuer: str, assertion_id: str, binding: str, expires: datetime) -> bool:
        """Record an assertion; False when it was seen with another binding. `expires` has a time zone.

        Insertion comes first and the unique index decides: two callers at once cannot both be the first. An error of
        the database is raised as it comes: an assertion that cannot be remembered is not accepted.
        """
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT assertion_seen(%b, %b, %s)",
                (_digest(issuer, assertion_id), _digest(binding), expires),
            ).fetchone()
        return row is not None and row[0] is True


def _digest(*parts: str) -> bytes:
    """SHA-256 of texts, each preceded by its length, so that no two lists give the same bytes."""
    hasher = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8")
        hasher.update(len(encoded).to_bytes(8, "big") + encoded)
    return hasher.digest()
