"""Subjects of the test certificates: the layouts of national certificates, RDN by RDN."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from samples.pki.catalogue import Authority, Catalogue, Entry, Professional, Staff, Structure

GIVEN_NAME, SURNAME, COMMON_NAME = NameOID.GIVEN_NAME, NameOID.SURNAME, NameOID.COMMON_NAME


def authority_name(authority: Authority) -> x509.Name:
    """`CN, OU=IGC-SANTE TEST, OU=0002 …, O, C` read from the end; 0002 is the prefix of a SIREN (ISO 6523)."""
    return _name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.ORGANIZATION_NAME, "ECLUSE BAC A SABLE"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "0002 000000000"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "IGC-SANTE TEST"),
        (NameOID.COMMON_NAME, authority.common_name),
    )


def subject_name(entry: Entry, catalogue: Catalogue) -> x509.Name:
    """The subject that the layout of the entry gives to its holder."""
    match entry.profile.layout:
        case "person":
            return person(catalogue.professionals[entry.holder])
        case "staff":
            holder = catalogue.staff[entry.holder]
            return staff(holder, catalogue.structures[holder.structure])
        case "organisation":
            return organisation(catalogue.structures[entry.holder], entry.profile_name)
        case _:
            return _name((NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "ECLUSE BAC A SABLE"),
                         (NameOID.COMMON_NAME, f"{entry.holder}.localhost"))  # fmt: skip


def person(holder: Professional) -> x509.Name:
    """A professional: given name, surname and PS_IdNat in one multi-valued RDN."""
    return x509.Name([
        _single(NameOID.COUNTRY_NAME, "FR"),
        _single(NameOID.TITLE, holder.title),
        _names(holder.given, holder.family, holder.id),
    ])  # fmt: skip


def staff(holder: Staff, structure: Structure) -> x509.Name:
    """The holder of a structure's card, nominative or under a pseudonym."""
    place = [
        _single(NameOID.COUNTRY_NAME, "FR"),
        _single(NameOID.STATE_OR_PROVINCE_NAME, structure.department),
        _single(NameOID.ORGANIZATION_NAME, structure.display),
        _single(NameOID.ORGANIZATIONAL_UNIT_NAME, structure.id),
        _single(NameOID.TITLE, holder.title),
    ]
    if holder.family is not None and holder.given is not None:
        return x509.Name([*place, _names(holder.given, holder.family, holder.id)])
    pseudonym = _single(NameOID.PSEUDONYM, holder.pseudonym or "")
    return x509.Name([*place, pseudonym, _single(COMMON_NAME, holder.id)])


def organisation(structure: Structure, label: str) -> x509.Name:
    """A structure: its Struct_IdNat is the OU, the CN is a free label."""
    return _name(
        (NameOID.COUNTRY_NAME, "FR"),
        (NameOID.STATE_OR_PROVINCE_NAME, structure.department),
        (NameOID.ORGANIZATION_NAME, structure.display),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, structure.id),
        (COMMON_NAME, f"{structure.name}.{label}"),
    )


def _name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([_single(oid, value) for oid, value in attributes])


def _single(oid: x509.ObjectIdentifier, value: str) -> x509.RelativeDistinguishedName:
    return x509.RelativeDistinguishedName([x509.NameAttribute(oid, value)])


def _names(given: str, family: str, identifier: str) -> x509.RelativeDistinguishedName:
    return x509.RelativeDistinguishedName([
        x509.NameAttribute(GIVEN_NAME, given),
        x509.NameAttribute(SURNAME, family),
        x509.NameAttribute(COMMON_NAME, identifier),
    ])  # fmt: skip
