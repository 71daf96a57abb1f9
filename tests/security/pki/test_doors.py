"""Which certificate opens what: the whole table, good certificates and bad twins, every usage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from samples.pki import issuing, subjects
from samples.pki.catalogue import read_catalogue
from security.errors import NotAuthenticated
from security.pki import extensions
from security.pki.certificate import read_certificate
from security.pki.trust import TrustStore, Usage

CATALOGUE = read_catalogue()
OPENS = {
    "org-auth": {Usage.INGEST_TLS: "ORG_AUTH_CLI"},
    "org-sign": {Usage.INGEST_SEAL: "ORG_SIGN"},
    "cpe-auth": {Usage.INGEST_TLS: "CPE"},
    "cpe-sign": {Usage.INGEST_SEAL: "CPE"},
    "cps-auth": {Usage.CONSULTATION_TLS: "CPS"},
    "cps-sign": {Usage.CONSULTATION_SEAL: "CPS"},
    "server": {},
}
ENCODING = serialization.Encoding.DER
GOOD = [entry for entry in CATALOGUE.entries.values() if entry.refused is None]
TWINS = [entry for entry in CATALOGUE.entries.values() if entry.refused is not None]


@pytest.mark.parametrize("usage", Usage)
@pytest.mark.parametrize("entry", GOOD, ids=lambda entry: entry.name)
def test_a_good_certificate_serves_its_own_usage_and_no_other(bench: Any, entry: Any, usage: Usage) -> None:
    verdict = bench.verdict(bench.pki.certificate(entry.name).certificate_der(), usage)
    expected = OPENS[entry.profile_name].get(usage)
    assert verdict == expected if expected else verdict in {"CERT_UNTRUSTED", "CERT_USAGE"}


@pytest.mark.parametrize("entry", TWINS, ids=lambda entry: entry.name)
def test_a_bad_twin_meets_the_refusal_that_the_catalogue_announces(bench: Any, entry: Any) -> None:
    credential = bench.pki.certificate(entry.name)
    usage = Usage.INGEST_TLS if entry.door == "ingest" else Usage.CONSULTATION_TLS
    assert bench.verdict(credential.certificate_der(), usage) == entry.refused


@pytest.mark.parametrize("usage", Usage)
@pytest.mark.parametrize("entry", TWINS, ids=lambda entry: entry.name)
def test_a_bad_twin_serves_no_usage_even_with_its_chain(bench: Any, entry: Any, usage: Usage) -> None:
    chain = [link.public_bytes(ENCODING) for link in bench.pki.certificate(entry.name).load_chain()]
    assert bench.verdict(chain[0], usage, extra_chain=chain[1:]).startswith("CERT_")


STRUCTURE = CATALOGUE.structures["chu-seine"]
DOCTOR = CATALOGUE.professionals["dr-martin"]
STAFF = CATALOGUE.staff["sec-seine"]


def _person(identifier: str, family: str = "X") -> x509.Name:
    return x509.Name([
        x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]),
        x509.RelativeDistinguishedName([
            x509.NameAttribute(NameOID.GIVEN_NAME, "A"),
            x509.NameAttribute(NameOID.SURNAME, family),
            x509.NameAttribute(NameOID.COMMON_NAME, identifier),
        ]),
    ])  # fmt: skip


def _flat_person() -> x509.Name:
    pairs = ((NameOID.GIVEN_NAME, "A"), (NameOID.SURNAME, "X"), (NameOID.COMMON_NAME, DOCTOR.id))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def _organisation(*units: str, label: str = "label") -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "O"),
        *(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units),
        x509.NameAttribute(NameOID.COMMON_NAME, label),
    ])  # fmt: skip


def _private(oid: str, value: bytes) -> list[tuple[x509.ExtensionType, bool]]:
    return [(x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value), False)]


def _category(value: bytes) -> dict[str, Any]:
    return {"product": issuing.Product(), "others": _private(extensions.PRODUCT_CATEGORY, value)}


ODD_ORGANISATIONS = {
    "a person's subject": {"name": subjects.person(DOCTOR)},
    "a staff card's subject": {"name": subjects.staff(STAFF, STRUCTURE)},
    "a card category": {"product": issuing.Product(category=0x80)},
    "a card category and type": {"product": issuing.Product(category=0x80, type=2)},
    "a card number": {"product": issuing.Product(category=0x83, card="8025000001/1")},
    "a type of card": {"product": issuing.Product(category=0x83, type=0)},
    "an unknown category": {"product": issuing.Product(category=0x8F)},
    "a security module category": {"product": issuing.Product(category=0x82)},
    "two structures": {"name": _organisation(STRUCTURE.id, "1690999032")},
    "no structure": {"name": _organisation()},
    "a structure of no register": {"name": _organisation("9750999013")},
    "a structure with Arabic digits": {"name": _organisation("1٧50999013")},
    "a line feed in its label": {"name": _organisation(STRUCTURE.id, label="chu\nseine")},
    "a NUL in its structure": {"name": _organisation("175099901\x00")},
    "a bidirectional mark in its label": {"name": _organisation(STRUCTURE.id, label="chu\u202eseine")},
    "a category of two bytes": {**_category(b"\4\2\x83\x83")},
    "a category that is no DER": {**_category(b"\x83")},
    "a category of another type": {**_category(b"\2\1\3")},
    "bytes after its category": {**_category(b"\4\1\x83\0")},
    "an unknown critical extension": {
        "others": [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"), True)]
    },
    "both client and e-mail usages": {"extended": ["client_auth", "email_protection"]},
}  # fmt: skip


@pytest.mark.parametrize("oddity", ODD_ORGANISATIONS)
def test_an_organisation_certificate_is_refused_for_having(bench: Any, oddity: str) -> None:
    assert bench.verdict(bench.organisation(), Usage.INGEST_TLS) == "ORG_AUTH_CLI"
    assert bench.verdict(bench.organisation(**ODD_ORGANISATIONS[oddity]), Usage.INGEST_TLS) == "CERT_KIND"


CPS = {"category": 0x80, "type": 0, "card": "8025000001/1", "profession": 10}
ODD_CARDS = {
    "a staff subject": {"name": subjects.staff(STAFF, STRUCTURE)},
    "an organisation subject": {"name": subjects.organisation(STRUCTURE, "x")},
    "names in RDNs of their own": {"name": _flat_person()},
    "an identifier of no register": {"name": _person("910009999995")},
    "an identifier of eleven digits": {"name": _person("10009999995")},
    "an identifier of a structure's employee": {"name": _person("3750999013/0000000101")},
    "an identifier in full-width digits": {"name": _person("8１0099998014")},
    "an identifier with a NUL": {"name": _person("81009999801\0")},
    "an escape character in its surname": {"name": _person(DOCTOR.id, "A\x1b[2J")},
    "the staff type": {"product": issuing.Product(**CPS | {"type": 2})},
    "the type of authorised bodies": {"product": issuing.Product(**CPS | {"type": 3})},
    "an unknown type": {"product": issuing.Product(**CPS | {"type": 9})},
    "no type": {"product": issuing.Product(**CPS | {"type": None})},
    "a software category": {"product": issuing.Product(category=0x83, profession=10)},
    "the production category": {"product": issuing.Product(**CPS | {"category": 0})},
    "no category": {"product": issuing.Product(**CPS | {"category": None})},
    "specialties that are no list": {"others": _private(extensions.SPECIALTIES, b"\x0c\x04SM26")},
    "an empty list of specialties": {"others": _private(extensions.SPECIALTIES, b"\x30\x00")},
}


@pytest.mark.parametrize("oddity", ODD_CARDS)
def test_a_card_is_refused_for_having(bench: Any, oddity: str) -> None:
    assert bench.verdict(bench.card(), Usage.CONSULTATION_TLS) == "CPS"
    assert bench.verdict(bench.card(**ODD_CARDS[oddity]), Usage.CONSULTATION_TLS) == "CERT_KIND"


@pytest.mark.parametrize(
    "changes",
    [
        {"extended": []}, {"extended": ["any"]}, {"extended": ["any", "client_auth"]}, {"extended": ["server_auth"]},
        {"usages": ["content_commitment"]}, {"usages": ["key_encipherment"]},
        {"usages": ["digital_signature", "key_cert_sign"]}, {"usages": ["digital_signature", "crl_sign"]},
        {"authority": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_certificate_for_another_usage_is_refused_on_tls(bench: Any, changes: dict[str, Any]) -> None:
    assert bench.verdict(bench.organisation(**changes), Usage.INGEST_TLS) == "CERT_USAGE"
    assert bench.verdict(bench.card(**changes), Usage.CONSULTATION_TLS) == "CERT_USAGE"


@pytest.mark.parametrize(
    "changes",
    [
        {"usages": ["digital_signature"]}, {"usages": ["content_commitment", "key_encipherment"]},
        {"usages": ["content_commitment"], "extended": ["client_auth"]},
        {"usages": ["content_commitment"], "extended": []},
    ],
    ids=str,
)  # fmt: skip
def test_only_a_signature_certificate_seals(bench: Any, changes: dict[str, Any]) -> None:
    seal = {"usages": ["content_commitment"], "extended": ["email_protection"]}
    assert bench.verdict(bench.card(**seal), Usage.CONSULTATION_SEAL) == "CPS"
    assert bench.verdict(bench.card(**seal | changes), Usage.CONSULTATION_SEAL) == "CERT_USAGE"


def test_a_card_of_a_professional_in_training_opens_consultation(bench: Any) -> None:
    card = bench.card(product=issuing.Product(**CPS | {"type": 1}))
    assert bench.verdict(card, Usage.CONSULTATION_TLS) == "CPF"


def test_professional_feeding_admits_a_card_on_ingest_and_only_from_the_authority_of_cards(bench: Any) -> None:
    directory = bench.pki.trust("ingest-with-professionals")
    closed, opened = TrustStore.load(directory), TrustStore.load(directory, professional_feeding=True)
    card = bench.pki.certificate("dr-martin.auth").certificate_der()
    confused = bench.pki.certificate("bad.cps-under-structures").certificate_der()
    staff = bench.pki.certificate("bad.cpe-under-professionals").certificate_der()
    assert opened.accept(card, Usage.INGEST_TLS, bench.now).kind == "CPS"
    for store, der in ((closed, card), (opened, confused), (opened, staff)):
        with pytest.raises(NotAuthenticated, match="CERT_KIND"):
            store.accept(der, Usage.INGEST_TLS, bench.now)


def test_what_is_read_from_a_card(bench: Any) -> None:
    holder = read_certificate(bench.pki.certificate("dr-essai.auth").certificate_der())
    assert (holder.kind, holder.national_id, holder.structure_id) == ("CPS", "810009999995", None)
    assert (holder.category, holder.product_type, holder.is_test) == (0x80, 0, True)
    assert (holder.profession, holder.specialties, holder.sections) == ("10", ("SM26",), ())
    assert (holder.family_name, holder.given_name) == ("ESSAI", "ANNE")
    assert holder.not_after - holder.not_before > timedelta(days=1000)


def test_what_is_read_from_a_staff_card_without_a_name(bench: Any) -> None:
    holder = read_certificate(bench.pki.certificate("ch-loire.cpe").certificate_der())
    assert (holder.kind, holder.structure_id, holder.national_id) == ("CPE", "1440999068", "3440999068/0000000201")
    assert (holder.family_name, holder.organization) == (None, "Centre hospitalier de la Loire fictive")


def test_what_is_read_from_an_organisation(bench: Any) -> None:
    holder = read_certificate(bench.pki.certificate("labo-rhone.sign").certificate_der())
    assert (holder.kind, holder.national_id, holder.structure_id) == ("ORG_SIGN", "1690999032", "1690999032")
    assert holder.product_type is None


def test_the_sections_of_a_pharmacist_are_read(bench: Any) -> None:
    assert read_certificate(bench.pki.certificate("pha-roux.sign").certificate_der()).sections == ("A",)
