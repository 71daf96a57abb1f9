"""Identifiers: OID, UUID, CX, SHA-1, language tags (ITI TF-3 §4.2.3.1.7). Each parser raises ValueError."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xds.metadata import hl7

_OID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")
_UUID_URN = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_LANGUAGE = re.compile(r"[a-zA-Z]{2,8}(?:-[a-zA-Z0-9]{1,8})*|[xXiI](?:-[a-zA-Z0-9]{1,8})+")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_URN = re.compile(r"urn:[a-zA-Z0-9][a-zA-Z0-9-]{0,31}:\S+")
_MIME_TYPE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*")


def parse_oid(text: str) -> str:
    """An OID: two arcs at least, no leading zero, at most 64 characters."""
    if len(text) > 64:
        raise ValueError(f"an OID has at most 64 characters, not {len(text)}")
    if not _OID.fullmatch(text):
        raise ValueError("not an OID: numbers without leading zero, separated by dots")
    return text


def parse_oid_urn(text: str) -> str:
    """The OID of `urn:oid:…` (RFC 3061)."""
    if not text.startswith("urn:oid:"):
        raise ValueError("not urn:oid: followed by an OID")
    return parse_oid(text.removeprefix("urn:oid:"))


def parse_uuid_urn(text: str) -> str:
    """`urn:uuid:` and a UUID in lower-case hexadecimal (RFC 4122 §3)."""
    if not _UUID_URN.fullmatch(text):
        raise ValueError("not urn:uuid: followed by a UUID in lower case")
    return text


def parse_urn(text: str) -> str:
    """Any URN (RFC 8141 §2)."""
    if not _URN.fullmatch(text):
        raise ValueError("not a URN")
    return text


def parse_identifier(text: str) -> str:
    """A globally unique identifier, opaque: 1 to 128 characters, no white space (ITI TF-3 §4.2.3.2.26)."""
    if not text or len(text) > 128 or any(character.isspace() for character in text):
        raise ValueError("not an identifier of 1 to 128 characters without white space")
    return text


def parse_sha1(text: str) -> str:
    """40 hexadecimal digits, returned in lower case: case never counts."""
    if not _SHA1.fullmatch(text):
        raise ValueError("not 40 hexadecimal digits")
    return text.lower()


def parse_integer(text: str) -> int:
    """An integer of XML Schema, of 18 digits at most."""
    if not _INTEGER.fullmatch(text):
        raise ValueError("not an integer")
    return int(text)


def parse_language(text: str) -> str:
    """A language tag by its shape (RFC 5646 §2.1)."""
    if not _LANGUAGE.fullmatch(text):
        raise ValueError("not a language tag")
    return text


def parse_mime_type(text: str) -> str:
    """A media type without parameters (RFC 6838 §4.2)."""
    if not _MIME_TYPE.fullmatch(text):
        raise ValueError("not a media type of the form type/subtype")
    return text


def parse_authority(text: str, name: str) -> str:
    """The OID of `&OID&ISO`: no namespace id, type ISO."""
    parts = text.split("&")
    if len(parts) != 3 or parts[0] or parts[2] != "ISO":
        raise ValueError(f"{name} is not of the form &OID&ISO")
    return parse_oid(parts[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cx:
    """A patient id: `id^^^&OID&ISO`, to which the French profile adds its type, `NH` or `PI` (CI-SIS Annexe XDS)."""

    identifier: str
    authority: str
    type: str = ""

    @classmethod
    def parse(cls, text: str) -> Cx:
        """Read a CX. Raises ValueError: with the component at fault."""
        parts = hl7.components(text, "CX", _CX, 5)
        if not parts[0]:
            raise ValueError("CX.1, the id, is empty")
        identifier = hl7.without_subcomponents(parts[0], "CX.1")
        kind = hl7.without_subcomponents(parts[4], "CX.5")
        return cls(identifier=identifier, authority=parse_authority(parts[3], "CX.4"), type=kind)

    def format(self) -> str:
        """Write the CX."""
        return hl7.joined([hl7.escape(self.identifier), "", "", f"&{self.authority}&ISO", hl7.escape(self.type)])


_CX = frozenset((1, 4, 5))


def parse_cx(text: str) -> Cx:
    """A patient id as IHE has it: `id^^^&OID&ISO` and nothing else, without the French type. Raises ValueError."""
    cx = Cx.parse(text)
    if cx.type:
        raise ValueError("CX.5 must be empty")
    return cx
