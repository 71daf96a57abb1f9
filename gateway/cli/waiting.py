"""What waits in the house, as its administrator lists and changes it: plain values, and one transaction a change."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from gateway.cli.administration import administration


def change(statements: tuple[LiteralString, ...], item_id: object, file: Path | None, data: str | None) -> int:
    """Run statements on one item, or on all when it is None, all of them or none; how many rows they changed."""
    with administration(file, data) as house, house.connection.transaction():
        return sum(house.connection.execute(statement, {"id": item_id}).rowcount for statement in statements)


def rows(connection: psycopg.Connection[Any], statement: LiteralString, parameter: object) -> list[dict[str, Any]]:
    """The rows of a statement with one parameter, as values that JSON has."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(statement, (parameter,)).fetchall()
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value if value is None or isinstance(value, int | str | list) else str(value)
