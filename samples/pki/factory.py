"""The test PKI on the disk: made at first start, renewed at the next ones, read by everybody."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from samples.pki.catalogue import SELF, Authority, Catalogue, Entry, read_catalogue
from samples.pki.credential import Credential, credential
from samples.pki.issuing import Issuer, PrivateKey, Product, Publication, issue, issue_authority, issue_list
from samples.pki.subjects import authority_name, subject_name

__all__ = ["Credential", "PkiError", "TestPki", "create", "load", "publish", "refresh", "revoke"]

RENEWAL = timedelta(days=30)
"""A certificate with less life than this is issued again."""
LIST_AGE = timedelta(days=1)
"""A revocation list older than this is issued again, as national ones are."""
BACKDATED = timedelta(hours=1)
"""Certificates and lists begin this long before they are made: the clocks of clients differ."""
_YEAR = timedelta(days=365)
_PEM = serialization.Encoding.PEM

Revoked = dict[str, dict[str, str]]
"""Dates (ISO 8601) of revocation, by authority, then by serial number in decimal digits."""


class PkiError(RuntimeError):
    """The directory does not hold a test PKI that can be used."""


@dataclass(frozen=True, slots=True)
class TestPki:
    """A test PKI that exists on the disk."""

    __test__ = False  # a name that begins with Test is no test

    directory: Path
    catalogue: Catalogue

    def names(self) -> tuple[str, ...]:
        """Names of all certificates, in the order of the catalogue: good ones first."""
        return tuple(self.catalogue.entries)

    def certificate(self, name: str) -> Credential:
        """The credential of that name. Raises KeyError."""
        return credential(self.catalogue.entries[name], self.catalogue, _certificates(self.directory) / name)

    def server(self, door: str) -> Credential:
        """The server certificate of a door."""
        return self.certificate(f"server.{door}")

    def trust(self, door: str) -> Path:
        """The trust directory of a door: `ingest`, `consultation`, or `ingest-with-professionals`."""
        if door not in self.catalogue.trust:
            raise KeyError(door)
        return self.directory / "trust" / door

    def ca_for_clients(self, door: str) -> Path:
        """PEM of the root that signed the server certificate of a door: what its clients trust."""
        issuer = self.catalogue.entries[f"server.{door}"].profile.issuer
        return _authorities(self.directory) / f"{self.catalogue.root_of(issuer)}.pem"

    def authority(self, name: str) -> Issuer:
        """An authority that can sign, its private key included: for tests that need a certificate of their own."""
        return _read_issuer(self.directory, name)


def create(directory: Path, now: datetime) -> TestPki:
    """Make the whole PKI in `directory`, which must not exist; all of it appears, or nothing. `now` is UTC.

    Files are readable by their owner only. Raises PkiError: the directory exists.
    """
    if directory.exists():
        raise PkiError(f"{directory} already exists")
    catalogue = read_catalogue()
    now = now.astimezone(UTC).replace(microsecond=0)
    directory.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        with _rsa_keys(len(catalogue.authorities) + len(catalogue.entries)) as rsa_keys:
            for authority in catalogue.authorities.values():
                _make_authority(beside, catalogue, authority, next(rsa_keys), now)
            for entry in catalogue.entries.values():
                _make_certificate(beside, catalogue, entry, _key_for(entry, rsa_keys), now)
        _write_trust(beside, catalogue)
        _write_lists(beside, catalogue, now)
        beside.rename(directory)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return TestPki(directory, catalogue)


def load(directory: Path) -> TestPki:
    """The PKI that `create` made. Raises PkiError: there is none, or it was made from another catalogue."""
    pki = TestPki(directory, read_catalogue())
    for name in pki.names():
        if not pki.certificate(name).certificate_path.is_file():
            raise PkiError(f"{directory} holds no certificate {name!r}: remove the directory and make the PKI again")
    return pki


def refresh(directory: Path, now: datetime, *, lists: bool = False) -> TestPki:
    """Issue again what is about to end: lists older than a day (`lists`: all), certificates near their expiry.

    To be called at start, and daily. A renewed certificate has a new key. Numbers of lists only grow. Certificates
    that the catalogue gained since the PKI was made are made now.
    Raises PkiError: no PKI here, authorities that the PKI lacks, or that near their own end.
    """
    pki = TestPki(directory, read_catalogue())
    now = now.astimezone(UTC).replace(microsecond=0)
    for authority in pki.catalogue.authorities:
        if not (_authorities(directory) / f"{authority}.pem").is_file():
            raise PkiError(f"{directory} holds no authority {authority!r}: remove the directory and make the PKI again")
        if pki.authority(authority).certificate.not_valid_after_utc < now + RENEWAL:
            raise PkiError(f"the authorities of {directory} are about to expire: remove it and make the PKI again")
    ending = [entry for entry in pki.catalogue.entries.values() if _is_to_renew(directory, entry, now)]
    with _rsa_keys(len(ending)) as rsa_keys:
        for entry in ending:
            _make_certificate(directory, pki.catalogue, entry, _key_for(entry, rsa_keys), now)
    lists = lists or any(entry.revoked for entry in ending)
    if lists or _lists_are_old(pki, now):
        _write_lists(directory, pki.catalogue, now)
    return pki


def revoke(directory: Path, name: str, now: datetime) -> TestPki:
    """Revoke a certificate for good and issue the lists again. Raises KeyError: no such name; PkiError.

    It is not renewed when it nears its expiry.
    """
    pki = load(directory)
    now = now.astimezone(UTC).replace(microsecond=0)
    recorded = _read_revoked(directory)
    _record(recorded, directory, pki.catalogue.entries[name], now)
    _write(_revoked_file(directory), json.dumps(recorded, indent=1).encode())
    return refresh(directory, now, lists=True)


def publish(pki: TestPki, door: str, directory: Path) -> None:
    """Copy what a door trusts into `directory`, file by file, each at once; unchanged files are left alone.

    A door so reads its own directory, and never the one that holds private keys.
    """
    for name in ("roots.pem", "intermediates.pem", "crls.pem"):
        content, file = (pki.trust(door) / name).read_bytes(), directory / name
        if not file.exists() or file.read_bytes() != content:
            _write(file, content)


@contextmanager
def _rsa_keys(count: int) -> Iterator[Iterator[rsa.RSAPrivateKey]]:
    """Fresh keys, made on all cores while the caller works: making one frees the interpreter lock."""
    pool = ThreadPoolExecutor(os.cpu_count() or 2)
    try:
        yield pool.map(rsa.generate_private_key, [65537] * count, [2048] * count)
    finally:
        pool.shutdown(cancel_futures=True)


def _key_for(entry: Entry, rsa_keys: Iterator[rsa.RSAPrivateKey]) -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1()) if entry.profile.layout == "server" else next(rsa_keys)


def _make_authority(
    directory: Path, catalogue: Catalogue, authority: Authority, key: PrivateKey, now: datetime
) -> None:
    parent = _read_issuer(directory, authority.parent) if authority.parent else None
    # Born before the oldest twin that expired, so that only the twin's own dates are wrong.
    validity = (now - 5 * _YEAR, now + catalogue.authority_years * _YEAR)
    certificate = issue_authority(authority_name(authority), key, parent, validity)
    _write(_authorities(directory) / f"{authority.name}.pem", certificate.public_bytes(_PEM))
    _write(_authorities(directory) / f"{authority.name}.key.pem", _private_pem(key))


def _make_certificate(directory: Path, catalogue: Catalogue, entry: Entry, key: PrivateKey, now: datetime) -> None:
    profile = entry.profile
    issuer_name = None if profile.issuer == SELF else profile.issuer
    parent = _read_issuer(directory, issuer_name) if issuer_name else None
    start, end = _validity(entry, now)
    server = profile.layout == "server"
    certificate = issue(
        subject_name(entry, catalogue),
        key,
        parent,
        (start, end),
        usages=profile.key_usage,
        extended=profile.extended,
        product=_product(entry, catalogue),
        publication=Publication(
            host=catalogue.publication,
            code=catalogue.authorities[issuer_name].code if issuer_name else "ACI-TEST",
            policy=catalogue.policy,
        ),
        key_until=start + timedelta(days=30 * profile.key_months) if profile.key_months else None,
        authority=entry.authority,
        names=("localhost", "127.0.0.1", "::1") if server else (),
    )
    authorities = list(_without_root(directory, catalogue, issuer_name))
    files = _certificates(directory) / entry.name
    chain = b"".join(link.public_bytes(_PEM) for link in [certificate, *authorities])
    encryption = serialization.BestAvailableEncryption(catalogue.password.encode())
    bundle = pkcs12.serialize_key_and_certificates(entry.name.encode(), key, certificate, authorities, encryption)
    _write(files / "key.pem", _private_pem(key))
    _write(files / "certificate.pem", certificate.public_bytes(_PEM))
    _write(files / "chain.pem", chain)
    _write(files / f"{entry.name}.p12", bundle)


def _validity(entry: Entry, now: datetime) -> tuple[datetime, datetime]:
    life = timedelta(days=30 * entry.profile.months + 15)
    match entry.validity:
        case "past":
            return now - _YEAR - life, now - _YEAR
        case "future":
            return now + 10 * _YEAR, now + 10 * _YEAR + life
        case _:
            return now - BACKDATED, now + life


def _product(entry: Entry, catalogue: Catalogue) -> Product:
    profile = entry.profile
    professional = catalogue.professionals.get(entry.holder)
    rank = [*catalogue.professionals, *catalogue.staff].index(entry.holder) if profile.type is not None else 0
    return Product(
        category=profile.category,
        type=profile.type,
        card=f"8025000001/99{rank:08d}" if profile.type is not None else None,
        profession=professional.profession if professional else None,
        specialties=professional.specialties if professional else (),
        sections=professional.sections if professional else (),
    )


def _without_root(directory: Path, catalogue: Catalogue, name: str | None) -> Iterator[x509.Certificate]:
    while name is not None and catalogue.authorities[name].parent is not None:
        yield _read_issuer(directory, name).certificate
        name = catalogue.authorities[name].parent


def _write_trust(directory: Path, catalogue: Catalogue) -> None:
    for door, intermediates in catalogue.trust.items():
        roots = dict.fromkeys(catalogue.root_of(name) for name in intermediates)
        for file, names in (("roots.pem", tuple(roots)), ("intermediates.pem", intermediates)):
            pem = b"".join((_authorities(directory) / f"{name}.pem").read_bytes() for name in names)
            _write(directory / "trust" / door / file, pem)


def _write_lists(directory: Path, catalogue: Catalogue, now: datetime) -> None:
    """Issue the list of every authority, root or not: OpenSSL refuses everyone when one of the path has none."""
    recorded = _read_revoked(directory)
    for entry in catalogue.entries.values():
        if entry.revoked:
            _record(recorded, directory, entry, now - BACKDATED)
    _write(_revoked_file(directory), json.dumps(recorded, indent=1).encode())
    lists: dict[str, bytes] = {}
    for name in catalogue.authorities:
        file = directory / "crl" / f"{name}.pem"
        number = 1 + (_number(x509.load_pem_x509_crl(file.read_bytes())) if file.exists() else 0)
        validity = (now - BACKDATED, now + timedelta(days=catalogue.crl_days))
        revoked = {int(serial): datetime.fromisoformat(since) for serial, since in recorded.get(name, {}).items()}
        crl = issue_list(_read_issuer(directory, name), number, revoked, validity)
        lists[name] = crl.public_bytes(_PEM)
        _write(file, lists[name])
    for door, intermediates in catalogue.trust.items():
        roots = dict.fromkeys(catalogue.root_of(name) for name in intermediates)
        _write(directory / "trust" / door / "crls.pem", b"".join(lists[name] for name in (*roots, *intermediates)))


def _record(recorded: Revoked, directory: Path, entry: Entry, when: datetime) -> None:
    """Add the certificate of an entry to what is revoked; a date already recorded stays."""
    serials = recorded.setdefault(entry.profile.issuer, {})
    serials.setdefault(str(_leaf(directory, entry.name).serial_number), when.isoformat())


def _is_to_renew(directory: Path, entry: Entry, now: datetime) -> bool:
    """Whether a certificate is missing, or nears its expiry, neither by design nor after having been withdrawn."""
    if not (_certificates(directory) / entry.name / "certificate.pem").is_file():
        return True
    leaf = _leaf(directory, entry.name)
    if entry.validity != "present" or leaf.not_valid_after_utc >= now + RENEWAL:
        return False
    return entry.revoked or str(leaf.serial_number) not in _read_revoked(directory).get(entry.profile.issuer, {})


def _lists_are_old(pki: TestPki, now: datetime) -> bool:
    for name in pki.catalogue.authorities:
        crl = x509.load_pem_x509_crl((pki.directory / "crl" / f"{name}.pem").read_bytes())
        if not crl.last_update_utc <= now <= crl.last_update_utc + LIST_AGE:
            return True
    return False


def _number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _read_issuer(directory: Path, name: str) -> Issuer:
    certificate = x509.load_pem_x509_certificate((_authorities(directory) / f"{name}.pem").read_bytes())
    pem = (_authorities(directory) / f"{name}.key.pem").read_bytes()
    # Checking that an RSA key is sound takes 50 ms, and this module made it.
    key = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, PrivateKey)  # noqa: S101 -- written by this module
    return Issuer(certificate, key)


def _leaf(directory: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((_certificates(directory) / name / "certificate.pem").read_bytes())


def _read_revoked(directory: Path) -> Revoked:
    file = _revoked_file(directory)
    recorded: Revoked = json.loads(file.read_bytes()) if file.exists() else {}
    return recorded


def _private_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _authorities(directory: Path) -> Path:
    return directory / "authorities"


def _certificates(directory: Path) -> Path:
    return directory / "certificates"


def _revoked_file(directory: Path) -> Path:
    return directory / "revoked.json"


def _write(file: Path, content: bytes) -> None:
    """Replace a file at once; readable by its owner only, whatever the umask."""
    _make_private(file.parent)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # mode 0600
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
    Path(name).replace(file)


def _make_private(directory: Path) -> None:
    """Make a directory and those above it that are missing; mkdir gives its mode to the last one only."""
    if not directory.exists():
        _make_private(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
