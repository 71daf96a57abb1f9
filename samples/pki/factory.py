"""The test PKI on the disk: made at first start, renewed at the next ones, read by everybody."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from samples.pki.catalogue import Catalogue, Entry, read_catalogue
from samples.pki.credential import Credential, credential
from samples.pki.files import authorities, certificates, leaf, read_issuer, write
from samples.pki.issuing import Issuer
from samples.pki.making import fresh_rsa_keys, key_for, make_authority, make_certificate
from samples.pki.revocations import is_withdrawn, lists_are_old, withdraw, write_lists, write_trust

__all__ = ["Credential", "PkiError", "TestPki", "create", "load", "publish", "refresh", "revoke"]

RENEWAL = timedelta(days=30)
"""A certificate with less life than this is issued again."""


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
        return credential(self.catalogue.entries[name], self.catalogue, certificates(self.directory) / name)

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
        return authorities(self.directory) / f"{self.catalogue.root_of(issuer)}.pem"

    def authority(self, name: str) -> Issuer:
        """An authority that can sign, its private key included: for tests that need a certificate of their own."""
        return read_issuer(self.directory, name)


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
        with fresh_rsa_keys(len(catalogue.authorities) + len(catalogue.entries)) as rsa_keys:
            for authority in catalogue.authorities.values():
                make_authority(beside, catalogue, authority, next(rsa_keys), now)
            for entry in catalogue.entries.values():
                make_certificate(beside, catalogue, entry, key_for(entry, rsa_keys), now)
        write_trust(beside, catalogue)
        write_lists(beside, catalogue, now)
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
        if not (authorities(directory) / f"{authority}.pem").is_file():
            raise PkiError(f"{directory} holds no authority {authority!r}: remove the directory and make the PKI again")
        if pki.authority(authority).certificate.not_valid_after_utc < now + RENEWAL:
            raise PkiError(f"the authorities of {directory} are about to expire: remove it and make the PKI again")
    ending = [entry for entry in pki.catalogue.entries.values() if _is_to_renew(directory, entry, now)]
    with fresh_rsa_keys(len(ending)) as rsa_keys:
        for entry in ending:
            make_certificate(directory, pki.catalogue, entry, key_for(entry, rsa_keys), now)
    lists = lists or any(entry.revoked for entry in ending)
    if lists or lists_are_old(directory, pki.catalogue, now):
        write_lists(directory, pki.catalogue, now)
    return pki


def revoke(directory: Path, name: str, now: datetime) -> TestPki:
    """Revoke a certificate for good and issue the lists again. Raises KeyError: no such name; PkiError.

    It is not renewed when it nears its expiry.
    """
    pki = load(directory)
    now = now.astimezone(UTC).replace(microsecond=0)
    withdraw(directory, pki.catalogue.entries[name], now)
    return refresh(directory, now, lists=True)


def publish(pki: TestPki, door: str, directory: Path) -> None:
    """Copy what a door trusts into `directory`, file by file, each at once; unchanged files are left alone.

    A door so reads its own directory, and never the one that holds private keys.
    """
    for name in ("roots.pem", "intermediates.pem", "crls.pem"):
        content, file = (pki.trust(door) / name).read_bytes(), directory / name
        if not file.exists() or file.read_bytes() != content:
            write(file, content)


def _is_to_renew(directory: Path, entry: Entry, now: datetime) -> bool:
    """Whether a certificate is missing, or nears its expiry, neither by design nor after having been withdrawn."""
    if not (certificates(directory) / entry.name / "certificate.pem").is_file():
        return True
    if entry.validity != "present" or leaf(directory, entry.name).not_valid_after_utc >= now + RENEWAL:
        return False
    return entry.revoked or not is_withdrawn(directory, entry)
