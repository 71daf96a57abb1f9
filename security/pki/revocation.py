"""Certificate revocation lists: which are usable, and what they say (RFC 5280 §5).

Never soft: an authority without a fresh, complete list that it signed itself makes the status unknown, and an unknown
status is a refusal. The addresses printed in certificates are never followed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from security.errors import ErrorKind, NotAuthenticated

SKEW = timedelta(minutes=5)
"""A list dated this far in the future is still read: clocks differ."""
_PEM = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """What one usable list says. `number` is its cRLNumber; times are UTC; `serials` are revoked or on hold."""

    issuer: str
    number: int
    this_update: datetime
    next_update: datetime
    serials: frozenset[int] = field(repr=False)


RevocationLists = Mapping[str, RevocationList]
"""By authority: `authority_key` of the certificate that signs the list."""


def authority_key(authority: x509.Certificate) -> str:
    """What identifies an authority across renewals of its certificate: its name and its key."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    key = authority.public_key().public_bytes(serialization.Encoding.DER, spki)
    return hashlib.sha256(authority.subject.public_bytes() + key).hexdigest()


def read_lists(pem: bytes, authorities: Sequence[x509.Certificate]) -> dict[str, RevocationList]:
    """The usable lists of a PEM file that one of `authorities` signed; the newest number of each authority.

    Left out: foreign or badly signed lists, delta and partial lists, lists without number or nextUpdate.
    Raises ValueError: a PEM block that is not a list.
    """
    found: list[tuple[str, RevocationList]] = []
    for block in _PEM.findall(pem):
        crl = x509.load_pem_x509_crl(block)
        signer = next((authority for authority in authorities if _signed(crl, authority)), None)
        usable = _usable(crl) if signer is not None else None
        if signer is not None and usable is not None:
            found.append((authority_key(signer), usable))
    return newest(found)


def newest(lists: Iterable[tuple[str, RevocationList]]) -> dict[str, RevocationList]:
    """For each authority the list of the highest number: an older one never replaces a newer one."""
    kept: dict[str, RevocationList] = {}
    for key, candidate in lists:
        held = kept.get(key)
        if held is None or (candidate.number, candidate.this_update) > (held.number, held.this_update):
            kept[key] = candidate
    return kept


def check_not_revoked(path: Sequence[x509.Certificate], lists: RevocationLists, now: datetime) -> datetime:
    """Check every certificate of a path but its root; return until when the answer holds.

    Raises NotAuthenticated: CERT_REVOKED, or REVOCATION_UNKNOWN when an authority has no list that is fresh at `now`.
    """
    until: list[datetime] = []
    for certificate, authority in pairwise(path):
        held = lists.get(authority_key(authority))
        if held is None:
            raise NotAuthenticated(ErrorKind.REVOCATION_UNKNOWN, "an authority of the path has no usable list")
        if held.this_update > now + SKEW:
            raise NotAuthenticated(ErrorKind.REVOCATION_UNKNOWN, "a revocation list is dated in the future")
        if held.next_update <= now:
            when = f"{held.next_update:%Y-%m-%dT%H:%M:%SZ}"
            raise NotAuthenticated(ErrorKind.REVOCATION_UNKNOWN, f"a revocation list was valid until {when}")
        if certificate.serial_number in held.serials:
            raise NotAuthenticated(ErrorKind.CERT_REVOKED, "the certificate, or its authority, is revoked")
        until.append(held.next_update)
    return min(until)


def _signed(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    """Whether `authority` signed the list and may sign lists."""
    if crl.issuer != authority.subject or not isinstance(crl.signature_hash_algorithm, _HASHES):
        return False
    key = authority.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return False
    try:
        may_sign = authority.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
        wanted = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        held = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.key_identifier
    except x509.ExtensionNotFound:
        return False
    return may_sign and wanted == held and crl.is_signature_valid(key)


def _usable(crl: x509.CertificateRevocationList) -> RevocationList | None:
    number: int | None = None
    for extension in crl.extensions:
        match extension.value:
            case x509.CRLNumber():
                number = extension.value.crl_number
            case x509.DeltaCRLIndicator():
                return None
            case x509.IssuingDistributionPoint():
                if not _is_full(extension.value):
                    return None
            case _ if extension.critical:
                return None
    if number is None or crl.next_update_utc is None or not _entries_understood(crl):
        return None
    return RevocationList(
        issuer=crl.issuer.rfc4514_string(),
        number=number,
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        serials=frozenset(revoked.serial_number for revoked in crl),
    )


def _is_full(point: x509.IssuingDistributionPoint) -> bool:
    partial = point.only_contains_user_certs or point.only_contains_ca_certs or point.only_contains_attribute_certs
    return not (partial or point.indirect_crl or point.only_some_reasons)


def _entries_understood(crl: x509.CertificateRevocationList) -> bool:
    try:
        return not any(extension.critical for revoked in crl for extension in revoked.extensions)
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension):
        return False
