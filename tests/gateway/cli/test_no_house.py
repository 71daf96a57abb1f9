"""A data directory whose name is mistaken is told, and none is made: nothing in it would be found wrong."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from gateway.cli.main import main


@pytest.mark.parametrize(
    "words",
    [
        "audit verify",
        "audit show",
        "inbox list",
        "inbox replay",
        f"inbox drop {UUID(int=1)}",
        "letters list",
        f"letters show {UUID(int=1)}",
        "outbox list",
        "jobs list",
    ],
)
def test_a_command_that_looks_at_a_house_makes_none(tmp_path: Path, words: str) -> None:
    absent = tmp_path / "mistaken"

    told = CliRunner().invoke(main, ["--lang", "en", *words.split(), "--data", str(absent)])

    assert told.exit_code == 1
    assert "is not a data directory" in told.stderr
    assert not absent.exists()
