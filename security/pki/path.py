"""Certification paths: from a leaf to the anchors of one door, and of no other (RFC 5280 §6).

The library builds the path. Its end-entity policy is ours, for the web's own demands a subjectAltName that national
certificates do not have, and a permissive one would admit an authority as a leaf, or any extended key usage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy, PolicyBuilder, Store, VerificationError

from security.errors import ErrorKind, NotAuthenticated

_Type = TypeVar("_Type", bound=x509.ExtensionType)

INTERMEDIATES = 2
"""Authorities allowed between the leaf and its root: four certificates in all."""


class Purpose(StrEnum):
    """What the key is used for, now."""

    TLS_CLIENT = "TLS_CLIENT"
    SEAL = "SEAL"


@dataclass(frozen=True, slots=True)
class Anchors:
    """Authorities of one door: roots are trusted, intermediates only help to reach them."""

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    store: Store


def build_path(
    leaf: x509.Certificate, anchors: Anchors, extra: Sequence[x509.Certificate], purpose: Purpose, now: datetime
) -> tuple[x509.Certificate, ...]:
    """The verified path, leaf first, root last. Configured intermediates are tried before those of the peer.

    Raises NotAuthenticated: CERT_UNTRUSTED (no path), CERT_VALIDITY (a path, but the leaf is out of its dates),
    CERT_USAGE (a path, but the leaf is an authority or its usages are not those of `purpose`).
    """
    candidates = [*anchors.intermediates, *extra]
    try:
        return _verify(leaf, anchors.store, candidates, _end_entity(purpose), now)
    except VerificationError:
        pass
    if _verifies(leaf, anchors.store, candidates, now):
        fault = _usage_fault(leaf, purpose) or "the certificate may not be used for this"
        raise NotAuthenticated(ErrorKind.CERT_USAGE, fault)
    out_of_date = not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc
    if out_of_date and _verifies(leaf, anchors.store, candidates, leaf.not_valid_before_utc + timedelta(seconds=1)):
        raise NotAuthenticated(ErrorKind.CERT_VALIDITY, _date_fault(leaf, now))
    raise NotAuthenticated(ErrorKind.CERT_UNTRUSTED, "no path to an authority that this door trusts")


def _verifies(leaf: x509.Certificate, store: Store, candidates: list[x509.Certificate], now: datetime) -> bool:
    try:
        _verify(leaf, store, candidates, ExtensionPolicy.permit_all(), now)
    except VerificationError:
        return False
    return True


def _verify(
    leaf: x509.Certificate, store: Store, candidates: list[x509.Certificate], policy: ExtensionPolicy, now: datetime
) -> tuple[x509.Certificate, ...]:
    verifier = (
        PolicyBuilder()
        .store(store)
        .time(now)
        .max_chain_depth(INTERMEDIATES)
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=policy)
        .build_client_verifier()
    )
    return tuple(verifier.verify(leaf, candidates).chain)


def _end_entity(purpose: Purpose) -> ExtensionPolicy:
    def usage(_policy: Policy, certificate: x509.Certificate, _value: object) -> None:
        fault = _usage_fault(certificate, purpose)
        if fault is not None:
            raise ValueError(fault)

    return (
        ExtensionPolicy.permit_all()
        .require_present(x509.KeyUsage, Criticality.CRITICAL, usage)
        .require_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, usage)
        .may_be_present(x509.BasicConstraints, Criticality.AGNOSTIC, usage)
    )


def _usage_fault(leaf: x509.Certificate, purpose: Purpose) -> str | None:
    """Why the leaf may not serve this purpose, or None."""
    constraints = _extension(leaf, x509.BasicConstraints)
    key_usage = _extension(leaf, x509.KeyUsage)
    extended = _extension(leaf, x509.ExtendedKeyUsage)
    if key_usage is None or not key_usage.critical:
        return "keyUsage is absent or not critical"
    if extended is None:
        return "extendedKeyUsage is absent"
    usages, purposes = key_usage.value, extended.value
    encrypts = usages.key_encipherment or usages.data_encipherment or usages.key_agreement
    tls, seal = purpose is Purpose.TLS_CLIENT, purpose is Purpose.SEAL
    faults = (
        (constraints is not None and constraints.value.ca, "an authority is not a holder (basicConstraints CA)"),
        (usages.key_cert_sign or usages.crl_sign, "keyUsage is that of an authority"),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes, "extendedKeyUsage is anyExtendedKeyUsage"),
        (tls and not usages.digital_signature, "keyUsage has no digitalSignature: not an authentication certificate"),
        (tls and ExtendedKeyUsageOID.CLIENT_AUTH not in purposes, "extendedKeyUsage has no clientAuth"),
        (seal and not usages.content_commitment, "keyUsage has no nonRepudiation: not a signature certificate"),
        (seal and encrypts, "keyUsage of a signature certificate also has an encryption usage"),
        (seal and ExtendedKeyUsageOID.EMAIL_PROTECTION not in purposes, "extendedKeyUsage has no emailProtection"),
    )
    return next((text for wrong, text in faults if wrong), None)


def _extension(certificate: x509.Certificate, kind: type[_Type]) -> x509.Extension[_Type] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _date_fault(leaf: x509.Certificate, now: datetime) -> str:
    if now < leaf.not_valid_before_utc:
        return f"the certificate is valid from {leaf.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}"
    return f"the certificate was valid until {leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
