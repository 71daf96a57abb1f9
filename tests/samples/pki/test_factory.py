"""The test PKI as it stands on the disk, and how it ages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from samples.pki import factory
from samples.pki.factory import PkiError, TestPki
from security.errors import NotAuthenticated
from security.identifiers import has_luhn_key, is_professional, is_structure
from security.pki.trust import TrustStore, Usage

DAY = timedelta(days=1)
NAMES = (
    [f"{structure}.{use}" for structure in ("chu-seine", "ch-loire", "labo-rhone") for use in ("auth", "sign", "cpe")]
    + [f"{doctor}.{use}" for doctor in ("dr-essai", "dr-martin", "dr-blanc") for use in ("auth", "sign")]
    + [f"{person}.{use}" for person in ("inf-petit", "pha-roux") for use in ("auth", "sign")]
    + ["server.ingest", "server.consultation"]
)  # fmt: skip


@pytest.fixture
def copy(pki: TestPki, tmp_path: Path) -> Callable[[], TestPki]:
    """A PKI that the test may change."""
    return lambda: factory.load(Path(shutil.copytree(pki.directory, tmp_path / "pki")))


def _verdict(pki: TestPki, name: str, usage: Usage, now: datetime) -> str:
    store = TrustStore.load(pki.trust(usage.split("_")[0].lower()))
    try:
        return str(store.accept(pki.certificate(name).certificate_der(), usage, now).kind)
    except NotAuthenticated as refusal:
        return str(refusal.kind)


def _numbers(pki: TestPki) -> set[int]:
    lists = (x509.load_pem_x509_crl(file.read_bytes()) for file in (pki.directory / "crl").iterdir())
    return {crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number for crl in lists}


@pytest.mark.parametrize("name", NAMES)
def test_the_names_that_others_rely_on_exist(pki: TestPki, name: str) -> None:
    credential = pki.certificate(name)
    assert credential.bad is None
    assert credential.load_key().public_key() == credential.load_certificate().public_key()


def test_every_file_is_private_and_no_key_serves_twice(pki: TestPki) -> None:
    for file in pki.directory.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file
    keys = [pem.read_bytes() for pem in pki.directory.rglob("*key.pem")]
    assert len(keys) == len(set(keys)) == len(pki.names()) + len(pki.catalogue.authorities)


def test_a_pkcs12_opens_with_the_documented_password_and_holds_the_chain(pki: TestPki) -> None:
    credential = pki.certificate("dr-essai.auth")
    assert credential.password == "ecluse"
    key, certificate, chain = pkcs12.load_key_and_certificates(credential.p12_path.read_bytes(), b"ecluse")
    assert isinstance(key, rsa.RSAPrivateKey)
    assert certificate == credential.load_certificate()
    assert tuple(chain) == credential.load_chain()[1:]


def test_a_credential_says_what_a_vihf_needs(pki: TestPki) -> None:
    doctor, hospital = pki.certificate("dr-essai.auth"), pki.certificate("chu-seine.sign")
    assert (doctor.national_id, doctor.structure_id, doctor.sector) == ("810009999995", "1690000999", "SA07")
    assert (doctor.family, doctor.given, doctor.profession, doctor.specialty) == ("ESSAI", "ANNE", "10", "SM26")
    assert doctor.structure_name == "Cabinet médical des Essais"
    assert (hospital.national_id, hospital.structure_id, hospital.sector) == ("1750999013", "1750999013", "SA01")
    assert hospital.profession is None
    assert pki.certificate("labo-rhone.auth").sector == "SA25"
    assert pki.certificate("inf-petit.auth").specialty is None


def test_identifiers_of_the_catalogue_have_their_keys(pki: TestPki) -> None:
    for person in pki.catalogue.professionals.values():
        assert is_professional(person.id)
        assert has_luhn_key(person.id[1:]), person.name
    for structure in pki.catalogue.structures.values():
        assert is_structure(structure.id)
        # The practice is that of the sample documents, whose number has no valid key.
        assert has_luhn_key(structure.id[1:]) is (structure.name != "cabinet-essais")


def test_a_card_is_laid_out_as_national_cards_are(pki: TestPki) -> None:
    card = pki.certificate("dr-martin.sign").load_certificate()
    last = list(card.subject.rdns[-1])
    assert {attribute.oid for attribute in last} == {NameOID.GIVEN_NAME, NameOID.SURNAME, NameOID.COMMON_NAME}
    constraints = card.extensions.get_extension_for_class(x509.BasicConstraints)
    assert not constraints.critical
    usage = card.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.content_commitment
    assert not usage.value.digital_signature
    for kind in (
        x509.CRLDistributionPoints,
        x509.FreshestCRL,
        x509.AuthorityInformationAccess,
        x509.CertificatePolicies,
    ):
        assert not card.extensions.get_extension_for_class(kind).critical
    with pytest.raises(x509.ExtensionNotFound):
        card.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert card.serial_number.bit_length() <= 127
    seal = pki.certificate("chu-seine.sign").load_certificate()
    assert seal.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod)


def test_a_server_certificate_is_for_localhost_on_p256(pki: TestPki) -> None:
    server = pki.server("ingest").load_certificate()
    key = server.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert list(server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    root = x509.load_pem_x509_certificate(pki.ca_for_clients("ingest").read_bytes())
    server.verify_directly_issued_by(root)


def test_each_door_trusts_its_own_authorities_only(pki: TestPki) -> None:
    def authorities(door: str) -> set[bytes]:
        pem = b"".join((pki.trust(door) / name).read_bytes() for name in ("roots.pem", "intermediates.pem"))
        return {made.public_bytes(serialization.Encoding.DER) for made in x509.load_pem_x509_certificates(pem)}

    assert not authorities("ingest") & authorities("consultation")
    assert len(authorities("ingest")) == 4
    assert len(authorities("consultation")) == 2
    with pytest.raises(KeyError):
        pki.trust("portal")


def test_a_pki_is_never_made_over_another(pki: TestPki) -> None:
    with pytest.raises(PkiError, match="already exists"):
        factory.create(pki.directory, datetime.now(UTC))


def test_a_pki_that_could_not_be_finished_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OverflowError):
        factory.create(tmp_path / "pki", datetime(9995, 1, 1, tzinfo=UTC))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_is_no_pki_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="no certificate"):
        factory.load(tmp_path)


def test_nothing_is_issued_again_on_the_day_it_was_made(copy: Callable[[], TestPki]) -> None:
    pki = copy()
    before = {file: file.stat().st_mtime_ns for file in pki.directory.rglob("*.pem")}
    factory.refresh(pki.directory, datetime.now(UTC))
    assert {file: file.stat().st_mtime_ns for file in pki.directory.rglob("*.pem")} == before


def test_lists_are_issued_again_the_next_day_with_a_higher_number(copy: Callable[[], TestPki]) -> None:
    pki, later = copy(), datetime.now(UTC) + 6 * DAY
    assert _numbers(pki) == {1}
    factory.refresh(pki.directory, later)
    assert _numbers(pki) == {2}
    assert _verdict(pki, "chu-seine.auth", Usage.INGEST_TLS, later + 6 * DAY) == "ORG_AUTH_CLI"
    assert _verdict(pki, "bad.revoked", Usage.INGEST_TLS, later) == "CERT_REVOKED"


def test_after_three_years_all_is_good_or_bad_as_before_and_the_withdrawn_stay_so(copy: Callable[[], TestPki]) -> None:
    pki, now = copy(), datetime.now(UTC)
    later = now + 1080 * DAY
    factory.revoke(pki.directory, "dr-blanc.auth", now)
    withdrawn = pki.certificate("dr-blanc.auth").certificate_der()
    revoked = pki.certificate("bad.revoked").load_certificate().serial_number
    factory.refresh(pki.directory, later)
    assert _verdict(pki, "chu-seine.auth", Usage.INGEST_TLS, later) == "ORG_AUTH_CLI"
    assert _verdict(pki, "dr-essai.sign", Usage.CONSULTATION_SEAL, later) == "CPS"
    for name in pki.names():
        credential = pki.certificate(name)
        if credential.bad is not None:
            usage = Usage.INGEST_TLS if credential.door == "ingest" else Usage.CONSULTATION_TLS
            assert _verdict(pki, name, usage, later) == credential.bad, name
    assert pki.certificate("dr-blanc.auth").certificate_der() == withdrawn
    assert _verdict(pki, "dr-blanc.auth", Usage.CONSULTATION_TLS, later) == "CERT_REVOKED"
    listed = x509.load_pem_x509_crl((pki.directory / "crl" / "elementaire-organisations.pem").read_bytes())
    assert {revoked, pki.certificate("bad.revoked").load_certificate().serial_number} <= {
        r.serial_number for r in listed
    }


def test_a_certificate_that_the_catalogue_gained_is_made_at_the_next_refresh(copy: Callable[[], TestPki]) -> None:
    pki, now = copy(), datetime.now(UTC)
    shutil.rmtree(pki.certificate("ch-loire.cpe").certificate_path.parent)
    with pytest.raises(PkiError, match=r"no certificate 'ch-loire\.cpe'"):
        factory.load(pki.directory)
    factory.refresh(pki.directory, now)
    assert _verdict(pki, "ch-loire.cpe", Usage.INGEST_TLS, now) == "CPE"


def test_a_directory_without_authorities_is_not_refreshed(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match="no authority"):
        factory.refresh(tmp_path, datetime.now(UTC))


def test_authorities_near_their_end_ask_for_a_new_pki(copy: Callable[[], TestPki]) -> None:
    with pytest.raises(PkiError, match="about to expire"):
        factory.refresh(copy().directory, datetime.now(UTC) + 365 * 20 * DAY)


def test_a_revoked_certificate_stays_revoked(copy: Callable[[], TestPki]) -> None:
    pki, now = copy(), datetime.now(UTC)
    factory.revoke(pki.directory, "dr-blanc.auth", now)
    assert _verdict(pki, "dr-blanc.auth", Usage.CONSULTATION_TLS, now) == "CERT_REVOKED"
    assert _verdict(pki, "dr-essai.auth", Usage.CONSULTATION_TLS, now) == "CPS"
    factory.refresh(pki.directory, now + 3 * DAY)
    assert _verdict(pki, "dr-blanc.auth", Usage.CONSULTATION_TLS, now + 3 * DAY) == "CERT_REVOKED"
    with pytest.raises(KeyError):
        factory.revoke(pki.directory, "nobody", now)


def test_publishing_to_a_door_replaces_only_what_changed(copy: Callable[[], TestPki], tmp_path: Path) -> None:
    pki, door = copy(), tmp_path / "door"
    factory.publish(pki, "ingest", door)
    assert {file.name for file in door.iterdir()} == {"roots.pem", "intermediates.pem", "crls.pem"}
    before = {file.name: file.stat().st_ino for file in door.iterdir()}
    factory.revoke(pki.directory, "chu-seine.auth", datetime.now(UTC))
    factory.publish(pki, "ingest", door)
    after = {file.name: file.stat().st_ino for file in door.iterdir()}
    assert [name for name in before if before[name] != after[name]] == ["crls.pem"]
    assert os.access(door / "crls.pem", os.R_OK)


def test_the_readme_names_every_certificate_and_the_refusal_of_every_twin(pki: TestPki) -> None:
    readme = Path(factory.__file__).with_name("README.md").read_text("utf-8")
    for name in pki.names():
        credential = pki.certificate(name)
        verdict = f"`{credential.bad}`" if credential.bad else "accepted"
        tls = "" if credential.bad is None else " yes |" if credential.handshake else " no |"
        row = f"| `{name}` | {credential.door} | {verdict} |{tls} {credential.description} |"
        assert row in readme, row
    rows = [line for line in readme.splitlines() if line.startswith("| `") and "." in line.split("`")[1]]
    assert len(rows) == len(pki.names())
