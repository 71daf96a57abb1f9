"""People, organisations and their addresses: XCN, XON, XTN (ITI TF-3 §4.2.3.1.7). Each parser raises ValueError."""

from __future__ import annotations

from dataclasses import dataclass

from xds.metadata import hl7
from xds.metadata.identifiers import parse_authority, parse_oid

# XCN.8 was withdrawn; what follows the authority is free (ITI TF-3 §4.2.3.1.7).
_XCN = frozenset((1, 2, 3, 4, 5, 6, 7, *range(9, 24)))
_XON = frozenset((1, 6, 7, 10))
_XTN = frozenset(range(1, 13))


@dataclass(frozen=True, slots=True, kw_only=True)
class Xcn:
    """A person, or a device under `family` (XCN).

    `authority` is the OID of who gave `identifier`; `name_type` (`D`, `U`) and `id_type` (`IDNPS`, `RI`, `NH`) are
    the French additions (CI-SIS Annexe XDS).
    """

    identifier: str = ""
    family: str = ""
    given: str = ""
    middle: str = ""
    suffix: str = ""
    prefix: str = ""
    degree: str = ""
    authority: str = ""
    name_type: str = ""
    id_type: str = ""

    @classmethod
    def parse(cls, text: str) -> Xcn:
        """Read an XCN. Raises ValueError: with the component at fault, never its content."""
        parts = hl7.components(text, "XCN", _XCN, 13)
        if not parts[0] and not parts[1]:
            raise ValueError("XCN.1 and XCN.2 are empty: a person has an id or a family name")
        hl7.unescape(text)
        authority = parse_authority(parts[8], "XCN.9") if parts[8] else ""
        # XCN.2 may tell the parts of a family name: its first part is the name (HL7 v2.5 §2.A.29).
        family = hl7.unescape(parts[1].split("&")[0])
        plain = [hl7.without_subcomponents(parts[at], f"XCN.{at + 1}") for at in (0, 2, 3, 4, 5, 6, 9, 12)]
        return cls(
            identifier=plain[0],
            family=family,
            given=plain[1],
            middle=plain[2],
            suffix=plain[3],
            prefix=plain[4],
            degree=plain[5],
            authority=authority,
            name_type=plain[6],
            id_type=plain[7],
        )

    def format(self) -> str:
        """Write the XCN."""
        names = (self.identifier, self.family, self.given, self.middle, self.suffix, self.prefix, self.degree)
        authority = f"&{self.authority}&ISO" if self.authority else ""
        tail = ["", authority, hl7.escape(self.name_type), "", "", hl7.escape(self.id_type)]
        return hl7.joined([*map(hl7.escape, names), *tail])


@dataclass(frozen=True, slots=True, kw_only=True)
class Xon:
    """An organisation (XON). `authority` is an OID; `id_type` (`IDNST`) is the French addition (CI-SIS Annexe XDS)."""

    name: str
    identifier: str = ""
    authority: str = ""
    id_type: str = ""

    @classmethod
    def parse(cls, text: str) -> Xon:
        """Read an XON. Raises ValueError: with the component at fault."""
        parts = hl7.components(text, "XON", _XON, 10)
        if not parts[0]:
            raise ValueError("XON.1, the name of the organisation, is empty")
        authority = parse_authority(parts[5], "XON.6") if parts[5] else ""
        name, kind, identifier = [hl7.without_subcomponents(parts[at], f"XON.{at + 1}") for at in (0, 6, 9)]
        if identifier and not authority and not _is_oid(identifier):
            raise ValueError("XON.10 is no OID, so XON.6 must name its authority")
        return cls(name=name, identifier=identifier, authority=authority, id_type=kind)

    def format(self) -> str:
        """Write the XON."""
        authority = f"&{self.authority}&ISO" if self.authority else ""
        name, kind, identifier = hl7.escape(self.name), hl7.escape(self.id_type), hl7.escape(self.identifier)
        return hl7.joined([name, "", "", "", "", authority, kind, "", "", identifier])


@dataclass(frozen=True, slots=True, kw_only=True)
class Xtn:
    """A telephone number or an e-mail address (XTN). `equipment` is XTN.3; `Internet` for an e-mail address."""

    equipment: str
    use: str = ""
    address: str = ""
    country: str = ""
    area: str = ""
    number: str = ""
    extension: str = ""

    @classmethod
    def parse(cls, text: str) -> Xtn:
        """Read an XTN; a telephone number may stand unformatted in XTN.12. Raises ValueError."""
        parts = [hl7.unescape(part) for part in hl7.components(text, "XTN", _XTN, 12)]
        if not parts[2]:
            raise ValueError("XTN.3, the equipment, is empty")
        if parts[2] == "Internet" and not parts[3]:
            raise ValueError("XTN.4, the address, is empty")
        number = parts[6] or parts[11]
        if parts[2] != "Internet" and not number:
            raise ValueError("XTN.7, the number, is empty")
        return cls(
            equipment=parts[2],
            use=parts[1],
            address=parts[3],
            country=parts[4],
            area=parts[5],
            number=number,
            extension=parts[7],
        )


def parse_recipient(text: str) -> tuple[Xon | None, Xcn | None, Xtn | None]:
    """Read `XON|XCN|XTN`, at least one of them (ITI TF-3 §4.2.3.3.7). Raises ValueError."""
    parts = text.split("|")
    if len(parts) > 3 or not any(parts):
        raise ValueError("not one to three parts separated by |, one of them filled")
    xon, xcn, xtn = [*parts, "", ""][:3]
    return Xon.parse(xon) if xon else None, Xcn.parse(xcn) if xcn else None, Xtn.parse(xtn) if xtn else None


def _is_oid(text: str) -> bool:
    try:
        parse_oid(text)
    except ValueError:
        return False
    return True
