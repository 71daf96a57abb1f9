"""Distinguished names: never compared as strings, always as sequences of sets of decoded attributes.

A SAML `Issuer` spells a name as RFC 2253 does, last RDN first; a certificate holds it first RDN first. The RDN of a
health professional has several attributes, whose order means nothing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from cryptography import x509

from security.pki import der

Rdn = frozenset[tuple[str, str]]
"""One relative name: (attribute OID in dots, value)."""

COMMON_NAME, SURNAME, COUNTRY, STATE = "2.5.4.3", "2.5.4.4", "2.5.4.6", "2.5.4.8"
ORGANIZATION, ORGANIZATIONAL_UNIT, TITLE, GIVEN_NAME = "2.5.4.10", "2.5.4.11", "2.5.4.12", "2.5.4.42"
PSEUDONYM = "2.5.4.65"

KEYWORDS = {
    "CN": COMMON_NAME,
    "SN": SURNAME,
    "SERIALNUMBER": "2.5.4.5",
    "C": COUNTRY,
    "L": "2.5.4.7",
    "ST": STATE,
    "STREET": "2.5.4.9",
    "O": ORGANIZATION,
    "OU": ORGANIZATIONAL_UNIT,
    "T": TITLE,
    "TITLE": TITLE,
    "GN": GIVEN_NAME,
    "PSEUDONYM": PSEUDONYM,
    "DC": "0.9.2342.19200300.100.1.25",
    "UID": "0.9.2342.19200300.100.1.1",
}
"""Attribute keywords that are read. `S` and `G` are refused, as the national service refuses them."""

_TYPE = re.compile(r"\s*(?:(?:OID|oid)\.)?([A-Za-z][A-Za-z0-9-]*|[0-2](?:\.[0-9]+)+)\s*=\s*")
_HEX_VALUE = re.compile(r"#((?:[0-9A-Fa-f]{2})+)\s*(?=[,;+]|$)")
_HEX_PAIR = re.compile(r"[0-9A-Fa-f]{2}")
_SPECIAL = frozenset(',;+"\\<>= #')


@dataclass(frozen=True, slots=True)
class ParsedName:
    """A name read from text, in the order of a certificate. `hexadecimal`: a value was spelled `#hex`."""

    rdns: tuple[Rdn, ...]
    hexadecimal: bool


def rdns_of(name: x509.Name) -> tuple[Rdn, ...]:
    """The RDNs of a certificate name. Raises ValueError: a value that is not text, or an attribute twice in an RDN."""
    rdns: list[Rdn] = []
    for rdn in name.rdns:
        attributes: set[tuple[str, str]] = set()
        for attribute in rdn:
            if not isinstance(attribute.value, str):
                raise ValueError(f"attribute {attribute.oid.dotted_string} is not text")
            attributes.add((attribute.oid.dotted_string, attribute.value))
        if len({oid for oid, _ in attributes}) != len(list(rdn)):
            raise ValueError("an attribute occurs twice in one RDN")
        rdns.append(frozenset(attributes))
    return tuple(rdns)


def is_printable(text: str) -> bool:
    """Whether `text` may be shown and compared: no control, format, private or unassigned character, no odd digit."""
    return bool(text) and all(
        unicodedata.category(character)[0] not in "CZM" or character == " " for character in text
    ) and not any(character.isdigit() and not character.isascii() for character in text)  # fmt: skip


def parse_name(text: str) -> ParsedName:
    """Read an RFC 2253 name. Raises ValueError with the reason; the reason never repeats a value."""
    if len(text) > 2048:
        raise ValueError("the name is longer than 2048 characters")
    rdns: list[Rdn] = []
    current: list[tuple[str, str]] = []
    hexadecimal = False
    at = 0
    while True:
        found = _TYPE.match(text, at)
        if found is None:
            raise ValueError(f"no attribute type at character {at + 1}")
        oid = _oid(found.group(1))
        value, at, was_hex = _value(text, found.end())
        hexadecimal = hexadecimal or was_hex
        current.append((oid, value))
        if at < len(text) and text[at] == "+":
            at += 1
            continue
        if len({known for known, _ in current}) != len(current):
            raise ValueError("an attribute occurs twice in one RDN")
        rdns.append(frozenset(current))
        current = []
        if at == len(text):
            return ParsedName(tuple(reversed(rdns)), hexadecimal)
        at += 1


def same_name(rfc2253_text: str, subject: tuple[Rdn, ...]) -> bool:
    """Whether a SAML `Issuer` of format X509SubjectName names `subject`. Unreadable text names nobody."""
    try:
        return parse_name(rfc2253_text).rdns == subject
    except ValueError:
        return False


def _oid(keyword: str) -> str:
    if keyword[0].isdigit():
        return keyword
    try:
        return KEYWORDS[keyword.upper()]
    except KeyError:
        raise ValueError(f"attribute type {keyword[:16]} is not accepted") from None


def _value(text: str, at: int) -> tuple[str, int, bool]:
    """(value, offset of the separator or of the end, spelled in hexadecimal)."""
    if text.startswith("#", at):
        found = _HEX_VALUE.match(text, at)
        if found is None:
            raise ValueError("a # value that is not hexadecimal")
        tag, content, end = der.element(encoded := bytes.fromhex(found.group(1)), 0)
        if end != len(encoded):
            raise ValueError("a # value with bytes after its element")
        return der.text(tag, content), found.end(), True
    if text.startswith('"', at):
        return _quoted(text, at + 1)
    return _plain(text, at)


def _quoted(text: str, at: int) -> tuple[str, int, bool]:
    value = bytearray()
    while at < len(text) and text[at] != '"':
        piece, at = _escape(text, at) if text[at] == "\\" else (text[at].encode(), at + 1)
        value += piece
    if at >= len(text):
        raise ValueError("a quoted value without its end")
    at += 1
    while at < len(text) and text[at] == " ":
        at += 1
    if at < len(text) and text[at] not in ",;+":
        raise ValueError("characters after a quoted value")
    return _decode(bytes(value)), at, False


def _plain(text: str, at: int) -> tuple[str, int, bool]:
    value = bytearray()
    kept = 0
    while at < len(text) and text[at] not in ",;+":
        if text[at] in '"<>':
            raise ValueError("a special character without its escape")
        escaped = text[at] == "\\"
        piece, at = _escape(text, at) if escaped else (text[at].encode(), at + 1)
        value += piece
        if escaped or piece != b" ":
            kept = len(value)
    return _decode(bytes(value[:kept])), at, False


def _escape(text: str, at: int) -> tuple[bytes, int]:
    pair = text[at + 1 : at + 3]
    if _HEX_PAIR.fullmatch(pair):
        return bytes.fromhex(pair), at + 3
    if pair and pair[0] in _SPECIAL:
        return pair[0].encode(), at + 2
    raise ValueError("an escape that stands for nothing")


def _decode(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("an escaped value that is not UTF-8") from None
