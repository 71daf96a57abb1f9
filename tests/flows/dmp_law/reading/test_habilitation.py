"""Every cell of profession and type of document, at the real door: what each profession finds, and what it reads."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from gateway.cli.story import REPOSITORY
from profiles.dmp.habilitation import TABLE, TRE_G15, readable
from profiles.document_types.types import document_types
from samples.client.answers import SoapFault
from samples.documents.identity import identified
from samples.documents.level1 import scanned
from samples.documents.professionals import GENERALIST
from security.vihf.model import Role
from xds.metadata.codes import Code

from .conftest import File, House, someone

CLASSES = "1.2.250.1.213.1.1.4.1"
NEWER = "00000-0"
"""A type that no table knows: it follows its class."""
SECOND = {"10": {"specialties": ("SM26",)}, "21": {"section": "A"}}
SOCIAL = sorted({system for system, _, _ in readable() if system != TRE_G15})
PROFESSIONS = sorted({profession for system, profession, _ in readable() if system == TRE_G15})


@dataclass(frozen=True)
class Library:
    """One record with a document of every type; `documents` maps what a row of the table names to a uniqueId."""

    file: File
    documents: Mapping[str, str]


def of_type(file: File, code: str, system: str) -> bytes:
    names = {kind.code: kind.code_display for kind in document_types()}
    identity = identified(file.patient, GENERALIST)
    return scanned(identity, code=(code, names.get(code) or code, system), title=code, lines=("Document fictif.",))


@pytest.fixture(scope="module")
def library(reading_house: House) -> Library:
    file = File(reading_house, someone()).open()
    types: dict[str, str] = {}
    classes: dict[str, str] = {}
    with TABLE.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            if row["type_code"] == "*":
                classes[f"class {row['class_code']}"] = row["class_code"]
            else:
                types[row["type_code"]] = row["type_system"]
    found: dict[str, str] = {}
    codes = sorted(types)
    for start in range(0, len(codes), 26):
        some = codes[start : start + 26]
        lot = file.lot([of_type(file, code, types[code]) for code in some])
        found.update(zip(some, file.deposit(lot), strict=True))
    newer = file.documents(
        *({"kind": (Code(code, CLASSES, code), Code(NEWER, "1.2.3", "newer"))} for code in classes.values())
    )
    return Library(file, {**found, **dict(zip(classes, newer, strict=True))})


def row_of(profession: str) -> set[str]:
    """What the table lets a profession read."""
    return {document for (system, code, document), read in readable().items() if (system, code) == (TRE_G15, profession)
            and read}  # fmt: skip


def test_the_record_has_a_document_for_every_row(library: Library) -> None:
    assert {document for system, _, document in readable() if system == TRE_G15} == set(library.documents)


@pytest.mark.parametrize("profession", PROFESSIONS)
def test_each_profession_finds_and_reads_the_types_of_its_row_and_no_other(library: Library, profession: str) -> None:
    file, house = library.file, library.file.house
    who = house.engage(f"profession-{profession}", profession=int(profession), **SECOND.get(profession, {}))
    file.authorise(who)
    expected = {library.documents[document] for document in row_of(profession)}

    assert set(file.listed(who)) == expected

    excluded = sorted(set(library.documents.values()) - expected)
    some = [*excluded[:12], *sorted(expected)[:3]]
    answer = file.read(who, *some, "2.25.1")
    assert {one.unique_id for one in answer.documents} == expected.intersection(some)
    errors = [(error.code, error.context, error.location) for error in answer.errors]
    *refused, unknown = errors
    assert refused == [
        (unknown[0], unknown[1].replace("2.25.1", one), unknown[2]) for one in some if one in excluded
    ], "what the profession may not read answers like what is not there"


@pytest.mark.parametrize("system", SOCIAL)
def test_no_card_speaks_for_a_profession_that_is_known_by_its_role(library: Library, system: str) -> None:
    """No door admits these professions: a card holds a profession of TRE_G15, and its assertion no other."""
    with pytest.raises(SoapFault) as refused:
        library.file.at("inf-petit", roles=(Role(code="353", system=system, display=""),)).retrieve(
            [(REPOSITORY, library.documents["11490-0"])]
        )
    assert refused.value.detail["Code"] == "SBX_VIHF_DIR"
