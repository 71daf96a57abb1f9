"""Texts of a document of any size are taken as it is read: no tree, the same refusals."""

from __future__ import annotations

import io
from typing import BinaryIO, cast

import pytest

from security.errors import ErrorKind, MalformedMessage
from security.xml import texts


class _Endless(io.RawIOBase):
    """`count` times one element, never all of it in memory."""

    def __init__(self, count: int) -> None:
        self._pieces = iter([b"<a>", *([b"<c>x</c><b>code</b>" * 1000] * count), b"</a>"])

    def read(self, size: int = -1) -> bytes:
        return next(self._pieces, b"")


def test_texts_directly_inside_the_element_are_found_in_order():
    document = b'<a xmlns="urn:x"><b>1</b><c>2</c><b>3<!-- -->4<c>5</c>6<![CDATA[<7>]]></b><b/></a>'

    assert list(texts(io.BytesIO(document), "{urn:x}b")) == ["1", "34", "6<7>"]


def test_a_large_document_is_read_piece_by_piece():
    found = texts(cast(BinaryIO, _Endless(100)), "b")

    assert next(found) == "code"
    assert sum(1 for _ in found) == 99_999


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"<!DOCTYPE a><a/>", ErrorKind.XML_FORBIDDEN),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', ErrorKind.XML_FORBIDDEN),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', ErrorKind.XML_ENCODING),
        (b"<a><b></a>", ErrorKind.XML_MALFORMED),
        (b"<a><b>1</b>", ErrorKind.XML_MALFORMED),
        (b"", ErrorKind.XML_MALFORMED),
    ],
)
def test_what_the_parser_refuses_is_refused_here(document, kind):
    with pytest.raises(MalformedMessage) as refused:
        list(texts(io.BytesIO(document), "b"))

    assert refused.value.kind is kind
