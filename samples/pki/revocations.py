"""Revocation lists and trust directories of the test PKI."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from samples.pki.catalogue import Catalogue, Entry
from samples.pki.files import PEM, authorities, leaf, read_issuer, write
from samples.pki.issuing import issue_list
from samples.pki.making import BACKDATED

LIST_AGE = timedelta(days=1)
"""A revocation list older than this is issued again, as national ones are."""

Revoked = dict[str, dict[str, str]]
"""Dates (ISO 8601) of revocation, by authority, then by serial number in decimal digits."""


def write_trust(directory: Path, catalogue: Catalogue) -> None:
    """Write the authorities that each door trusts."""
    for door, intermediates in catalogue.trust.items():
        roots = dict.fromkeys(catalogue.root_of(name) for name in intermediates)
        for file, names in (("roots.pem", tuple(roots)), ("intermediates.pem", intermediates)):
            pem = b"".join((authorities(directory) / f"{name}.pem").read_bytes() for name in names)
            write(directory / "trust" / door / file, pem)


def write_lists(directory: Path, catalogue: Catalogue, now: datetime) -> None:
    """Issue the list of every authority, root or not: OpenSSL refuses everyone when one of the path has none."""
    recorded = _read_revoked(directory)
    for entry in catalogue.entries.values():
        if entry.revoked:
            _record(recorded, directory, entry, now - BACKDATED)
    write(_file(directory), json.dumps(recorded, indent=1).encode())
    lists: dict[str, bytes] = {}
    for name in catalogue.authorities:
        file = directory / "crl" / f"{name}.pem"
        number = 1 + (_number(x509.load_pem_x509_crl(file.read_bytes())) if file.exists() else 0)
        validity = (now - BACKDATED, now + timedelta(days=catalogue.crl_days))
        revoked = {int(serial): datetime.fromisoformat(since) for serial, since in recorded.get(name, {}).items()}
        crl = issue_list(read_issuer(directory, name), number, revoked, validity)
        lists[name] = crl.public_bytes(PEM)
        write(file, lists[name])
    for door, intermediates in catalogue.trust.items():
        roots = dict.fromkeys(catalogue.root_of(name) for name in intermediates)
        write(directory / "trust" / door / "crls.pem", b"".join(lists[name] for name in (*roots, *intermediates)))


def withdraw(directory: Path, entry: Entry, when: datetime) -> None:
    """Record that the certificate of an entry is revoked; the next lists say so."""
    recorded = _read_revoked(directory)
    _record(recorded, directory, entry, when)
    write(_file(directory), json.dumps(recorded, indent=1).encode())


def is_withdrawn(directory: Path, entry: Entry) -> bool:
    """Whether the certificate that an entry has now is recorded as revoked."""
    return str(leaf(directory, entry.name).serial_number) in _read_revoked(directory).get(entry.profile.issuer, {})


def lists_are_old(directory: Path, catalogue: Catalogue, now: datetime) -> bool:
    """Whether a list is older than `LIST_AGE`, or dated after `now`."""
    for name in catalogue.authorities:
        crl = x509.load_pem_x509_crl((directory / "crl" / f"{name}.pem").read_bytes())
        if not crl.last_update_utc <= now <= crl.last_update_utc + LIST_AGE:
            return True
    return False


def _record(recorded: Revoked, directory: Path, entry: Entry, when: datetime) -> None:
    """Add the certificate of an entry to what is revoked; a date already recorded stays."""
    serials = recorded.setdefault(entry.profile.issuer, {})
    serials.setdefault(str(leaf(directory, entry.name).serial_number), when.isoformat())


def _number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _read_revoked(directory: Path) -> Revoked:
    file = _file(directory)
    recorded: Revoked = json.loads(file.read_bytes()) if file.exists() else {}
    return recorded


def _file(directory: Path) -> Path:
    return directory / "revoked.json"
