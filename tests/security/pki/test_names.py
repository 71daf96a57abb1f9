"""An Issuer's text against the subject of a certificate."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security.pki.certificate import read_certificate
from security.pki.names import is_printable, parse_name, rdns_of, same_name

DOCTOR = "SN=MARTIN-TEST+GN=PAUL+CN=810099998014,{title},C=FR"
SAME = {
    "keywords": DOCTOR.format(title="T=Médecin"),
    "another order in the RDN": "CN=810099998014+SN=MARTIN-TEST+GN=PAUL,T=Médecin,C=FR",
    "spaces": "CN = 810099998014 + SN = MARTIN-TEST + GN = PAUL , T = Médecin , C = FR",
    "semicolons": "CN=810099998014+SN=MARTIN-TEST+GN=PAUL;T=Médecin;C=FR",
    "lower case": "cn=810099998014+sn=MARTIN-TEST+gn=PAUL,title=Médecin,c=FR",
    "dotted types": "2.5.4.3=810099998014+2.5.4.4=MARTIN-TEST+OID.2.5.4.42=PAUL,2.5.4.12=Médecin,2.5.4.6=FR",
    "quotes": 'CN="810099998014"+SN="MARTIN-TEST"+GN=PAUL,T="Médecin",C=FR',
    "escaped bytes": DOCTOR.format(title="T=M\\C3\\A9decin"),
    "hexadecimal UTF8String": DOCTOR.format(title="2.5.4.12=#0c084dc3a9646563696e"),
    "hexadecimal TeletexString": DOCTOR.format(title="2.5.4.12=#14074de9646563696e"),
    "hexadecimal PrintableString": "CN=810099998014+SN=MARTIN-TEST+2.5.4.42=#13045041554c,T=Médecin,C=FR",
}
OTHER = {
    "certificate order": "C=FR,T=Médecin,SN=MARTIN-TEST+GN=PAUL+CN=810099998014",
    "an RDN each": "CN=810099998014,SN=MARTIN-TEST,GN=PAUL,T=Médecin,C=FR",
    "another person": "CN=810099998022+SN=MARTIN-TEST+GN=PAUL,T=Médecin,C=FR",
    "another case": "CN=810099998014+SN=Martin-Test+GN=PAUL,T=Médecin,C=FR",
    "a missing attribute": "CN=810099998014+SN=MARTIN-TEST,T=Médecin,C=FR",
    "one more RDN": "CN=810099998014+SN=MARTIN-TEST+GN=PAUL,T=Médecin,C=FR,DC=x",
    "G for the given name": "CN=810099998014+SN=MARTIN-TEST+G=PAUL,T=Médecin,C=FR",
    "nothing": "",
    "no equals sign": "CN",
    "an odd number of digits": DOCTOR.format(title="2.5.4.12=#0c084"),
    "a hexadecimal value that is not text": DOCTOR.format(title="2.5.4.12=#0201ff"),
    "a hexadecimal value with a tail": DOCTOR.format(title="2.5.4.12=#0c084dc3a96465636900ff"),
    "an attribute twice": "CN=1+CN=810099998014+SN=MARTIN-TEST+GN=PAUL,T=Médecin,C=FR",
    "a quote that never ends": 'CN="810099998014+SN=MARTIN-TEST+GN=PAUL,T=Médecin,C=FR',
    "an escape of nothing": DOCTOR.format(title="T=M\\zdecin"),
    "a final comma": DOCTOR.format(title="T=Médecin") + ",",
    "three thousand characters": DOCTOR.format(title="T=Médecin") + " " * 3000,
}  # fmt: skip


@pytest.fixture(scope="module")
def subject(bench: Any) -> Any:
    return read_certificate(bench.pki.certificate("dr-martin.sign").certificate_der()).subject


@pytest.mark.parametrize("spelling", SAME)
def test_a_name_is_recognised_with(subject: Any, spelling: str) -> None:
    assert same_name(SAME[spelling], subject)


@pytest.mark.parametrize("spelling", OTHER)
def test_a_name_is_not_recognised_with(subject: Any, spelling: str) -> None:
    assert not same_name(OTHER[spelling], subject)


def test_hexadecimal_values_are_told() -> None:
    assert parse_name("CN=#0c0178").hexadecimal
    assert not parse_name("CN=x").hexadecimal


def test_the_state_of_an_organisation_is_st_and_never_s(bench: Any) -> None:
    subject = read_certificate(bench.pki.certificate("labo-rhone.sign").certificate_der()).subject
    text = "CN=labo-rhone.org-sign,OU=1690999032,O=Laboratoire du Rhône fictif,{}=Rhône (69),C=FR"
    assert same_name(text.format("ST"), subject)
    assert not same_name(text.format("S"), subject)


def test_the_library_s_own_spelling_of_every_certificate_is_recognised(bench: Any) -> None:
    for name in bench.pki.names():
        certificate = bench.pki.certificate(name).load_certificate()
        assert same_name(certificate.subject.rfc4514_string(), rdns_of(certificate.subject)), name


@pytest.mark.parametrize(
    "text", ["", "a\0", "a\n", "a\x7f", "a\u200b", "a\u202e", "٣", "１", "\ud800", "e\u0301", "\u00a0"]
)
def test_text_that_may_deceive_is_not_printable(text: str) -> None:
    assert not is_printable(text)


@pytest.mark.parametrize("text", ["Médecin", "Rhône (69)", "L'Haÿ-les-Roses", "3750999013/0000000101"])
def test_ordinary_text_is_printable(text: str) -> None:
    assert is_printable(text)


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_a_value_error(text: str) -> None:
    try:
        parse_name(text)
    except ValueError:
        return
