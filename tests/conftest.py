"""What tests of every package share: real things, made once a session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gateway.database.opening import Database, open_database
from samples.pki.factory import TestPki, create


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A real server in a temporary folder: roles made, all migrations applied. Shared: bring fresh identifiers."""
    opened = open_database(tmp_path_factory.mktemp("database"))
    yield opened
    opened.destroy()


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """The test PKI, made once for the whole run, now. A test that revokes something works on a copy of it."""
    return create(tmp_path_factory.mktemp("pki") / "pki", datetime.now(UTC))
