"""What is sent, wanted back, preferred and searched: read as HTTP has it, or refused in its words."""

from __future__ import annotations

import pytest

from gateway.wire.fhir import reading
from gateway.wire.fhir.media_types import FhirFormat, format_of, wanted_format
from gateway.wire.fhir.outcome import FhirRefused
from gateway.wire.fhir.preferences import Preferences, read_preferences
from gateway.wire.fhir.request import Body
from gateway.wire.media_type import read_media_type
from security.errors import MalformedMessage

JSON, XML = FhirFormat.JSON, FhirFormat.XML

WANTED = [
    ("", None, JSON),
    ("*/*", None, JSON),
    ("application/fhir+json", None, JSON),
    ("application/fhir+json; fhirVersion=4.0", None, JSON),
    ("application/json", None, JSON),
    ("application/fhir+xml", None, XML),
    ("text/xml", None, XML),
    ("application/xml;q=0.9, application/fhir+json", None, JSON),
    ("application/fhir+json;q=0.2, application/fhir+xml;q=0.8", None, XML),
    ("text/html, application/xhtml+xml, */*;q=0.1", None, JSON),
    ("application/fhir+json;q=0, */*", None, JSON),
    ("image/png", "json", JSON),
    ("application/fhir+json", "xml", XML),
    ("", "application/fhir+xml", XML),
    ("", "application/fhir xml", XML),
    ("", "text/xml", XML),
]


@pytest.mark.parametrize(("accept", "override", "expected"), WANTED)
def test_the_answer_is_spelled_as_it_is_wanted(accept: str, override: str | None, expected: FhirFormat) -> None:
    assert wanted_format(accept, override) is expected


@pytest.mark.parametrize(
    ("accept", "override"),
    [
        ("image/png", None),
        ("text/turtle", None),
        ("application/fhir+json; fhirVersion=5.0", None),
        ("application/fhir+json;q=0", None),
        ("", "turtle"),
        ("application/fhir+json", "html"),
    ],
)
def test_a_spelling_that_is_not_here_is_406(accept: str, override: str | None) -> None:
    with pytest.raises(FhirRefused) as refused:
        wanted_format(accept, override)
    assert refused.value.status == 406


SENT = [
    ("application/fhir+json", JSON),
    ("application/fhir+json; charset=UTF-8", JSON),
    ("application/json;charset=utf-8", JSON),
    ("application/fhir+json; fhirVersion=4.0", JSON),
    ("application/fhir+xml", XML),
    ("text/xml", XML),
    ("text/plain", None),
    ("application/x-www-form-urlencoded", None),
]


@pytest.mark.parametrize(("content_type", "expected"), SENT)
def test_a_body_is_read_as_its_type_says(content_type: str, expected: FhirFormat | None) -> None:
    assert format_of(read_media_type(content_type)) is expected


@pytest.mark.parametrize(
    "content_type",
    [
        "application/fhir+json; charset=iso-8859-1",
        "application/fhir+json; charset=utf-16",
        "application/fhir+json; fhirVersion=3.0",
        "application/fhir+xml; charset=windows-1252",
    ],
)
def test_another_charset_or_version_is_415(content_type: str) -> None:
    with pytest.raises(FhirRefused) as refused:
        format_of(read_media_type(content_type))
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("resource", "application/fhir+json or application/fhir+xml"),
        ("form", "application/x-www-form-urlencoded"),
        (
            "patch",
            "application/json-patch+json or application/xml-patch+xml or application/fhir+json or application/fhir+xml",
        ),
    ],
)
def test_a_body_without_a_type_is_told_those_it_may_have(body: Body, expected: str) -> None:
    with pytest.raises(FhirRefused) as refused:
        reading.read_type("", body)
    (issue,) = refused.value.issues
    assert (refused.value.status, issue.diagnostics) == (415, f"the body has no Content-Type; expected {expected}")


PREFERRED = [
    ("", Preferences()),
    ("handling=lenient", Preferences("lenient", "")),
    ("handling=strict; return=minimal", Preferences("strict", "minimal")),
    ("return=representation, handling=lenient", Preferences("lenient", "representation")),
    ('return="OperationOutcome"', Preferences("", "OperationOutcome")),
    ("Return=Minimal", Preferences("", "minimal")),
    ("handling=strict, handling=lenient", Preferences("strict", "")),
    ("respond-async, wait=10", Preferences()),
    ("handling=maybe", Preferences()),
    (";;,=,", Preferences()),
]


@pytest.mark.parametrize(("value", "expected"), PREFERRED)
def test_what_is_preferred_is_read_and_the_rest_is_no_preference(value: str, expected: Preferences) -> None:
    assert read_preferences(value) == expected


def test_parameters_are_read_in_order_and_empty_ones_say_nothing() -> None:
    said = reading.read_query(b"identifier=urn%3Aoid%3A1.2%7Ca+b&status=&type=x&identifier=c")

    assert said == (("identifier", "urn:oid:1.2|a b"), ("type", "x"), ("identifier", "c"))


@pytest.mark.parametrize("query", [b"a=%ff", b"a=\xc3\xa9", b"=a", b"a=%00", b"a=%0d%0a", b"a=%C2%85", b"%01=a"])
def test_parameters_that_are_no_text_are_refused(query: bytes) -> None:
    with pytest.raises(MalformedMessage) as refused:
        reading.read_query(query)
    assert refused.value.kind == "HTTP_MALFORMED"


def test_parameters_without_end_are_refused() -> None:
    with pytest.raises(MalformedMessage) as refused:
        reading.read_query(b"&".join([b"a=1"] * 101))
    assert refused.value.kind == "HTTP_LIMIT"


KNOWN = {"identifier": frozenset[str](), "author.given": frozenset({"exact"})}


def test_an_unknown_parameter_is_ignored_unless_the_client_is_strict() -> None:
    pairs = (("identifier", "a"), ("zork", "b"), ("patient.name", "c"))

    assert reading.sift(pairs, KNOWN, strict=False) == (("identifier", "a"),)
    with pytest.raises(FhirRefused) as refused:
        reading.sift(pairs, KNOWN, strict=True)
    assert refused.value.status == 400
    assert len(refused.value.issues) == 2


def test_an_unknown_modifier_is_always_refused() -> None:
    assert reading.sift((("author.given:exact", "a"),), KNOWN, strict=False) == (("author.given:exact", "a"),)
    for pair in (("identifier:not", "a"), ("author.given:contains", "a")):
        with pytest.raises(FhirRefused, match="modifier"):
            reading.sift((pair,), KNOWN, strict=False)


def test_a_name_that_is_no_name_is_not_repeated() -> None:
    with pytest.raises(FhirRefused) as refused:
        reading.sift((("258076912301541", "a"),), KNOWN, strict=True)
    assert "2580769" not in str([issue.as_fhir() for issue in refused.value.issues])
