"""Who reads which type: a row for each, said verified or assumed."""

from __future__ import annotations

import csv

import pytest

from profiles.codes import load_domain
from profiles.dmp import habilitation
from profiles.dmp.habilitation import TRE_G15, assumed_for, may_profession_read

SOCIAL = ("1.2.250.1.213.1.6.1.4", "1.2.250.1.213.1.6.1.109", "1.2.250.1.213.1.6.1.140")
TYPES = {code: of_class[0] for (code, _), of_class in load_domain().class_by_type.items() if code != "E1762"}
PROFESSIONS = "10 21 26 28 31 32 40 50 60 70 80 81 82 83 84 85 86 91 92 94 95 96 98".split()  # noqa: SIM905 - codes
REFUSED = {
    "10": {"ATTEST-RESID"},
    "21": {"ATTEST-RESID"},
    "80": {"ATTEST-RESID"},
    "60": {"75496-0", "68599-0", "83901-9", "68817-6", "89601-9", "ATTEST-RESID"},
    "40": {"80788-3", "75496-0", "83981-1", "83901-9", "68599-0", "ATTEST-RESID"},
}
OTHERS = {code for code, of_class in TYPES.items() if of_class == "95"} | {"75496-0", "83981-1", "68599-0", "83901-9"}
SOCIAL_READ = {"28653-4", "80788-3", "83981-1", "88348-8", "34842-5"}


@pytest.mark.parametrize("profession", PROFESSIONS)
def test_each_profession_reads_what_is_published_of_it(profession: str) -> None:
    refused = {code for code, of_class in TYPES.items() if not may_profession_read(profession, of_class, code)}
    assert refused == REFUSED.get(profession, OTHERS)
    assert all((TRE_G15, profession, code) in habilitation.readable() for code in TYPES)


@pytest.mark.parametrize("system", SOCIAL)
def test_social_professions_read_their_own_documents(system: str) -> None:
    read = {
        code for code, of_class in TYPES.items() if may_profession_read("41", of_class, code, profession_system=system)
    }
    assert read == SOCIAL_READ


@pytest.mark.parametrize(
    ("profession", "class_code", "expected"),
    [("10", "10", True), ("70", "10", True), ("70", "95", False), ("10", "99", False), ("99", "10", False)],
)
def test_a_type_newer_than_the_table_follows_its_class(profession: str, class_code: str, expected: bool) -> None:
    assert may_profession_read(profession, class_code, "28617-9") is expected


def test_who_has_no_profession_reads_nothing() -> None:
    assert not may_profession_read(None, "10", "11490-0")


def test_a_profession_that_was_not_transcribed_says_so() -> None:
    assert {code for code in PROFESSIONS if not assumed_for(code)} == {"10"}
    assert all(assumed_for("41", profession_system=system) for system in SOCIAL)


def test_each_row_has_its_source_its_status_and_its_date_once() -> None:
    with habilitation.TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["status"] for row in rows} == {"verified", "assumed"}
    assert all(row["source"] and row["valid_from"] == "2023-10-29" for row in rows)
    assert len(rows) == len(habilitation.readable())
    assert all(row["class_code"] == TYPES[row["type_code"]] for row in rows if row["type_code"] != "*")
