"""What is wrong with a structure is told in French too: every text has its row, and no row is without a text."""

from __future__ import annotations

import csv
import re
from importlib.resources import files
from pathlib import Path

import conformance.fhir
from conformance.judging import Judge
from profiles.fhir.structure_texts import in_french

SOURCES = [Path(conformance.fhir.__file__).parent / name for name in ("structure.py", "resource_xml.py")]
TEXT = re.compile(r'_fault\([^\n]*?, f?"((?:is|has|holds|stands|occurs) [^"]*)"')


def test_every_text_has_its_row_and_every_row_its_text() -> None:
    told = {
        re.sub(r"\{[^}]*\}", "{}", text) for path in SOURCES for text in TEXT.findall(path.read_text(encoding="utf-8"))
    }
    rows = csv.DictReader(
        files("profiles.fhir").joinpath("structure_texts.csv").read_text(encoding="utf-8").splitlines()
    )

    assert told == {row["english"] for row in rows}


def test_words_of_a_text_are_kept() -> None:
    assert in_french("is a second value of value[x]") == "est une deuxième valeur de value[x]"
    assert in_french("holds 2 resources, expected one") == "contient 2 ressources, une seule attendue"
    assert in_french("something else") == "something else"


def test_a_fault_says_what_is_there_and_what_is_missing() -> None:
    report = Judge()(b'{"resourceType": "DocumentReference", "zip": 1, "status": "current"}')

    assert [(one.found, one.expected) for one in report.errors] == [(None, "content"), ("zip", None)]
    assert [one.advice("fr").partition(".")[0] for one in report.errors] == [
        "content manque",
        "zip n'est pas un élément de ce type",
    ]
