"""What a qualified INS is (DMP D-011)."""

from __future__ import annotations

import pytest

from gateway.consultation.record_facts import ins_fault
from profiles.codes import load_domain
from samples.documents.patients import CLAIRE, LUCIA

AUTHORITIES = load_domain().patient_authorities


@pytest.mark.parametrize("cx", [CLAIRE.cx, LUCIA.cx], ids=["mainland", "Corsica"])
def test_an_ins_of_the_tests_with_its_key_is_qualified(cx: str) -> None:
    assert ins_fault(cx, AUTHORITIES) is None


@pytest.mark.parametrize(
    ("cx", "words"),
    [
        ("25807691230^^^&1.2.250.1.213.1.4.10&ISO^NH", "11 characters, expected an INS of 15"),
        ("258076912301500^^^&1.2.250.1.213.1.4.10&ISO^NH", "another key"),
        ("258076912301541^^^&1.2.250.1.213.1.4.8&ISO^NH", "found 1.2.250.1.213.1.4.8"),
        ("258076912301541", "patient/id/@root"),
    ],
    ids=["short", "key", "a genuine patient", "no authority"],
)
def test_anything_else_is_not(cx: str, words: str) -> None:
    fault = ins_fault(cx, AUTHORITIES)

    assert fault is not None
    assert words in fault.context
