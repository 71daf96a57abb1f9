"""The signature of a lot in JSON: a true one is believed, and each thing that is wrong refuses it."""

from __future__ import annotations

import base64
import random
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from samples.jades import build_header, sign_header, sign_lot_in_json
from samples.lot import sign_lot
from samples.xmldsig import load_seal
from security.errors import NotAuthenticated
from security.instants import write_instant
from security.pki.trust import Usage
from security.signature.jades import verify_json_lot
from security.signature.jose import write_base64url
from security.signature.lot import LotPolicy, verify_lot
from security.strict_json import read_json, write_json

LOT = "1.2.250.1.999.1.1.7898"
DOCUMENTS = {"1.2.250.1.999.1.1.1": b"<ClinicalDocument/>", "1.2.250.1.999.1.1.2": bytes(range(256)) * 400}
FIRST, SECOND = DOCUMENTS


@pytest.fixture
def sign(pki, now):
    def signed(change=lambda header: None, signer="chu-seine.sign", documents=DOCUMENTS, lot=LOT):
        certificate = pki.certificate(signer)
        return sign_lot_in_json(lot_unique_id=lot, documents=documents, signer=certificate, now=now, change=change)

    return signed


@pytest.fixture
def verify(ingest_trust, now):
    def verified(signature, documents=DOCUMENTS, now=now, policy=None, usage=Usage.INGEST_SEAL):
        return verify_json_lot(
            signature, lot_unique_id=LOT, documents=documents, trust=ingest_trust, usage=usage, now=now, policy=policy
        )

    return verified


@pytest.fixture
def refusal(verify):
    def refused(signature, **choices):
        with pytest.raises(NotAuthenticated) as error:
            verify(signature, **choices)
        return str(error.value.kind)

    return refused


def test_a_signed_lot_leaves_the_same_evidence_as_one_signed_in_xml(sign, verify, pki, ingest_trust, now):
    in_json = verify(sign())
    signer = pki.certificate("chu-seine.sign")
    signature = sign_lot(lot_unique_id=LOT, documents=DOCUMENTS, signer=signer, now=now)
    in_xml = verify_lot(
        signature,
        lot_unique_id=LOT,
        documents=DOCUMENTS,
        trust=ingest_trust,
        usage=Usage.INGEST_SEAL,
        now=now,
    )
    for name in type(in_xml).__dataclass_fields__:
        if name != "signature_sha256":
            assert getattr(in_json, name) == getattr(in_xml, name), name


def test_what_is_signed_is_what_another_hand_verifies(sign, pki):
    # Given a signature, when cryptography alone checks it over `protected.`, then it is right.
    whole = read_json(sign())
    value = base64.urlsafe_b64decode(whole["signature"] + "==")
    key = load_seal(pki.certificate("chu-seine.sign")).leaf.public_key()
    key.verify(value, f"{whole['protected']}.".encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.update(alg="PS256"),
        lambda header: header.update(kid="mine"),
        lambda header: header.update(b64=True, crit=["sigD", "sigT", "iheSSId", "b64"]),
        lambda header: header.pop("sigPId"),
        lambda header: header.pop("x5t#S256"),
        lambda header: header.update(iheSSId=LOT),
        lambda header: header.update(crit=["iheSSId", "sigD", "sigT"]),
        lambda header: header.update(x5c=header["x5c"][:1]),
    ],
    ids=["PS256", "kid", "b64", "no policy", "no thumbprint", "bare OID", "another order", "no chain"],
)
def test_what_the_profile_allows_is_believed(sign, verify, change):
    assert verify(sign(change)).documents == tuple(sorted(DOCUMENTS))


def put(**members):
    return lambda header: header.update(members)


def drop(name):
    return lambda header: header.pop(name)


def manifest(**members):
    return lambda header: header["sigD"].update(members)


def at(name, rank, value):
    return lambda header: header["sigD"][name].__setitem__(rank, value)


def only_first(header):
    for name in ("pars", "hashV", "ctys"):
        del header["sigD"][name][1:]


def one_more(header):
    for name, value in (("pars", "urn:oid:1.2.3"), ("hashV", "AAAA"), ("ctys", "text/xml")):
        header["sigD"][name].append(value)


CRIT = ["sigD", "sigT", "iheSSId"]
FAULTS = {
    "alg none": (put(alg="none"), "SIG_ALGORITHM"),
    "alg HS256": (put(alg="HS256"), "SIG_ALGORITHM"),
    "alg RS512": (put(alg="RS512"), "SIG_ALGORITHM"),
    "alg of another key": (put(alg="ES256"), "SIG_KEY"),
    "no alg": (drop("alg"), "SIG_ALGORITHM"),
    "no crit": (drop("crit"), "SIG_POLICY"),
    "crit without iheSSId": (put(crit=CRIT[:2]), "SIG_POLICY"),
    "crit with more": (put(crit=[*CRIT, "srCms"]), "SIG_POLICY"),
    "crit twice the same": (put(crit=[*CRIT, "sigD"]), "SIG_POLICY"),
    "crit names b64 that is absent": (put(crit=[*CRIT, "b64"]), "SIG_POLICY"),
    "b64 that crit does not name": (put(b64=True), "SIG_POLICY"),
    "b64 false": (put(b64=False, crit=[*CRIT, "b64"]), "SIG_POLICY"),
    "crit is no list": (put(crit="sigD"), "SIG_POLICY"),
    "jwk": (put(jwk={"kty": "RSA"}), "SIG_POLICY"),
    "jku": (put(jku="https://elsewhere.example"), "SIG_POLICY"),
    "x5u": (put(x5u="https://elsewhere.example"), "SIG_POLICY"),
    "zip": (put(zip="DEF"), "SIG_POLICY"),
    "typ": (put(typ="JOSE"), "SIG_POLICY"),
    "x5t": (put(x5t="AAAA"), "SIG_POLICY"),
    "a header that is not known": (put(other=1), "SIG_POLICY"),
    "no x5c": (drop("x5c"), "SIG_KEY"),
    "x5c empty": (put(x5c=[]), "SIG_KEY"),
    "x5c no base64": (put(x5c=["é"]), "SIG_KEY"),
    "thumbprint of another": (put(**{"x5t#S256": "AAAA"}), "SIG_KEY"),
    "no sigT": (drop("sigT"), "SIG_POLICY"),
    "sigT without zone": (put(sigT="2026-06-12T10:00:00"), "SIG_POLICY"),
    "sigT before the certificate": (put(sigT="1999-06-12T10:00:00Z"), "SIG_POLICY"),
    "no srCms": (drop("srCms"), "SIG_POLICY"),
    "two commitments": (lambda header: header["srCms"].append(header["srCms"][0]), "SIG_POLICY"),
    "another commitment": (put(srCms=[{"commId": {"id": "urn:oid:1.2.840.10065.1.12.1.2"}}]), "SIG_POLICY"),
    "another policy": (put(sigPId={"id": "urn:oid:1.2.3"}), "SIG_POLICY"),
    "no iheSSId": (drop("iheSSId"), "SIG_POLICY"),
    "another lot": (put(iheSSId="urn:oid:1.2.3"), "SIG_COVERAGE"),
    "no sigD": (drop("sigD"), "SIG_POLICY"),
    "sigD null": (put(sigD=None), "SIG_STRUCTURE"),
    "sigD with more": (manifest(other=1), "SIG_STRUCTURE"),
    "mId that fetches": (manifest(mId="http://uri.etsi.org/19182/ObjectIdByURI"), "SIG_REFERENCE"),
    "mId of HTTP headers": (manifest(mId="http://uri.etsi.org/19182/HttpHeaders"), "SIG_REFERENCE"),
    "SHA-1": (manifest(hashM="S1"), "SIG_ALGORITHM"),
    "no hashM": (lambda header: header["sigD"].pop("hashM"), "SIG_ALGORITHM"),
    "a document left out": (only_first, "SIG_COVERAGE"),
    "a document in excess": (one_more, "SIG_COVERAGE"),
    "a document twice": (at("pars", 1, f"urn:oid:{FIRST}"), "SIG_COVERAGE"),
    "an address": (at("pars", 1, "https://elsewhere.example/1"), "SIG_COVERAGE"),
    "a wrong digest": (at("hashV", 0, "AAAA"), "SIG_INVALID"),
    "a digest with padding": (at("hashV", 0, "AAA="), "SIG_STRUCTURE"),
    "ctys too short": (lambda header: header["sigD"]["ctys"].pop(), "SIG_STRUCTURE"),
    "hashV no list": (manifest(hashV="AAAA"), "SIG_STRUCTURE"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_fault_refuses_the_lot(sign, refusal, case):
    change, kind = FAULTS[case]
    assert refusal(sign(change)) == kind


def test_a_changed_document_refuses_the_lot(sign, refusal):
    assert refusal(sign(), documents={**DOCUMENTS, FIRST: b"<ClinicalDocument />"}) == "SIG_INVALID"


def test_time_is_that_of_the_signature(sign, refusal, verify, now):
    def signed_at(instant):
        return sign(put(sigT=write_instant(instant)))

    hour = timedelta(hours=1)
    assert refusal(signed_at(now + hour)) == "SIG_POLICY"
    later = now + hour
    assert refusal(signed_at(now), now=later, policy=LotPolicy(max_signature_age=hour / 2)) == "SIG_POLICY"
    assert verify(signed_at(now), now=later).signing_time == now


@pytest.mark.parametrize("signer", ["ch-loire.sign", "labo-rhone.sign", "chu-seine.cpe-sign"])
def test_every_seal_of_the_ingest_door_signs_lots(sign, verify, signer, holders):
    assert verify(sign(signer=signer)).signer == holders[signer]


@pytest.mark.parametrize(("signer", "kind"), [("chu-seine.auth", "CERT_USAGE"), ("dr-essai.sign", "CERT_UNTRUSTED")])
def test_who_may_not_seal_is_refused(sign, refusal, signer, kind):
    assert refusal(sign(signer=signer)) == kind


def test_another_key_than_that_of_the_certificate_is_refused(sign, refusal, pki, now):
    header = build_header(lot_unique_id=LOT, documents=DOCUMENTS, signer=pki.certificate("chu-seine.sign"), now=now)
    assert refusal(sign_header(header, pki.certificate("ch-loire.sign"))) == "SIG_INVALID"


def test_a_second_key_in_the_header_is_refused_before_anything_else(sign, refusal, pki, now):
    header = build_header(lot_unique_id=LOT, documents=DOCUMENTS, signer=pki.certificate("chu-seine.sign"), now=now)
    doubled = write_json(header)[:-1] + b',"alg":"none"}'
    assert refusal(sign_header(doubled, pki.certificate("chu-seine.sign"))) == "SIG_STRUCTURE"


WHOLES = {
    "a payload": (lambda whole: whole.update(payload="e30"), "SIG_STRUCTURE"),
    "an empty payload": (lambda whole: whole.update(payload=""), "SIG_STRUCTURE"),
    "several signatures": (lambda whole: whole.update(signatures=[]), "SIG_STRUCTURE"),
    "no signature": (lambda whole: whole.pop("signature"), "SIG_STRUCTURE"),
    "an empty signature": (lambda whole: whole.update(signature=""), "SIG_STRUCTURE"),
    "a signature of zeros": (lambda whole: whole.update(signature="AAAA"), "SIG_INVALID"),
    "protected is a number": (lambda whole: whole.update(protected=1), "SIG_STRUCTURE"),
    "protected with padding": (lambda whole: whole.update(protected=whole["protected"] + "="), "SIG_STRUCTURE"),
    "alg that is not signed": (lambda whole: whole.update(header={"alg": "none"}), "SIG_POLICY"),
    "a header that is no object": (lambda whole: whole.update(header=[]), "SIG_POLICY"),
}


@pytest.mark.parametrize("case", WHOLES)
def test_a_document_of_another_shape_is_refused(sign, refusal, case):
    change, kind = WHOLES[case]
    whole = read_json(sign())
    change(whole)
    assert refusal(write_json(whole)) == kind


def test_stamps_beside_the_signature_are_let_be(sign, verify):
    whole = read_json(sign())
    whole["header"] = {"etsiU": [write_base64url(b'{"sigTst":{}}')]}
    assert verify(write_json(whole)).lot_unique_id == LOT


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"<a/>", b"{", b'{"a":1,"a":2}', b"[" * 9000, b"\xff"])
def test_bytes_that_are_no_signature_are_refused(refusal, content):
    assert refusal(content) == "SIG_STRUCTURE"


def test_a_signature_changed_anywhere_is_refused(sign, verify):
    content = sign()
    dice = random.Random(20261122)  # noqa: S311 - a sample of places
    for _ in range(200):
        at_byte = dice.randrange(len(content))
        changed = content[:at_byte] + bytes([content[at_byte] ^ (1 << dice.randrange(7))]) + content[at_byte + 1 :]
        if changed == content:
            continue
        with pytest.raises(NotAuthenticated):
            verify(changed)
