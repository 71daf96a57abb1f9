"""The only XML parser of the project: hostile input goes through here, and a lint test forbids any other.

Refused: DTD in any form, entities, encodings other than UTF-8, XML 1.1, more elements or depth than the limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO

from lxml import etree

from security.errors import ErrorKind, MalformedMessage

_CHUNK = 256 * 1024
_RESOURCE_LIMIT = 114  # XML_ERR_RESOURCE_LIMIT of libxml2
_SIGNS = 3
"""Of `<` and of `=` for each element allowed: its two tags and a comment, three attributes."""
_SHORTEST = 4
"""Bytes of the shortest element, `<a/>`."""
_DECLARATION = re.compile(rb"^<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([^\"']+)[\"']")
_VERSION = re.compile(rb"version\s*=\s*[\"']([^\"']+)[\"']")


@dataclass(frozen=True, slots=True)
class XmlLimits:
    """Bounds of one XML document: bytes, elements, depth and attributes of one element."""

    size: int = 4 * 1024 * 1024
    elements: int = 50_000
    depth: int = 64
    attributes: int = 256


ENVELOPE = XmlLimits()
DOCUMENT = XmlLimits(size=64 * 1024 * 1024, elements=200_000)


def parse(data: bytes, limits: XmlLimits = ENVELOPE) -> etree._Element:
    """Parse `data` and return the root element.

    Raises MalformedMessage: XML_LIMIT, XML_ENCODING, XML_FORBIDDEN (DTD, entity), XML_MALFORMED (with line and column).
    """
    if len(data) > limits.size:
        raise MalformedMessage(ErrorKind.XML_LIMIT, f"the XML is {len(data)} bytes, at most {limits.size} are read")
    _check_encoding(data)
    _check_density(data, limits)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        if getattr(error, "code", None) == _RESOURCE_LIMIT:
            text = f"a text of more than 10 MB, or 256 elements in one another, at line {line}, column {column}"
            raise MalformedMessage(ErrorKind.XML_LIMIT, text) from None
        raise MalformedMessage(
            ErrorKind.XML_MALFORMED, f"not well-formed XML at line {line}, column {column}"
        ) from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype or docinfo.internalDTD is not None:
        raise MalformedMessage(ErrorKind.XML_FORBIDDEN, "a DTD is not allowed")
    _check_shape(root, len(data), limits)
    return root


def texts(stream: BinaryIO, tag: str) -> Iterator[str]:
    """The texts inside the elements `tag` of a document of any size: no tree is made, memory stays flat.

    Raises MalformedMessage: XML_ENCODING, XML_FORBIDDEN (DTD), XML_MALFORMED.
    """
    target: Any = _Texts(tag)
    parser: Any = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)
    first = True
    try:
        while chunk := stream.read(_CHUNK):
            if first:
                _check_encoding(chunk)
                first = False
            parser.feed(chunk)
            yield from target.taken()
        parser.close()
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise MalformedMessage(
            ErrorKind.XML_MALFORMED, f"not well-formed XML at line {line}, column {column}"
        ) from None
    yield from target.taken()


class _Texts:
    """Listens to a parser and keeps what is written directly inside one kind of element."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._inside = [False]
        self._text: list[str] = []
        self._found: list[str] = []

    def start(self, tag: str, attributes: object) -> None:
        self._flush()
        self._inside.append(tag == self._tag)

    def end(self, tag: str) -> None:
        self._flush()
        self._inside.pop()

    def data(self, text: str) -> None:
        if self._inside[-1]:
            self._text.append(text)

    def doctype(self, name: object, public: object, system: object) -> None:
        raise MalformedMessage(ErrorKind.XML_FORBIDDEN, "a DTD is not allowed")

    def close(self) -> None:
        self._flush()

    def taken(self) -> list[str]:
        """What was found since the last call."""
        found, self._found = self._found, []
        return found

    def _flush(self) -> None:
        if self._text:
            self._found.append("".join(self._text))
            self._text = []


def _check_encoding(data: bytes) -> None:
    start = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    if b"\x00" in start[:64]:
        raise MalformedMessage(ErrorKind.XML_ENCODING, "the encoding is not UTF-8")
    if not start.lstrip(b" \t\r\n").startswith(b"<"):
        raise MalformedMessage(ErrorKind.XML_MALFORMED, "the first character is not '<'")
    declaration = _DECLARATION.match(start)
    if declaration is None:
        return
    encoding = _ENCODING.search(declaration.group())
    if encoding is not None and encoding.group(1).lower() not in (b"utf-8", b"us-ascii"):
        raise MalformedMessage(ErrorKind.XML_ENCODING, "the declared encoding is not UTF-8")
    version = _VERSION.search(declaration.group())
    if version is not None and version.group(1) != b"1.0":
        raise MalformedMessage(ErrorKind.XML_FORBIDDEN, "the XML version is not 1.0")


def _check_density(data: bytes, limits: XmlLimits) -> None:
    """Refuse by their bytes alone what would be a tree a hundred times larger: an element of four bytes takes 130."""
    most = _SIGNS * limits.elements
    if len(data) <= most:
        return
    for sign, name in ((b"<", "tags"), (b"=", "attributes")):
        if data.count(sign) > most:
            raise MalformedMessage(ErrorKind.XML_LIMIT, f"more than {most} {name}")


def _check_shape(root: etree._Element, size: int, limits: XmlLimits) -> None:
    deeper, count, most = _shape(limits)
    if deeper(root):
        raise MalformedMessage(ErrorKind.XML_LIMIT, f"elements are nested deeper than {limits.depth}")
    if size > _SHORTEST * limits.elements and count(root) > limits.elements:
        raise MalformedMessage(ErrorKind.XML_LIMIT, f"more than {limits.elements} elements")
    if most(root):
        raise MalformedMessage(ErrorKind.XML_LIMIT, f"an element has more than {limits.attributes} attributes")
    if any(True for _ in root.iter(etree.Entity)):
        raise MalformedMessage(ErrorKind.XML_FORBIDDEN, "an entity reference is not allowed")


@cache
def _shape(limits: XmlLimits) -> tuple[Any, Any, Any]:
    """Questions on the shape of a document, asked inside libxml2: a walk in Python costs more than the parse."""
    return (
        etree.XPath(f"boolean(/*{'/*' * limits.depth})"),
        etree.XPath("count(//*)"),
        etree.XPath(f"boolean(//*/@*[{limits.attributes + 1}])"),
    )
