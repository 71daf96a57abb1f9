"""Remarks are rows: each is told somewhere, in both languages, and none is told that has no row."""

from __future__ import annotations

import re
from pathlib import Path

import conformance.laboratory
from conformance.laboratory.remarks import Kind, Remark, Remarks
from profiles.hl7v2.tables import remarks

SOURCES = Path(conformance.laboratory.__file__).parent.glob("*.py")


def test_every_row_is_told_by_the_code_and_every_remark_has_a_row() -> None:
    told = {name for path in SOURCES for name in re.findall(r'"(RES-[A-Z-]+)"', path.read_text(encoding="utf-8"))}

    assert told == remarks().keys()


def test_every_row_says_what_becomes_of_it_in_both_languages() -> None:
    for row in remarks().values():
        assert Kind(row.kind)
        assert row.message
        assert row.message_en
        assert bool(row.instead) == bool(row.instead_en)
        assert not row.instead or row.kind == Kind.ASSUMED


def test_the_same_of_the_same_field_is_counted_and_a_code_stands_in() -> None:
    collected = Remarks()
    for number in (1, 2, 3):
        collected.tell("RES-UNIT", f"OBX^{number}^6")
    collected.tell("RES-FRAME", "PV1^1^2", instead="AMBULATOIRE")
    collected.tell("RES-NONE", "OBX^1^5")

    assert collected.all == (
        Remark(rule="RES-NONE", location="OBX^1^5"),
        Remark(rule="RES-UNIT", location="OBX^1^6", times=3),
        Remark(rule="RES-FRAME", location="PV1^1^2", code="AMBULATOIRE"),
    )
    assert [one.instead("fr") for one in collected.all] == ["", "le résultat est dit en mots", "AMBULATOIRE"]
    assert [one.text("en") for one in collected.all][1] == "not a unit of UCUM"
