"""The one XML parser refuses what hostile senders send, by kind, and nothing else in the project parses XML."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from security.errors import ErrorKind, MalformedMessage
from security.xml import XmlLimits, parse

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "conformance", "samples", "cda", "xds", "profiles", "security")
SMALL = XmlLimits(size=2000, elements=20, depth=5, attributes=3)

REFUSED = {
    "a document type": (b"<!DOCTYPE a><a/>", ErrorKind.XML_FORBIDDEN),
    "an external document type": (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', ErrorKind.XML_FORBIDDEN),
    "an entity": (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ErrorKind.XML_FORBIDDEN),
    "an entity that is not declared": (b"<a>&b;</a>", ErrorKind.XML_MALFORMED),
    "UTF-16": ("<a/>".encode("utf-16"), ErrorKind.XML_ENCODING),
    "UTF-16 without a mark": ("<a/>".encode("utf-16-le"), ErrorKind.XML_ENCODING),
    "another declared encoding": (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', ErrorKind.XML_ENCODING),
    "XML 1.1": (b'<?xml version="1.1"?><a/>', ErrorKind.XML_FORBIDDEN),
    "two roots": (b"<a/><b/>", ErrorKind.XML_MALFORMED),
    "text": (b"hello", ErrorKind.XML_MALFORMED),
    "nothing": (b"", ErrorKind.XML_MALFORMED),
    "bytes that are not UTF-8": (b"<a>\xff</a>", ErrorKind.XML_MALFORMED),
    "too many bytes": (b"<a>" + b"x" * 2000 + b"</a>", ErrorKind.XML_LIMIT),
    "too many elements": (b"<a>" + b"<b/>" * 20 + b"</a>", ErrorKind.XML_LIMIT),
    "too much depth": (b"<a>" * 6 + b"</a>" * 6, ErrorKind.XML_LIMIT),
    "too many attributes": (b'<a b="" c="" d="" e=""/>', ErrorKind.XML_LIMIT),
}


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_xml_is_refused_by_its_kind(name: str) -> None:
    data, kind = REFUSED[name]
    with pytest.raises(MalformedMessage) as refused:
        parse(data, SMALL)
    assert refused.value.kind is kind


@pytest.mark.parametrize("data", [b"<a>" + b"x" * 10_000_001 + b"</a>", b"<a>" * 257 + b"</a>" * 257])
def test_what_is_too_large_for_the_library_is_a_limit_too(data: bytes) -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse(data, XmlLimits(size=20_000_000, depth=1000))
    assert refused.value.kind is ErrorKind.XML_LIMIT
    assert "10 MB" in refused.value.text


def test_a_refusal_says_where_and_repeats_nothing() -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse(b"<a>\n  <secret></wrong>\n</a>")
    assert "line 2" in refused.value.text
    assert "secret" not in refused.value.text


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><a/>',
        b"<a>" * 5 + b"</a>" * 5,
        b"<a>" + b"<b/>" * 19 + b"</a>",
        b'<a b="" c="" d=""/>',
    ],
)
def test_what_is_within_the_limits_is_read(data: bytes) -> None:
    assert parse(data, SMALL).tag == "a"


def test_no_other_module_parses_xml() -> None:
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path == ROOT / "security" / "xml.py":
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                name = node.attr if isinstance(node, ast.Attribute) else ""
                of_lxml = isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("etree")
                parsers = ("XMLParser", "fromstring", "iterparse", "HTMLParser", "XMLPullParser")
                if name in parsers or (name == "XML" and of_lxml):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert found == []
