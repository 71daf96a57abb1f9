"""Kinds of certificates: what category, type of card, shape of subject and issuing branch say together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from cryptography.x509.oid import ExtendedKeyUsageOID

from security.pki import names
from security.pki.extensions import CARD, SOFTWARE, TEST, ProductExtensions
from security.pki.names import Rdn


class CertificateKind(StrEnum):
    """Product families. A card's authentication and signature certificates are of one kind; their usages differ."""

    CPS = "CPS"
    """Card of a health professional."""
    CPF = "CPF"
    """Card of a health professional in training."""
    CPE = "CPE"
    """Card of a person who works for a structure, nominative or not, directors included."""
    CPA = "CPA"
    """Card of a person who works for an authorised body."""
    ORG_AUTH_CLI = "ORG_AUTH_CLI"
    """Software certificate with which an organisation opens a TLS connection."""
    ORG_SIGN = "ORG_SIGN"
    """Software certificate with which an organisation seals."""
    PERSON_SOFTWARE = "PERSON_SOFTWARE"
    """Software certificate of a person: opens no door."""
    SERVER = "SERVER"
    UNKNOWN = "UNKNOWN"


class Range(StrEnum):
    """Ranges of IGC-Santé, each with its own root."""

    ELEMENTAIRE = "ELEMENTAIRE"
    STANDARD = "STANDARD"
    FORT = "FORT"


class Family(StrEnum):
    """What an issuing authority certifies."""

    PERSONNES = "PERSONNES"
    ORGANISATIONS = "ORGANISATIONS"


class Shape(StrEnum):
    """Layouts of subjects."""

    PERSON = "PERSON"
    STAFF = "STAFF"
    ORGANISATION = "ORGANISATION"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Branch:
    """The issuing authority, by its name. Only a verified path makes it true."""

    range: Range
    family: Family
    test: bool


_BRANCH = re.compile(r"(TEST )?AC IGC-SANTE (ELEMENTAIRE|STANDARD|FORT) (PERSONNES|ORGANISATIONS)")
_CARDS = (CertificateKind.CPS, CertificateKind.CPF, CertificateKind.CPE, CertificateKind.CPA)
_CARD_SHAPES = {
    CertificateKind.CPS: Shape.PERSON,
    CertificateKind.CPF: Shape.PERSON,
    CertificateKind.CPE: Shape.STAFF,
    CertificateKind.CPA: Shape.STAFF,
}


def values(name: tuple[Rdn, ...], oid: str) -> tuple[str, ...]:
    """Every value of one attribute of a name, first RDN first."""
    return tuple(value for rdn in name for found, value in rdn if found == oid)


def branch_of(issuer: tuple[Rdn, ...]) -> Branch | None:
    """The branch of IGC-Santé that an issuer name designates, or None."""
    common_names = values(issuer, names.COMMON_NAME)
    found = _BRANCH.fullmatch(common_names[0]) if len(common_names) == 1 else None
    if found is None:
        return None
    return Branch(Range(found.group(2)), Family(found.group(3)), test=found.group(1) is not None)


def shape_of(subject: tuple[Rdn, ...]) -> Shape:
    """The layout of a subject. An attribute that occurs twice is no known layout: identities are never a choice."""
    counts = Counter(oid for rdn in subject for oid, _ in rdn)
    if counts[names.COMMON_NAME] != 1 or any(count > 1 for count in counts.values()):
        return Shape.OTHER
    has = set(counts)
    named = {names.SURNAME, names.GIVEN_NAME} <= has
    nameless = not has & {names.SURNAME, names.GIVEN_NAME}
    structure = {names.ORGANIZATION, names.ORGANIZATIONAL_UNIT} <= has
    if named and not has & {names.ORGANIZATION, names.ORGANIZATIONAL_UNIT, names.PSEUDONYM}:
        together = {names.COMMON_NAME, names.SURNAME, names.GIVEN_NAME}
        return Shape.PERSON if any({oid for oid, _ in rdn} == together for rdn in subject) else Shape.OTHER
    if structure and names.TITLE in has and named != (names.PSEUDONYM in has) and (named or nameless):
        return Shape.STAFF
    if structure and nameless and not has & {names.TITLE, names.PSEUDONYM}:
        return Shape.ORGANISATION
    return Shape.OTHER


def kind_of(
    product: ProductExtensions, branch: Branch | None, shape: Shape, purposes: frozenset[str]
) -> CertificateKind:
    """The kind on which every fact agrees, UNKNOWN when they do not. `purposes`: OIDs of the extended key usage."""
    if product.category is None:
        is_server = branch is None and purposes == {ExtendedKeyUsageOID.SERVER_AUTH.dotted_string}
        return CertificateKind.SERVER if is_server else CertificateKind.UNKNOWN
    if branch is None:
        return CertificateKind.UNKNOWN
    category = product.category & ~TEST
    if category == CARD and branch.family is Family.PERSONNES:
        return _card_kind(product, shape)
    if category == SOFTWARE and product.product_type is None and product.card is None:
        return _software_kind(branch.family, shape, purposes)
    return CertificateKind.UNKNOWN


def _card_kind(product: ProductExtensions, shape: Shape) -> CertificateKind:
    if product.product_type not in range(len(_CARDS)):
        return CertificateKind.UNKNOWN
    kind = _CARDS[product.product_type or 0]
    return kind if shape is _CARD_SHAPES[kind] else CertificateKind.UNKNOWN


def _software_kind(family: Family, shape: Shape, purposes: frozenset[str]) -> CertificateKind:
    client = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string in purposes
    seal = ExtendedKeyUsageOID.EMAIL_PROTECTION.dotted_string in purposes
    if family is Family.PERSONNES and shape is Shape.PERSON:
        return CertificateKind.PERSON_SOFTWARE
    if family is Family.ORGANISATIONS and shape is Shape.ORGANISATION and client != seal:
        return CertificateKind.ORG_AUTH_CLI if client else CertificateKind.ORG_SIGN
    return CertificateKind.UNKNOWN
