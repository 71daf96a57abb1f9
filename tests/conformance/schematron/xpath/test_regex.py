"""Regular expressions of XPath: Saxon's verdicts, and a bounded time whatever a stranger writes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.schematron.xpath.answers import replace, tokenize
from conformance.schematron.xpath.automaton import Automaton
from conformance.schematron.xpath.matching import HostileText, matcher
from conformance.schematron.xpath.regex import compiled, read_regex
from conformance.schematron.xpath.syntax import Untranslatable

PATTERNS = (
    r"^[0-9]{4,14}",
    r"\s",
    r"^-?[1-9]\d*$|^+?\d*$",
    r"^[0-2](\.(0|[1-9]\d*))*$",
    r"^[A-Fa-f\d]{2}-[A-Za-z][A-Za-z0-9\-]*$",
    r"^[\w-]+$",
    r"\W",
    r"a.b",
    r"^(fax | tel):",
    r"[^\s\d]",
    r"[^-+]+([+-].*)?$",
    r"(a|b)*c",
    r"^(a+)+$",
    r"^\i\c*$",
    r"[a\-z.$^|]",
    r"x{2}y?z{0,1}",
    r"^$",
    r"(?:ab){1,3}",
    r"[\D]",
    r"[\S-]",
    r"é|[à-ü]",
)
LETTERS = "ab0129 \t_-+.:xyz$^|é€\u0660Aft"


@pytest.fixture(scope="module")
def saxon_matches():
    saxonche = pytest.importorskip("saxonche", reason="saxonche is not installed")
    processor = saxonche.PySaxonProcessor(license=False)
    asked = processor.new_xpath_processor()
    asked.declare_variable("t")

    def verdict(text, pattern, flags=""):
        asked.set_parameter("t", processor.make_string_value(text))
        return asked.effective_boolean_value(f"matches($t, '{pattern}', '{flags}')")

    return verdict


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.text(LETTERS, max_size=8), min_size=5, max_size=5))
def test_saxon_and_we_find_the_same(saxon_matches, texts):
    for pattern in PATTERNS:
        for text in texts:
            assert matcher(pattern)(text) == saxon_matches(text, pattern), (pattern, text)


@pytest.mark.parametrize(
    ("text", "pattern", "flags"),
    [
        ("AB", "ab", "i"),
        ("a\nb", "a.b", "s"),
        ("a\nb", "a.b", ""),
        ("a\nb", "^b", "m"),
        ("ab", "a b", "x"),
        ("a\n", "a$", ""),
    ],
)
def test_flags_mean_what_saxon_means(saxon_matches, text, pattern, flags):
    assert matcher(pattern, flags)(text) == saxon_matches(text, pattern, flags)


@settings(max_examples=100, deadline=None)
@given(text=st.text(LETTERS, max_size=12))
def test_states_and_python_find_the_same(text):
    for pattern in PATTERNS:
        assert Automaton(read_regex(pattern), "").search(text) == (compiled(pattern).search(text) is not None), pattern


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^(a+)+$", "a" * 5000 + "b"),
        (r"^(\+?([\d()./-]|(%[a-f\d]{2}))+)*$", "1" * 5000 + "x"),
        (r"^(a|a)*$", "a" * 5000 + "b"),
        (r"^(([\w$.-])+\.?)*@x$", "w." * 2500),
        (r"\d*\d*\d*\d*\d*x", "1" * 20_000),
        (r"\d*\d*\d*\d*\d*x", "1" * 900),
        (r"(x?){50}x{50}$", "x" * 40),
        (r"^(0|1|01)*$", "01" * 1000 + "2"),
    ],
)
def test_a_hostile_text_costs_no_more_than_its_length(pattern, text):
    begun = time.process_time()

    assert not matcher(pattern)(text)

    # Going back would take longer than the universe is old; this is only to fail before the timeout does.
    assert time.process_time() - begun < 60


@pytest.mark.parametrize(
    ("pattern", "one_way"),
    [
        (r"^[0-2](\.(0|[1-9]\d*))*$", True),
        (r"^-?[^+-]+([+-].*)?$", True),
        (r"^(fax | tel):", True),
        (r"[0-9]{4,14}", True),
        (r"^(a+)+$", False),
        (r"(a|ab)c", False),
        (r"\w*\d", False),
        (r"(a*)*", False),
        (r"(a?b?)*", False),
    ],
)
def test_a_pattern_that_reads_in_one_way_is_known(pattern, one_way):
    assert Automaton(read_regex(pattern), "").is_unambiguous() is one_way


def test_replace_and_tokenize_refuse_long_texts():
    with pytest.raises(HostileText):
        replace(None, "1" * 10_000, r"\d+x", "")
    with pytest.raises(HostileText):
        tokenize(None, "1" * 10_000, r"\s+-")


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "result"),
    [
        ("20200131+0100", r"-?[^+-]+([+-].*)?$", "$1", "+0100"),
        ("20200131", r"-?[^+-]+([+-].*)?$", "$1", ""),
        ("a.b", r"\.", r"\$\\", "a$\\b"),
        ("ab", "(a)(b)", "$2$1$9", "ba"),
        ("a{.x.}b", r"\{.[a-z]*.\}", "", "ab"),
    ],
)
def test_replace_puts_what_groups_met(text, pattern, replacement, result):
    assert replace(None, text, pattern, replacement) == result


@pytest.mark.parametrize(("text", "tokens"), [("", []), ("a b", ["a", "b"]), (" a", ["", "a"]), ("a", ["a"])])
def test_tokenize_cuts(text, tokens):
    assert tokenize(None, text, r"\s") == tokens


@pytest.mark.parametrize(
    "pattern", [r"\p{L}", "[a-z-[b]]", "(?=a)", "a**", "(", ")", "[", "[]", "a{2000}", r"\q", "*a", "(" * 50 + ")" * 50]
)
def test_what_is_not_read_is_refused(pattern):
    with pytest.raises(Untranslatable):
        matcher(pattern)


@pytest.mark.parametrize("pattern", [r"(a+)+", "a*", r"(a|ab)+"])
def test_replace_refuses_what_goes_back_too_often_or_matches_nothing(pattern):
    with pytest.raises(Untranslatable):
        replace(None, "a", pattern, "")
