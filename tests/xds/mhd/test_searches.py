"""What a search asks for: every fault of its parameters is told at once, names are compared without accents."""

from __future__ import annotations

import pytest

from xds.errors import Refusal
from xds.metadata.author import Author
from xds.mhd.document_search import read_document_search
from xds.mhd.list_search import read_list_search
from xds.mhd.searched_names import beginnings, is_author

PATIENT = {"patient.identifier": ("urn:oid:1.2.250.1.213.1.4.10|258076912301541",), "status": ("current",)}
NOEMIE = (Author(person="810099998022^BLANC-TEST^Noémie"),)


def told(refusal: Refusal) -> list[str]:
    return [error.context.partition(":")[0] for error in refusal.errors]


def test_a_search_of_documents_is_told_every_parameter_that_is_wrong_or_missing() -> None:
    dates = ("date", "creation", "period", "period-start", "period-end", "_lastUpdated")
    with pytest.raises(Refusal) as refused:
        read_document_search(dict.fromkeys(dates, ("yesterday",)) | {"isArchived": ("maybe",)})
    assert sorted(told(refused.value)) == sorted(("patient.identifier", "status", "isArchived", *dates))


def test_each_value_of_a_parameter_that_repeats_is_judged() -> None:
    with pytest.raises(Refusal) as refused:
        read_document_search(PATIENT | {"period": ("never", "ge2024", "2024-13"), "_lastUpdated": ("x", "y")})
    assert told(refused.value) == ["period", "period", "_lastUpdated", "_lastUpdated"]


def test_a_search_of_lists_is_told_every_parameter_that_is_wrong_or_missing() -> None:
    with pytest.raises(Refusal) as refused:
        read_list_search({"date": ("yesterday",), "isArchived": ("maybe",)})
    assert told(refused.value) == ["patient.identifier", "code", "status", "isArchived", "date"]


@pytest.mark.parametrize("value", ["Noémie", "noemie", "NOÉ", "noe\u0301", "x,Noe"])
def test_a_name_is_found_by_its_beginning_letter_case_and_accents_apart(value: str) -> None:
    assert is_author(NOEMIE, "given", beginnings(value))


@pytest.mark.parametrize("value", ["émie", "noemiex", "nöx"])
def test_another_name_is_not_found(value: str) -> None:
    assert not is_author(NOEMIE, "given", beginnings(value))
