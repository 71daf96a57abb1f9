"""Lists: fresh, complete, signed by the authority, never older than the one already held."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from samples.pki import issuing
from security.errors import NotAuthenticated
from security.pki.trust import TrustError, TrustStore, Usage

PEM = serialization.Encoding.PEM
DAY = timedelta(days=1)
AUTHORITY, ROOT = "elementaire-organisations", "root-elementaire"


def _verdict(store: TrustStore, der: bytes, now: datetime) -> str:
    try:
        return str(store.accept(der, Usage.INGEST_TLS, now).kind)
    except NotAuthenticated as refusal:
        return str(refusal.kind)


def _list(bench: Any, authority: str = AUTHORITY, number: int = 50, revoked: Any = None, **dates: datetime) -> bytes:
    validity = (dates.get("start", bench.now - DAY), dates.get("end", bench.now + DAY))
    return issuing.issue_list(bench.pki.authority(authority), number, revoked or {}, validity).public_bytes(PEM)


def _altered(bench: Any, signer: Any = None, **extensions: Any) -> bytes:
    """The list of the authority with other extensions: (value, critical) by name."""
    authority = bench.pki.authority(AUTHORITY)
    key_id = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    wanted = {
        "key": (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), False),
        "number": (x509.CRLNumber(50), False),
    } | extensions
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(bench.now - DAY).next_update(bench.now + DAY)
    for value in wanted.values():
        if value is not None:
            builder = builder.add_extension(*value)
    return builder.sign(signer or authority.key, hashes.SHA256()).public_bytes(PEM)


def _replace(file: Path, content: bytes) -> None:
    beside = file.with_suffix(".new")
    beside.write_bytes(content)
    os.utime(beside, ns=(file.stat().st_mtime_ns + 1_000_000, file.stat().st_mtime_ns + 1_000_000))
    beside.replace(file)


def _point(**scope: Any) -> x509.IssuingDistributionPoint:
    return x509.IssuingDistributionPoint(**{
        "full_name": None, "relative_name": None, "only_contains_user_certs": False, "only_contains_ca_certs": False,
        "only_some_reasons": None, "indirect_crl": False, "only_contains_attribute_certs": False,
    } | scope)  # fmt: skip


FULL = {"full_name": [x509.UniformResourceIdentifier("http://pki.ecluse.invalid/CRL/x.crl")]}
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
ODD_LISTS: dict[str, tuple[dict[str, Any], str]] = {
    "as it should be": ({}, "ORG_AUTH_CLI"),
    "with a full distribution point": ({"point": (_point(**FULL), True)}, "ORG_AUTH_CLI"),
    "with an unknown extension": ({"other": (UNKNOWN, False)}, "ORG_AUTH_CLI"),
    "with an unknown critical extension": ({"other": (UNKNOWN, True)}, "REVOCATION_UNKNOWN"),
    "for authorities only": ({"point": (_point(only_contains_ca_certs=True), True)}, "REVOCATION_UNKNOWN"),
    "for users only": ({"point": (_point(only_contains_user_certs=True), True)}, "REVOCATION_UNKNOWN"),
    "for some reasons only": (
        {"point": (_point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})), True)},
        "REVOCATION_UNKNOWN",
    ),
    "indirect": ({"point": (_point(**FULL, indirect_crl=True), True)}, "REVOCATION_UNKNOWN"),
    "a delta": ({"delta": (x509.DeltaCRLIndicator(49), True)}, "REVOCATION_UNKNOWN"),
    "without number": ({"number": None}, "REVOCATION_UNKNOWN"),
    "without the key of its authority": ({"key": None}, "REVOCATION_UNKNOWN"),
    "of another key": ({"key": (x509.AuthorityKeyIdentifier(b"x" * 20, None, None), False)}, "REVOCATION_UNKNOWN"),
}


@pytest.fixture
def good(bench: Any) -> bytes:
    der: bytes = bench.pki.certificate("chu-seine.auth").certificate_der()
    return der


@pytest.mark.parametrize("oddity", ODD_LISTS)
def test_a_list(bench: Any, own_trust: Any, good: bytes, oddity: str) -> None:
    extensions, expected = ODD_LISTS[oddity]
    directory = own_trust("ingest")
    (directory / "crls.pem").write_bytes(_list(bench, ROOT) + _altered(bench, **extensions))
    assert _verdict(TrustStore.load(directory), good, bench.now) == expected


def test_a_list_signed_by_another_key_is_no_list(bench: Any, own_trust: Any, good: bytes) -> None:
    directory = own_trust("ingest")
    stranger = rsa.generate_private_key(65537, 2048)
    (directory / "crls.pem").write_bytes(_list(bench, ROOT) + _altered(bench, signer=stranger))
    assert _verdict(TrustStore.load(directory), good, bench.now) == "REVOCATION_UNKNOWN"


def test_the_list_of_a_look_alike_authority_is_no_list(bench: Any, own_trust: Any, good: bytes) -> None:
    directory = own_trust("ingest")
    (directory / "crls.pem").write_bytes(_list(bench, ROOT) + _list(bench, f"lookalike-{AUTHORITY}"))
    assert _verdict(TrustStore.load(directory), good, bench.now) == "REVOCATION_UNKNOWN"


@pytest.mark.parametrize("missing", [AUTHORITY, ROOT])
def test_every_authority_of_the_path_needs_a_list(bench: Any, own_trust: Any, good: bytes, missing: str) -> None:
    directory = own_trust("ingest")
    present = ({AUTHORITY, ROOT} - {missing}).pop()
    (directory / "crls.pem").write_bytes(_list(bench, present))
    assert _verdict(TrustStore.load(directory), good, bench.now) == "REVOCATION_UNKNOWN"


def test_a_revoked_authority_takes_its_holders_with_it(bench: Any, own_trust: Any, good: bytes) -> None:
    directory = own_trust("ingest")
    serial = bench.pki.authority(AUTHORITY).certificate.serial_number
    (directory / "crls.pem").write_bytes(_list(bench, ROOT, revoked={serial: bench.now - DAY}) + _list(bench))
    assert _verdict(TrustStore.load(directory), good, bench.now) == "CERT_REVOKED"


def test_a_stale_list_closes_the_door_even_to_a_certificate_that_was_accepted(bench: Any, good: bytes) -> None:
    store = TrustStore.load(bench.pki.trust("ingest"))
    assert _verdict(store, good, bench.now) == "ORG_AUTH_CLI"
    assert _verdict(store, good, bench.now + 8 * DAY) == "REVOCATION_UNKNOWN"


def test_a_list_of_the_future_is_not_used(bench: Any, own_trust: Any, good: bytes) -> None:
    directory = own_trust("ingest")
    later = _list(bench, start=bench.now + timedelta(hours=1), end=bench.now + DAY)
    (directory / "crls.pem").write_bytes(_list(bench, ROOT) + later)
    assert _verdict(TrustStore.load(directory), good, bench.now) == "REVOCATION_UNKNOWN"


def test_a_new_list_is_noticed_and_an_accepted_certificate_is_refused_from_then_on(
    bench: Any, own_trust: Any, good: bytes
) -> None:
    directory = own_trust("ingest")
    store = TrustStore.load(directory)
    assert _verdict(store, good, bench.now) == "ORG_AUTH_CLI"
    assert store.reload_if_changed() is store
    serial = bench.pki.certificate("chu-seine.auth").load_certificate().serial_number
    _replace(directory / "crls.pem", _list(bench, ROOT) + _list(bench, revoked={serial: bench.now - DAY}))
    renewed = store.reload_if_changed()
    assert renewed.revision != store.revision
    assert _verdict(renewed, good, bench.now) == "CERT_REVOKED"


def test_a_list_rolled_back_to_an_older_number_changes_nothing(bench: Any, own_trust: Any, good: bytes) -> None:
    directory = own_trust("ingest")
    serial = bench.pki.certificate("chu-seine.auth").load_certificate().serial_number
    revoking = _list(bench, ROOT) + _list(bench, number=51, revoked={serial: bench.now - DAY})
    (directory / "crls.pem").write_bytes(revoking)
    store = TrustStore.load(directory)
    _replace(directory / "crls.pem", _list(bench, ROOT) + _list(bench, number=50))
    assert _verdict(store.reload_if_changed(), good, bench.now) == "CERT_REVOKED"
    _replace(directory / "crls.pem", _list(bench, ROOT))
    assert _verdict(store.reload_if_changed(), good, bench.now) == "CERT_REVOKED"


@pytest.mark.parametrize(
    "content", [b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", None], ids=["junk", "no file"]
)
def test_unusable_files_refuse_a_start_and_leave_a_running_store_in_force(
    bench: Any, own_trust: Any, good: bytes, content: bytes | None
) -> None:
    directory = own_trust("ingest")
    store = TrustStore.load(directory)
    if content is None:
        (directory / "crls.pem").unlink()
    else:
        _replace(directory / "crls.pem", content)
    assert store.reload_if_changed() is store
    assert _verdict(store, good, bench.now) == "ORG_AUTH_CLI"
    with pytest.raises(TrustError, match=r"crls\.pem"):
        TrustStore.load(directory)


def test_a_certificate_expires_though_it_was_accepted(bench: Any) -> None:
    store = TrustStore.load(bench.pki.trust("ingest"))
    der = bench.organisation()
    assert _verdict(store, der, bench.now) == "ORG_AUTH_CLI"
    assert _verdict(store, der, bench.now + 2 * DAY) == "CERT_VALIDITY"
    assert _verdict(store, der, bench.now - 2 * DAY) == "CERT_VALIDITY"


def test_a_sandbox_does_not_start_on_production_roots_nor_production_on_test_ones(bench: Any, own_trust: Any) -> None:
    directory = own_trust("ingest")
    with pytest.raises(TrustError, match="test root"):
        TrustStore.load(directory, sandbox=False)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "AC RACINE IGC-SANTE FORT")])
    production = issuing.issue_authority(name, bench.key, None, (bench.now - DAY, bench.now + DAY))
    (directory / "roots.pem").write_bytes(production.public_bytes(PEM))
    with pytest.raises(TrustError, match="production root"):
        TrustStore.load(directory)


def test_a_leaf_among_the_roots_is_refused(bench: Any, own_trust: Any) -> None:
    directory = own_trust("ingest")
    (directory / "roots.pem").write_bytes(bench.pki.certificate("chu-seine.auth").certificate_path.read_bytes())
    with pytest.raises(TrustError, match="not an authority"):
        TrustStore.load(directory)
