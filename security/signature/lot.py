"""The signature of a submission set: one detached signature document for the whole lot (DMP TD2.1, IHE ITI DSG)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn

from cryptography import x509
from lxml import etree

from security.errors import ErrorKind, MalformedMessage, NotAuthenticated
from security.pki.certificate import HolderCertificate
from security.pki.trust import TrustStore, Usage
from security.signature.algorithms import DS, EXCLUSIVE
from security.signature.manifest import MANIFEST, MANIFEST_TYPE, check_manifest
from security.signature.structure import OBJECT, SIGNATURE, SignatureRules, read_shape, require_unique_id
from security.signature.verification import verify_signature
from security.signature.xades import (
    QUALIFYING_PROPERTIES,
    SIGNED_PROPERTIES,
    SIGNED_PROPERTIES_TYPE,
    SigningTimeRules,
    check_signing_time,
    read_signing_time,
)
from security.xml import XmlLimits, parse

SIGNATURE_PROPERTIES = f"{{{DS}}}SignatureProperties"
SIGNATURE_PROPERTY = f"{{{DS}}}SignatureProperty"
# Purposes of ASTM E1762-95 that a lot may have: author, verification, source.
PURPOSES = frozenset({"1.2.840.10065.1.12.1.1", "1.2.840.10065.1.12.1.5", "1.2.840.10065.1.12.1.14"})
_LIMITS = XmlLimits(size=1024 * 1024, elements=8_000, depth=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class LotPolicy:
    """What the door demands of a lot signature. SHA-1 is for partners that have not moved, off by default."""

    clock_skew: timedelta = timedelta(seconds=300)
    max_signature_age: timedelta = timedelta(hours=24)
    allow_sha1: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LotEvidence:
    """What was proven, to be kept with the lot: enough to tell later why it was believed.

    `chain` is DER as received, leaf first. `documents` are the unique ids covered, sorted. `purpose_is_signed` is false
    when the sender left its purpose outside of the signature, as IHE DSG allows.
    """

    signer: HolderCertificate
    chain: tuple[bytes, ...] = field(repr=False)
    signing_time: datetime
    verified_at: datetime
    purpose: str
    purpose_is_signed: bool
    lot_unique_id: str
    documents: tuple[str, ...]
    signature_sha256: str
    trust_revision: str


def verify_lot(
    signature: bytes,
    *,
    lot_unique_id: str,
    documents: Mapping[str, bytes],
    trust: TrustStore,
    usage: Usage,
    now: datetime,
    policy: LotPolicy | None = None,
) -> LotEvidence:
    """Verify the signature document of a lot against every other document of it.

    `documents` maps unique id to octets as received, the signature document left out. That the signer is also the
    holder of the connection and of the assertion is for the caller to check.
    Raises NotAuthenticated: SIG_* as security.errors names them, CERT_* from the trust store.
    Source: DMP TD2.1; ETSI TS 101 903; rules S-01 to S-08
    """
    policy = policy or LotPolicy()
    try:
        root = parse(signature, _LIMITS)
    except MalformedMessage as error:
        raise NotAuthenticated(ErrorKind.SIG_STRUCTURE, f"signature document: {error.text}") from None
    if root.tag != SIGNATURE:
        _refuse(ErrorKind.SIG_STRUCTURE, "the signature document is not a ds:Signature")
    shape = read_shape(root, _RULES[policy.allow_sha1])
    parts = _read_parts(root)
    targets = _check_references(root, parts, [(reference.target, reference.type) for reference in shape.references])

    signer = trust.accept(shape.certificates[0], usage, now, shape.certificates[1:])
    leaf = x509.load_der_x509_certificate(signer.der)
    verified = dict(
        zip(
            targets,
            verify_signature(etree.tostring(root), leaf, references=len(targets), allow_sha1=policy.allow_sha1),
            strict=True,
        )
    )
    if any(part.tag != name for name, part in verified.items()):
        _refuse(ErrorKind.SIG_REFERENCE, "a reference does not lead where its identifier says")
    signed_at = read_signing_time(verified[SIGNED_PROPERTIES], leaf, signer.der, allow_sha1=policy.allow_sha1)
    check_signing_time(signed_at, now, SigningTimeRules(clock_skew=policy.clock_skew, max_age=policy.max_signature_age))
    check_manifest(verified[MANIFEST], lot_unique_id=lot_unique_id, documents=documents, allow_sha1=policy.allow_sha1)
    return LotEvidence(
        signer=signer,
        chain=shape.certificates,
        signing_time=signed_at,
        verified_at=now,
        purpose=_read_purpose(verified.get(SIGNATURE_PROPERTIES, parts[SIGNATURE_PROPERTIES])),
        purpose_is_signed=SIGNATURE_PROPERTIES in verified,
        lot_unique_id=lot_unique_id,
        documents=tuple(sorted(documents)),
        signature_sha256=hashlib.sha256(signature).hexdigest(),
        trust_revision=trust.revision,
    )


def _read_parts(root: etree._Element) -> dict[str, etree._Element]:
    """Return the manifest, the qualifying properties and the signature properties, each found at its only place."""
    parts: dict[str, etree._Element] = {}
    for holder in root.iterchildren(OBJECT):
        for part in holder:
            if part.tag not in (MANIFEST, QUALIFYING_PROPERTIES, SIGNATURE_PROPERTIES) or part.tag in parts:
                _refuse(ErrorKind.SIG_STRUCTURE, "an Object holds an element twice, or one that this profile has not")
            parts[str(part.tag)] = part
    for name in (MANIFEST, QUALIFYING_PROPERTIES, SIGNATURE_PROPERTIES):
        if name not in parts:
            missing = etree.QName(name).localname
            kind = ErrorKind.SIG_COVERAGE if name == MANIFEST else ErrorKind.SIG_POLICY
            _refuse(kind, f"the signature has no {missing}")
        if sum(1 for _ in root.iter(name)) != 1:
            _refuse(ErrorKind.SIG_STRUCTURE, f"the signature has several {etree.QName(name).localname}")
    identifier = root.get("Id")
    if not identifier or parts[QUALIFYING_PROPERTIES].get("Target") != f"#{identifier}":
        _refuse(ErrorKind.SIG_POLICY, "the qualifying properties are not those of this signature (Target)")
    return parts


def _check_references(
    root: etree._Element, parts: Mapping[str, etree._Element], references: list[tuple[str, str | None]]
) -> list[str]:
    """Check that the references are the manifest and the signed properties, and at most the purpose; name them."""
    properties = parts[QUALIFYING_PROPERTIES].findall(SIGNED_PROPERTIES)
    if len(properties) != 1 or sum(1 for _ in root.iter(SIGNED_PROPERTIES)) != 1:
        _refuse(ErrorKind.SIG_POLICY, "the signature has not one SignedProperties")
    known = {
        parts[MANIFEST].get("Id"): MANIFEST,
        properties[0].get("Id"): SIGNED_PROPERTIES,
        parts[SIGNATURE_PROPERTIES].get("Id"): SIGNATURE_PROPERTIES,
    }
    names = [known.get(target, "") for target, _ in references]
    if "" in names or len(set(names)) != len(names):
        _refuse(ErrorKind.SIG_REFERENCE, "a reference designates a part that this profile does not sign, or one twice")
    if MANIFEST not in names:
        _refuse(ErrorKind.SIG_COVERAGE, "the manifest is not signed")
    if SIGNED_PROPERTIES not in names:
        _refuse(ErrorKind.SIG_POLICY, "SignedProperties is not signed")
    for name, (target, declared) in zip(names, references, strict=True):
        require_unique_id(root, target)
        if name in _TYPES and declared != _TYPES[name]:
            _refuse(ErrorKind.SIG_REFERENCE, f"the Type of a reference is not {_TYPES[name]}")
    return names


def _read_purpose(properties: etree._Element) -> str:
    if [child.tag for child in properties] != [SIGNATURE_PROPERTY] or len(properties[0]):
        _refuse(ErrorKind.SIG_POLICY, "the purpose of the signature is one SignatureProperty, as text")
    purpose = (properties[0].text or "").strip()
    if purpose not in PURPOSES:
        _refuse(ErrorKind.SIG_POLICY, "the purpose of the signature is not author, verification or source")
    return purpose


def _refuse(kind: ErrorKind, text: str) -> NoReturn:
    raise NotAuthenticated(kind, text)


_TYPES = {MANIFEST: MANIFEST_TYPE, SIGNED_PROPERTIES: SIGNED_PROPERTIES_TYPE}
_RULES = {
    allowed: SignatureRules(
        transforms=frozenset({(EXCLUSIVE,)}), prefix_lists=False, objects=True, references=3, allow_sha1=allowed
    )
    for allowed in (False, True)
}
