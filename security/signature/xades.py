"""Signed properties of an advanced signature: who says he signed, when, with which certificate (ETSI TS 101 903)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from cryptography import x509
from lxml import etree

from security.errors import ErrorKind, NotAuthenticated
from security.instants import read_instant
from security.signature.algorithms import DS, digest, digest_algorithms

XADES = "http://uri.etsi.org/01903/v1.3.2#"
SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
QUALIFYING_PROPERTIES = f"{{{XADES}}}QualifyingProperties"
SIGNED_PROPERTIES = f"{{{XADES}}}SignedProperties"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningTimeRules:
    """How far the signing time may be from now, in both directions."""

    clock_skew: timedelta
    max_age: timedelta


def read_signing_time(
    properties: etree._Element, leaf: x509.Certificate, der: bytes, *, allow_sha1: bool = False
) -> datetime:
    """Check that verified SignedProperties name `leaf` as signing certificate; return the signing time, UTC.

    Raises NotAuthenticated: SIG_POLICY.
    Source: ETSI TS 101 903 §7.2.1, §7.2.2; ETSI EN 319 132-1 §5.2.2
    """
    signature_properties = _only(properties, f"{{{XADES}}}SignedSignatureProperties")
    certificates = [
        *signature_properties.findall(f"{{{XADES}}}SigningCertificateV2"),
        *signature_properties.findall(f"{{{XADES}}}SigningCertificate"),
    ]
    if not certificates:
        _refuse("the signed properties do not name the signing certificate")
    for named in certificates:
        _check_certificate(named, der, digest_algorithms(allow_sha1=allow_sha1))
    text = _only(signature_properties, f"{{{XADES}}}SigningTime").text or ""
    signed_at = read_instant(text)
    if signed_at is None:
        _refuse("SigningTime is not a date and time with its zone")
    check_certificate_life(leaf, signed_at)
    return signed_at


def check_certificate_life(leaf: x509.Certificate, signed_at: datetime) -> None:
    """Refuse a signing time at which the certificate or its key could not sign. Raises NotAuthenticated: SIG_POLICY."""
    if not leaf.not_valid_before_utc <= signed_at <= leaf.not_valid_after_utc:
        _refuse("SigningTime is outside the life of the certificate")
    _check_key_period(leaf, signed_at)


def check_signing_time(signed_at: datetime, now: datetime, rules: SigningTimeRules) -> None:
    """Refuse a signature from the future, or older than the rules allow.

    Raises NotAuthenticated: SIG_POLICY.
    """
    if signed_at > now + rules.clock_skew:
        _refuse("SigningTime is in the future")
    if signed_at < now - rules.max_age:
        _refuse(f"SigningTime is more than {int(rules.max_age.total_seconds())} s ago")


def _check_certificate(named: etree._Element, der: bytes, algorithms: frozenset[str]) -> None:
    """The first `Cert` is the signing certificate; those that follow may name its chain."""
    method = named.find(f"{{{XADES}}}Cert/{{{XADES}}}CertDigest/{{{DS}}}DigestMethod")
    value = named.find(f"{{{XADES}}}Cert/{{{XADES}}}CertDigest/{{{DS}}}DigestValue")
    algorithm = (method.get("Algorithm") or "") if method is not None else ""
    if value is None or algorithm not in algorithms:
        _refuse("the digest of the signing certificate is missing, or its algorithm is not allowed")
    try:
        declared = base64.b64decode("".join((value.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        _refuse("the digest of the signing certificate is not base64")
    if declared != digest(algorithm, der):
        _refuse("the signing certificate is not the one that the signed properties name")


def _check_key_period(leaf: x509.Certificate, signed_at: datetime) -> None:
    try:
        period = leaf.extensions.get_extension_for_class(x509.PrivateKeyUsagePeriod).value
    except x509.ExtensionNotFound:
        return
    # The library gives these two dates without a zone; DER has them in UTC (RFC 5280 §4.1.2.5).
    naive = signed_at.replace(tzinfo=None)
    if (period.not_before is not None and naive < period.not_before) or (
        period.not_after is not None and naive > period.not_after
    ):
        _refuse("SigningTime is outside the period in which the key may be used")


def _only(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(name)
    if len(found) != 1:
        _refuse(f"the signed properties hold {len(found)} {etree.QName(name).localname}, not one")
    return found[0]


def _refuse(text: str) -> NoReturn:
    raise NotAuthenticated(ErrorKind.SIG_POLICY, text)
