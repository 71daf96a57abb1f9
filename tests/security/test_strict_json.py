"""JSON that two readers could take for two things is refused; what is read keeps its digits."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security.errors import MalformedMessage
from security.strict_json import JsonLimits, read_json, write_json

MALFORMED = [
    b"",
    b" ",
    b"{",
    b"[1,]",
    b'{"a":1,}',
    b'{"a" 1}',
    b"{'a':1}",
    b"[01]",
    b"[1.]",
    b"[.5]",
    b"[+1]",
    b"[0x10]",
    b"[1] [2]",
    b"// a\n1",
    b"nul",
    b"[NaN]",
    b"[Infinity]",
    b"[-Infinity]",
    b'{"a":1,"a":1}',
    b'{"a":1,"\\u0061":2}',
    b'[{"b":{"c":1,"c":2}}]',
    b'["\x01"]',
    b'["\t"]',
    b'["\\u0000"]',
    b'["\\b"]',
    b'["\\u001f"]',
    b'["\\ud800"]',
    b'["\\udc00\\ud800"]',
    b'"\\ud83d"',
    b'{"\\u0001":1}',
    b'["\xef\xbf\xbf"]',
    b'["\\uffff"]',
    b'["\xff"]',
    b'["\xc0\x80"]',
    b'["\xed\xa0\x80"]',
    b"\xef\xbb\xbf{}",
    '{"a":1}'.encode("utf-16"),
    '{"a":1}'.encode("utf-16-le"),
    '{"a":1}'.encode("utf-32"),
    b'["\\x41"]',
    b'["\\u00e"]',
]

BEYOND = [
    b"[1e999]",
    b"[-1e999]",
    b"[1E400]",
    b"[1" + b"0" * 18 + b"]",
    b"[-" + b"9" * 19 + b"]",
    b"[0." + b"1" * 40 + b"]",
    b"[" * 41 + b"]" * 41,
    b"[" * 100_000,
    b'{"a":' * 60 + b"1" + b"}" * 60,
    b"[" + b"[]," * 200_000 + b"[]]",
    b"[" + b"1," * 200_001 + b"1]",
]


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: repr(text[:20]))
def test_what_is_not_json_in_one_way_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedMessage) as refused:
        read_json(text)
    assert refused.value.kind == "JSON_MALFORMED"


@pytest.mark.parametrize("text", BEYOND, ids=lambda text: repr(text[:20]))
def test_what_is_beyond_the_limits_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedMessage) as refused:
        read_json(text)
    assert refused.value.kind == "JSON_LIMIT"


def test_a_text_larger_than_the_limit_is_not_read() -> None:
    with pytest.raises(MalformedMessage, match="8 bytes, at most 7"):
        read_json(b'["abcd"]', JsonLimits(size=7))


def test_forty_values_in_one_another_are_read() -> None:
    assert read_json(b"[" * 40 + b"]" * 40)


@pytest.mark.parametrize("text", ["1.00", "-0.0", "0.10", "1.0E+2", "123456789012345678", "1E-400", "12.340"])
def test_numbers_keep_their_digits(text: str) -> None:
    assert write_json(read_json(f"[{text}]".encode())) == f"[{text}]".encode()


def test_a_fraction_is_decimal_and_a_whole_number_is_whole() -> None:
    assert [type(one) for one in read_json(b"[1, 1.0, 1e2, true]")] == [int, Decimal, Decimal, bool]


def test_a_refusal_repeats_nothing_of_the_text() -> None:
    for text in (b'{"258076912301541":1,"258076912301541":2}', b'["258076912301541]', b"[258076912301541258076]"):
        with pytest.raises(MalformedMessage) as refused:
            read_json(text)
        assert "2580769" not in str(refused.value)


def test_what_is_none_of_json_is_not_written() -> None:
    with pytest.raises(TypeError):
        write_json({"a": object()})


_TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xD7FF))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_what_any_writer_writes_is_read_as_it_was(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == read_json(write_json(value)) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"a":{"size":1,"b":2,"size":3}}', "the key size occurs twice in an object"),
        (b'{"258076912301541":1,"258076912301541":2}', "a key occurs twice in an object"),
    ],
)
def test_a_key_that_is_there_twice_is_named_where_it_is_a_name(text: bytes, said: str) -> None:
    with pytest.raises(MalformedMessage, match=f"^[A-Z_: ]*{said}$"):
        read_json(text)
