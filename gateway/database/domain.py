"""Which domain a house belongs to: said once, by the owner, before any record exists."""

from __future__ import annotations

import psycopg

from gateway.database.errors import DatabaseSetupError


def declare_domain(owner_url: str, domain: str) -> None:
    """Write the domain of this house, `dmp` or `ihe`, where the functions of the doors read it. Idempotent.

    A house made before domains were told is one of the DMP.
    Raises DatabaseSetupError: there are records already, of the other domain.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection, connection.transaction():
        connection.execute("LOCK TABLE ecluse.house IN EXCLUSIVE MODE")
        row = connection.execute(
            "SELECT coalesce((SELECT domain FROM ecluse.house), 'dmp'), EXISTS (SELECT FROM ecluse.records)"
        ).fetchone()
        declared, inhabited = row or ("dmp", False)
        if declared != domain and inhabited:
            raise DatabaseSetupError(
                f"this data directory belongs to the domain {declared} and holds records: "
                f"serve it with domain = {declared}, or start {domain} on another directory"
            )
        connection.execute("DELETE FROM ecluse.house")
        connection.execute("INSERT INTO ecluse.house VALUES (%s)", (domain,))
