"""What tests of every package share: real things, made once a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.database.opening import Database, open_database


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real server in a temporary folder: roles made, all migrations applied. Shared: bring fresh identifiers."""
    opened = open_database(tmp_path_factory.mktemp("database"))
    yield opened
    opened.destroy()
