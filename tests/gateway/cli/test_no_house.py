"""A data directory whose name is mistaken is told, and none is made: nothing in it would be found wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main
from gateway.database.opening import open_database

INS = "258076912301541"
DOCUMENT = f"2.25.{UUID(int=1).int}"
LOOKING = [
    "audit verify",
    "audit show",
    "inbox list",
    "inbox replay",
    f"inbox drop {UUID(int=1)}",
    "letters list",
    f"letters show {UUID(int=1)}",
    "outbox list",
    "jobs list",
    "records list",
    f"records describe {INS}",
    f"records authorise {INS} 810000000001",
    f"records close {INS}",
    f"records mask {INS} {DOCUMENT}",
    "world show",
    "clock",
    "clock advance 1d",
    "traces P1",
    "why --patient P1 --as M2",
    "diff-faces P1",
    "fsck",
]


def say(words: str, data: Path) -> Result:
    return CliRunner().invoke(main, ["--lang", "en", *words.split(), "--data", str(data)])


@pytest.mark.parametrize("words", LOOKING)
def test_a_command_that_looks_at_a_house_makes_none(tmp_path: Path, words: str) -> None:
    absent = tmp_path / "mistaken"

    told = say(words, absent)

    assert told.exit_code == 1
    assert "is not a data directory" in told.stderr
    assert not absent.exists()


@pytest.mark.parametrize("words", LOOKING)
def test_a_directory_of_somebody_else_stays_as_it_was(tmp_path: Path, words: str) -> None:
    (tmp_path / "letter.txt").write_text("mine")

    told = say(words, tmp_path)

    assert told.exit_code == 1
    assert "is not a data directory" in told.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["letter.txt"]


@pytest.fixture
def absent(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "new"
    yield data
    open_database(data).destroy()


def test_a_first_record_makes_the_house_that_is_then_looked_at(absent: Path) -> None:
    assert say(f"records open {INS}", absent).exit_code == 0

    assert say("records list", absent).stdout.endswith("1 record.\n")
