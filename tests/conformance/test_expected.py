from __future__ import annotations

import pytest

from conformance.expected import expected_in, found_in
from conformance.explaining import rules
from profiles.cda_structure.tables import load_tables


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("a text", "un texte"),
        ("0 or 1", "0 ou 1"),
        ("N, R or V", "N, R ou V"),
        ("after languageCode", "après languageCode"),
        ("SYNTH, 1.2.250.1.213.1.1.4.12", "SYNTH, 1.2.250.1.213.1.1.4.12"),
        ("no-known-medications or no-medication-info", "no-known-medications ou no-medication-info"),
        ("//x/or/and:more", "//x/or/and:more"),
        ("repositoryUniqueId, required in ITI-42", "repositoryUniqueId, obligatoire en ITI-42"),
        ("creationTime, 20240611 in UTC", "creationTime, 20240611 en UTC"),
        (None, None),
    ],
)
def test_what_is_expected_is_said_in_the_language_of_the_reader(english, french):
    assert expected_in(english, "fr") == french
    assert expected_in(english, "en") == english


def test_no_rule_expects_an_english_sentence_of_a_french_reader():
    english = {"a", "an", "the", "no", "not", "without", "each", "both", "neither", "its", "their", "only"}
    told = {expected_in(one.expected, "fr") or "" for one in rules()}

    assert [text for text in told if english & set(text.replace(",", " ").split())] == []


def test_the_form_of_a_value_is_told_to_a_french_reader_as_the_table_of_forms_tells_it():
    forms = {row.en: row.fr for row in load_tables().forms.values() if row.en}

    assert {english: expected_in(english, "fr") for english in forms} == forms


@pytest.mark.parametrize("part", ["message", "hint"])
def test_no_french_text_joins_two_value_sets_with_an_english_word(part):
    assert [one.id for one in rules() if " or JDV_" in (getattr(one, part) or "")] == []


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("nothing", "rien"),
        ("Document01, of this message", "Document01, de ce message"),
        ("Hôpital or clinique", "Hôpital or clinique"),
        ("x" * 1000, "x" * 1000),
        (None, None),
    ],
)
def test_what_was_found_is_a_value_unless_it_is_a_text_of_ours(english, french):
    assert found_in(english, "fr") == french
    assert found_in(english, "en") == english
