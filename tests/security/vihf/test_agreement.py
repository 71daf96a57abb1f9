from __future__ import annotations

import pytest

from samples.documents.patients import CLAIRE, PAUL
from security.vihf.agreement import check_author_institution, check_author_person, check_patient


@pytest.fixture
def vihf(ingest):
    return ingest.verify(ingest.build())


@pytest.mark.parametrize("cx", [CLAIRE.cx, CLAIRE.cx.removesuffix("^NH")])
def test_the_same_record_agrees(vihf, cx):
    assert check_patient(vihf, cx) is None


@pytest.mark.parametrize("cx", [PAUL.cx, CLAIRE.ins, CLAIRE.cx.replace("4.10&", "4.11&"), "", "^^^&&ISO"])
def test_another_record_does_not(vihf, cx):
    reason = check_patient(vihf, cx)
    assert reason is not None
    assert CLAIRE.ins not in reason


def test_a_message_about_a_record_needs_an_assertion_about_it(ingest):
    assert check_patient(ingest.verify(ingest.build(patient=None)), CLAIRE.cx) is not None


def test_the_structure_is_among_the_authors(vihf):
    assert check_author_institution(vihf, ["1440999068", "1750999013"]) is None
    assert (
        check_author_institution(vihf, ["1440999068"])
        == "Aucun AuthorInstitution ne correspond à l'utilisateur du VIHF"
    )
    assert check_author_institution(vihf, []) is not None


def test_the_subject_is_among_the_authors(vihf):
    assert check_author_person(vihf, ["1750999013/0001"]) is None
    assert check_author_person(vihf, ["810009999995"]) is not None
