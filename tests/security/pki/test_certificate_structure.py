"""Certificates that are refused before anyone asks who issued them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from security.errors import ErrorKind, NotAuthenticated
from security.pki import der
from security.pki.certificate import read_certificate
from security.pki.extensions import read_product_extensions
from security.pki.trust import Usage

DER = serialization.Encoding.DER
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "x")])


def _refused(encoded: bytes) -> str:
    with pytest.raises(NotAuthenticated) as refusal:
        read_certificate(encoded)
    assert refusal.value.kind is ErrorKind.CERT_KIND
    return refusal.value.text


def _self_signed(key: Any, algorithm: hashes.HashAlgorithm | None) -> bytes:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, algorithm).public_bytes(DER)


def test_an_oversized_certificate_is_not_parsed() -> None:
    assert "at most" in _refused(b"\x30" * 17_000)


@pytest.mark.parametrize("encoded", [b"", b"\x30", b"\x30\x00", b"\x30\x80\x00\x00", b"-----BEGIN CERTIFICATE-----"])
def test_bytes_that_are_no_certificate_are_refused(encoded: bytes) -> None:
    assert _refused(encoded)


def test_bytes_after_the_certificate_are_refused(bench: Any) -> None:
    assert _refused(bench.organisation() + b"\0")


def test_a_truncated_certificate_is_refused(bench: Any) -> None:
    assert _refused(bench.organisation()[:-1])


@pytest.mark.parametrize(
    ("key", "algorithm", "word"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), hashes.SHA256(), "1024 bits"),  # noqa: S505
        (lambda: rsa.generate_private_key(3, 2048), hashes.SHA256(), "exponent"),
        (lambda: ec.generate_private_key(ec.SECP521R1()), hashes.SHA256(), "curve"),
        (ed25519.Ed25519PrivateKey.generate, None, "SHA-256"),
    ],
    ids=["RSA-1024", "exponent 3", "P-521", "Ed25519"],
)
def test_a_weak_or_unexpected_key_is_refused(key: Any, algorithm: Any, word: str) -> None:
    assert word in _refused(_self_signed(key(), algorithm))


SERIAL = b"\x02\x01\x01"


@pytest.mark.parametrize("serial", [b"\x02\x01\x00", b"\x02\x01\xff"], ids=["zero", "negative"])
def test_a_serial_number_is_positive(serial: bytes) -> None:
    encoded = _self_signed(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    assert encoded.count(b"\xa0\x03\x02\x01\x02" + SERIAL) == 1
    assert "serial" in _refused(encoded.replace(b"\x02" + SERIAL, b"\x02" + serial, 1))


def test_version_1_is_refused() -> None:
    encoded = _self_signed(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    assert _refused(encoded.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x00", 1))


def test_an_extension_that_occurs_twice_is_refused(bench: Any) -> None:
    category = bytes.fromhex("06082a817a0147010205")
    twice = bench.organisation(
        others=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.250.1.71.1.2.2"), b"\2\1\1"), False)]
    )
    assert twice.count(category) == 1
    assert _refused(twice.replace(bytes.fromhex("06082a817a0147010202"), category, 1))


def test_a_broken_signature_has_no_path(bench: Any) -> None:
    encoded = bytearray(bench.organisation())
    encoded[-1] ^= 1
    assert bench.verdict(bytes(encoded), Usage.INGEST_TLS) == "CERT_UNTRUSTED"


def test_a_certificate_issued_by_a_leaf_has_no_path(bench: Any) -> None:
    leaf = bench.pki.certificate("chu-seine.auth")
    parent = type(bench.pki.authority("root-fort"))(leaf.load_certificate(), leaf.load_key())
    forged = issue_under(bench, parent)
    extra = [link.public_bytes(DER) for link in leaf.load_chain()]
    assert bench.verdict(forged, Usage.INGEST_TLS, extra_chain=extra) == "CERT_UNTRUSTED"


def issue_under(bench: Any, parent: Any) -> bytes:
    from samples.pki import issuing, subjects

    day = timedelta(days=1)
    name = subjects.organisation(bench.pki.catalogue.structures["chu-seine"], "forged")
    made = issuing.issue(
        name, bench.key, parent, (bench.now - day, bench.now + day),
        usages=["digital_signature"], extended=["client_auth"], product=issuing.Product(category=0x83),
    )  # fmt: skip
    return made.public_bytes(DER)


def test_a_genuine_chain_added_to_a_look_alike_certificate_does_not_help(bench: Any) -> None:
    forged = bench.pki.certificate("bad.wrong-authority").certificate_der()
    genuine = [link.public_bytes(DER) for link in bench.pki.certificate("chu-seine.auth").load_chain()]
    assert bench.verdict(forged, Usage.INGEST_TLS, extra_chain=genuine) == "CERT_UNTRUSTED"


def test_a_peer_adds_at_most_four_certificates(bench: Any) -> None:
    der_bytes = bench.organisation()
    assert bench.verdict(der_bytes, Usage.INGEST_TLS, extra_chain=[der_bytes] * 5) == "CERT_UNTRUSTED"


@given(st.binary(max_size=40))
def test_the_reader_of_der_ends_in_a_value_or_in_its_own_error(data: bytes) -> None:
    for tag in (der.INTEGER, der.OCTET_STRING, der.SEQUENCE):
        try:
            list(der.elements(der.read(data, tag)))
        except der.DerError:
            continue


@given(
    st.sampled_from(["1.2.250.1.71.1.2.5", "1.2.250.1.71.1.2.2", "1.2.250.1.71.4.2.5", "1.2.250.1.71.1.2.3"]),
    st.binary(max_size=20),
)
def test_private_extensions_of_any_content_end_in_a_value_or_a_value_error(oid: str, content: bytes) -> None:
    extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), content)
    try:
        read_product_extensions(x509.Extensions([x509.Extension(extension.oid, False, extension)]))
    except ValueError as error:
        assert oid in str(error)  # noqa: PT017
