"""Fixtures of every test."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from samples.pki.factory import TestPki, create


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> TestPki:
    """The test PKI, made once for the whole run, now. A test that revokes something makes its own copy."""
    return create(tmp_path_factory.mktemp("pki") / "pki", datetime.now(UTC))
