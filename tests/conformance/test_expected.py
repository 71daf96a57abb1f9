from __future__ import annotations

import pytest

from conformance.expected import expected_in
from conformance.explaining import rules


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
