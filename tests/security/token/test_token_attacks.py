"""Tokens that somebody else made, changed, stole or kept: each is refused, each right twin is believed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jws
from joserfc.jwk import RSAKey

from samples.pki import factory
from samples.token import build_token
from samples.xmldsig import load_seal
from security.errors import NotAuthenticated
from security.pki.certificate import read_certificate
from security.pki.trust import TrustStore
from security.token.compact import read_compact, thumbprint, verify
from security.token.verifier import TokenVerifier
from security.vihf.policy import VihfPolicy

MALFORMED = ("SBX_VIHF_MALFORMED", "ASSERTION_CONTENT")
TIME = ("SBX_VIHF_TIME", "ASSERTION_TIME")
REPLAY = ("SBX_VIHF_REPLAY", "ASSERTION_REPLAY")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def encoded(value: Any) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_no_token_is_no_caller(ingest):
    assert ingest.refusal(None) == ("SBX_VIHF_MISSING", "ASSERTION_CONTENT")
    assert ingest.refusal("") == ("SBX_VIHF_MISSING", "ASSERTION_CONTENT")


def test_the_signature_covers_every_claim(ingest):
    header, payload, signature = ingest.build().split(".")
    claims = decoded(payload)
    claims["extensions"]["ihe_iua"]["person_id"] = "2580769123015^^^&1.2.250.1.213.1.4.10&ISO^NH"

    assert ingest.refusal(f"{header}.{encoded(claims)}.{signature}") == ("SBX_VIHF_SIGNATURE", "SIG_INVALID")


def test_the_signature_covers_the_header(ingest):
    header, payload, signature = ingest.build().split(".")
    changed = {**decoded(header), "kid": "other"}

    assert ingest.refusal(f"{encoded(changed)}.{payload}.{signature}") == ("SBX_VIHF_SIGNATURE", "SIG_INVALID")


def test_a_token_without_signature_is_refused(ingest):
    header, payload, _ = ingest.build().split(".")
    unsigned = {**decoded(header), "alg": "none"}

    assert ingest.refusal(f"{encoded(unsigned)}.{payload}.") == MALFORMED
    assert ingest.refusal(f"{encoded(unsigned)}.{payload}.AAAA") == ("SBX_VIHF_SIGNATURE", "SIG_ALGORITHM")


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "HS256", "HS512", "RS1", "RS384", "RS512", "EdDSA", "", None, 1, ["RS256"]]
)
def test_another_algorithm_is_refused(ingest, alg):
    header, payload, signature = ingest.build().split(".")

    assert (
        ingest.refusal(f"{encoded({**decoded(header), 'alg': alg})}.{payload}.{signature}")[0] == "SBX_VIHF_SIGNATURE"
    )


def test_the_public_key_is_no_secret_to_sign_with(ingest, pki):
    """The classic confusion: HS256 with the bytes of the public key as the secret."""
    header, payload, _ = ingest.build().split(".")
    public = load_seal(pki.certificate("chu-seine.sign")).leaf.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded({**decoded(header), 'alg': 'HS256'})}.{payload}"
    mac = hmac.new(pem, signed.encode(), hashlib.sha256).digest()

    assert ingest.refusal(f"{signed}.{encoded(mac)}") == ("SBX_VIHF_SIGNATURE", "SIG_ALGORITHM")


def test_ps256_is_believed_too(ingest):
    assert ingest.verify(ingest.sign(ingest.claims(), algorithm="PS256")).structure_id == "1750999013"


def test_es256_is_for_a_key_of_its_kind(ingest):
    header, payload, signature = ingest.build().split(".")

    said = ingest.refusal(f"{encoded({**decoded(header), 'alg': 'ES256'})}.{payload}.{signature}")
    assert said == ("SBX_VIHF_SIGNATURE", "SIG_KEY")


def test_es256_is_believed_of_a_key_on_p_256_and_not_of_another_curve(now):
    for curve, believed in ((ec.SECP256R1(), True), (ec.SECP384R1(), False)):
        key = ec.generate_private_key(curve)
        der = self_signed(key, now)
        signed = f"{encoded({'alg': 'ES256', 'x5c': [base64.b64encode(der).decode()]})}.{encoded({})}"
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        compact = read_compact(
            f"{signed}.{encoded(r.to_bytes(32 if believed else 48) + s.to_bytes(32 if believed else 48))}"
        )
        if believed:
            verify(compact, der)
        else:
            with pytest.raises(NotAuthenticated, match="P-256"):
                verify(compact, der)


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/chain"},
        {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"x5t": "AAAA"},
        {"epk": {}},
    ],
    ids=" ".join,
)
def test_a_parameter_that_is_not_known_is_refused_even_when_it_is_signed(ingest, pki, header):
    token = raw_token(pki, ingest.claims(), header)

    assert ingest.refusal(token) == ("SBX_VIHF_SIGNATURE", "SIG_POLICY")


def test_a_key_identifier_is_not_looked_up(ingest):
    assert ingest.verify(ingest.sign(ingest.claims(), header={"kid": "../../etc/passwd"})).structure_id == "1750999013"


@pytest.mark.parametrize("chain", [None, [], "AAAA", ["!!"], [1], ["AAAA"] * 5])
def test_the_certificate_of_the_seal_comes_with_the_token(ingest, chain):
    header, payload, signature = ingest.build().split(".")
    changed = decoded(header) | {"x5c": chain}
    if chain is None:
        del changed["x5c"]

    assert ingest.refusal(f"{encoded(changed)}.{payload}.{signature}") == ("SBX_VIHF_SIGNATURE", "SIG_KEY")


def test_bytes_that_are_no_certificate_are_refused(ingest):
    header, payload, signature = ingest.build().split(".")
    changed = {**decoded(header), "x5c": [base64.b64encode(b"no certificate").decode()]}

    assert ingest.refusal(f"{encoded(changed)}.{payload}.{signature}")[0] == "DMPInvalidCertificate"


def test_the_key_of_another_does_not_sign_for_the_certificate_that_is_shown(ingest, pki):
    """Signed by a stranger's key, with the chain of the hospital."""
    seal = load_seal(pki.certificate("chu-seine.sign"))
    chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in seal.certificates]

    token = ingest.sign(ingest.claims(), "ch-loire.sign", header={"x5c": chain})
    assert ingest.refusal(token) == ("SBX_VIHF_SIGNATURE", "SIG_INVALID")


def test_a_thumbprint_agrees_with_the_chain(ingest, pki):
    own, other = (pki.certificate(name).certificate_der() for name in ("chu-seine.sign", "ch-loire.sign"))

    assert ingest.verify(ingest.sign(ingest.claims(), header={"x5t#S256": thumbprint(own)}))
    said = ingest.refusal(ingest.sign(ingest.claims(), header={"x5t#S256": thumbprint(other)}))
    assert said == ("SBX_VIHF_SIGNATURE", "SIG_KEY")


@pytest.mark.parametrize("signer", ["chu-seine.auth", "chu-seine.cpe-sign", "dr-essai.sign"])
def test_only_a_seal_of_the_right_kind_signs(ingest, signer):
    """An authentication certificate, a card in the name of the organisation, a professional."""
    token = ingest.sign(ingest.claims(), signer)

    assert ingest.refusal(token)[0] == "DMPInvalidCertificate"


def test_a_seal_of_another_structure_does_not_speak_for_the_connection(ingest):
    token = ingest.build(signer="ch-loire.sign")

    assert ingest.refusal(token) == ("SBX_VIHF_STRUCT", "ASSERTION_IDENTITY")


def test_a_stolen_token_does_not_open_another_connection(ingest):
    token = ingest.build()

    assert ingest.verify(token)
    assert ingest.refusal(token, "ch-loire.auth") == ("SBX_VIHF_BINDING", "ASSERTION_IDENTITY")


def test_the_issuer_is_the_subject_of_the_seal(ingest):
    claims = ingest.claims()
    claims["iss"] = "CN=other,C=FR"

    assert ingest.refusal(ingest.sign(claims)) == ("SBX_VIHF_ISSUER", "ASSERTION_IDENTITY")


TIMES: list[tuple[str, dict[str, timedelta]]] = [
    ("issued tomorrow", {"issued": 6 * MINUTE}),
    ("expired", {"issued": -HOUR, "expires": -6 * MINUTE}),
    ("expires before it begins", {"expires": -MINUTE}),
    ("lasts longer than a session", {"expires": 13 * HOUR}),
    ("of a session that began after it", {"authenticated": MINUTE}),
    ("of a session of yesterday", {"authenticated": -13 * HOUR}),
]


@pytest.mark.parametrize("shifts", [row[1] for row in TIMES], ids=[row[0] for row in TIMES])
def test_a_time_that_cannot_be_is_refused(ingest, shifts):
    assert ingest.refusal(ingest.build(**{name: ingest.now + shift for name, shift in shifts.items()})) == TIME


@pytest.mark.parametrize("shift", [-5 * MINUTE + timedelta(seconds=1), 5 * MINUTE])
def test_clocks_may_differ_by_five_minutes(ingest, shift):
    assert ingest.verify(ingest.build(issued=ingest.now + shift, expires=ingest.now + shift + MINUTE))


def test_what_is_not_yet_is_refused(ingest):
    claims = ingest.claims()
    claims["nbf"] = int((ingest.now + 6 * MINUTE).timestamp())

    assert ingest.refusal(ingest.sign(claims)) == TIME


def test_a_token_serves_again_for_the_same_record_and_connection_only(ingest):
    first = ingest.claims()
    other = {**ingest.claims(patient="258076912399901^^^&1.2.250.1.213.1.4.10&ISO^NH"), "jti": first["jti"]}

    assert ingest.verify(ingest.sign(first))
    assert ingest.verify(ingest.sign(first))
    assert ingest.refusal(ingest.sign(other)) == REPLAY


def test_a_strict_door_takes_a_token_once(open_ingest):
    door = open_ingest(replay="strict")
    token = door.build()

    assert door.verify(token)
    assert door.refusal(token) == REPLAY


def test_the_verdict_of_a_moment_ago_ends_with_the_token(ingest):
    token = ingest.build(expires=ingest.now + MINUTE)

    assert ingest.verify(token)
    assert ingest.refusal(token, now=ingest.now + 7 * MINUTE) == TIME


def test_a_seal_that_is_revoked_meanwhile_is_refused_though_its_token_was_believed(pki, replay, now, tmp_path):
    copied = factory.load(_copy(pki, tmp_path))
    seal, tls = copied.certificate("chu-seine.sign"), copied.certificate("chu-seine.auth")
    trust = TrustStore.load(copied.trust("ingest"))
    verifier = TokenVerifier(trust, VihfPolicy(door="ingest"), replay)
    token, holder = build_token(signer=seal, connection=tls, now=now), read_certificate(tls.certificate_der())
    assert verifier.verify_token(token, holder, now)

    factory.revoke(copied.directory, "chu-seine.sign", now)
    later = TokenVerifier(TrustStore.load(copied.trust("ingest")), VihfPolicy(door="ingest"), replay)
    with pytest.raises(Exception, match="CERT_REVOKED"):
        later.verify_token(token, holder, now)


SHAPES = [
    "a",
    "a.b",
    "a.b.c.d",
    "..",
    "é.b.c",
    "eyJ.eyJ.eyJ",
    "W10.W10.AAAA",
    "x" * 20_000,
]


@pytest.mark.parametrize("token", SHAPES, ids=[one[:12] for one in SHAPES])
def test_what_is_no_compact_jws_is_refused(ingest, token):
    assert ingest.refusal(token) == MALFORMED


def test_base64_is_spelled_in_the_one_way_there_is(ingest):
    header, payload, signature = ingest.build().split(".")

    for changed in (
        f"{header}=.{payload}.{signature}",
        f"{header}.{payload}\n.{signature}",
        f"{header}.{payload} .{signature}",
    ):
        assert ingest.refusal(changed) == MALFORMED
    assert ingest.refusal(f"{header}.{payload}.{loosened(signature)}") == MALFORMED


@pytest.mark.parametrize("where", ["claims", "header"])
def test_a_key_that_is_there_twice_is_refused(ingest, pki, where):
    claims, header = json.dumps(ingest.claims()), {}
    if where == "claims":
        token = raw_token(pki, (claims[:-1] + ',"aud":"urn:dmp"}').encode(), header)
    else:
        first, payload, signature = ingest.build().split(".")
        text = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode()
        twice = text[:-1] + ',"alg":"RS256"}'
        token = f"{encoded(twice.encode())}.{payload}.{signature}"

    assert ingest.refusal(token) == MALFORMED


@pytest.mark.parametrize("content", [b"[]", b"1", b'"a"', b"null", b"{", b"\xff", b'{"exp":1e999}', b'{"exp":NaN}'])
def test_claims_that_are_no_object_are_refused(ingest, pki, content):
    assert ingest.refusal(raw_token(pki, content, {})) == MALFORMED


def test_a_forged_chain_is_not_trusted(ingest, pki):
    """A key of one's own, its public half presented as the leaf's: there is no certificate for it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    seal = load_seal(pki.certificate("chu-seine.sign"))
    chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in seal.certificates]
    payload = json.dumps(ingest.claims()).encode()
    token = _serialize({"alg": "RS256", "x5c": chain}, payload, pem)

    assert ingest.refusal(token) == ("SBX_VIHF_SIGNATURE", "SIG_INVALID")


def raw_token(pki: Any, claims: Any, header: dict[str, Any]) -> str:
    """A token whose signature is true, whatever its header says: made by hand, as no library would."""
    seal = load_seal(pki.certificate("chu-seine.sign"))
    chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in seal.certificates]
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    signed = f"{encoded({'alg': 'RS256', 'x5c': chain, **header})}.{encoded(payload)}"
    return f"{signed}.{encoded(seal.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "essai")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + HOUR)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def loosened(signature: str) -> str:
    """Another spelling of the same bytes: the unused bits of the last letter set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ 1]


def _serialize(header: dict[str, Any], payload: bytes, pem: bytes) -> str:
    class Wide(jws.JWSRegistry):
        max_header_length = 64 * 1024

    return jws.serialize_compact(header, payload, RSAKey.import_key(pem), registry=Wide(algorithms=["RS256"]))


def _copy(pki: Any, target: Any) -> Any:
    return shutil.copytree(pki.directory, target / "pki")
