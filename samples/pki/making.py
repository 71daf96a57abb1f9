"""Making the authorities and the certificates of the catalogue."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from samples.pki.catalogue import SELF, Authority, Catalogue, Entry
from samples.pki.files import PEM, authorities, certificates, private_pem, read_issuer, write
from samples.pki.issuing import PrivateKey, Product, Publication, issue, issue_authority
from samples.pki.subjects import authority_name, subject_name

BACKDATED = timedelta(hours=1)
"""Certificates and lists begin this long before they are made: the clocks of clients differ."""
_YEAR = timedelta(days=365)
_ROUNDS = 2048
"""Of a password that is published: what `openssl pkcs12` does, a tenth of what the library does by default."""


@contextmanager
def fresh_rsa_keys(count: int) -> Iterator[Iterator[rsa.RSAPrivateKey]]:
    """Fresh keys, made on all cores while the caller works: making one frees the interpreter lock."""
    pool = ThreadPoolExecutor(os.cpu_count() or 2)
    try:
        yield pool.map(rsa.generate_private_key, [65537] * count, [2048] * count)
    finally:
        pool.shutdown(cancel_futures=True)


def key_for(entry: Entry, rsa_keys: Iterator[rsa.RSAPrivateKey]) -> PrivateKey:
    """The next RSA key, or an elliptic curve one for a server."""
    return ec.generate_private_key(ec.SECP256R1()) if entry.profile.layout == "server" else next(rsa_keys)


def make_authority(directory: Path, catalogue: Catalogue, authority: Authority, key: PrivateKey, now: datetime) -> None:
    """Make an authority whose parent exists and write its certificate and key."""
    parent = read_issuer(directory, authority.parent) if authority.parent else None
    # Born before the oldest twin that expired, so that only the twin's own dates are wrong.
    validity = (now - 5 * _YEAR, now + catalogue.authority_years * _YEAR)
    certificate = issue_authority(authority_name(authority), key, parent, validity)
    write(authorities(directory) / f"{authority.name}.pem", certificate.public_bytes(PEM))
    write(authorities(directory) / f"{authority.name}.key.pem", private_pem(key))


def make_certificate(directory: Path, catalogue: Catalogue, entry: Entry, key: PrivateKey, now: datetime) -> None:
    """Make a certificate and write its four files."""
    profile = entry.profile
    issuer_name = None if profile.issuer == SELF else profile.issuer
    parent = read_issuer(directory, issuer_name) if issuer_name else None
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
    above = list(_without_root(directory, catalogue, issuer_name))
    files = certificates(directory) / entry.name
    chain = b"".join(link.public_bytes(PEM) for link in [certificate, *above])
    encryption = (
        serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(_ROUNDS).build(catalogue.password.encode())
    )
    bundle = pkcs12.serialize_key_and_certificates(entry.name.encode(), key, certificate, above, encryption)
    write(files / "key.pem", private_pem(key))
    write(files / "certificate.pem", certificate.public_bytes(PEM))
    write(files / "chain.pem", chain)
    write(files / f"{entry.name}.p12", bundle)


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
        yield read_issuer(directory, name).certificate
        name = catalogue.authorities[name].parent
