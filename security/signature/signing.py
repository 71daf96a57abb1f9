"""Signing a lot, for a house that holds the seal of an establishment (DMP TD2.1; IHE ITI DSG; XAdES 1.3.2).

The signature document covers a manifest of the documents' octets, the signed properties and the purpose, each by
exclusive canonicalisation, as `security.signature.lot` verifies it.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from security.instants import write_instant
from security.signature.algorithms import DS, EXCLUSIVE
from security.signature.canonical import canonicalise
from security.signature.lot import SIGNATURE_PROPERTIES, SIGNATURE_PROPERTY
from security.signature.manifest import MANIFEST, MANIFEST_TYPE, PLACEHOLDER, URN
from security.signature.xades import QUALIFYING_PROPERTIES, SIGNED_PROPERTIES, SIGNED_PROPERTIES_TYPE, XADES

SOURCE = "1.2.840.10065.1.12.1.14"
"""The purpose of a lot signed by the source of its documents (ASTM E1762-95)."""
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


class SealError(Exception):
    """A seal that cannot sign; the text names the file."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The RSA key of a sealing certificate, and its certificates, leaf first, root left out."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificates: tuple[x509.Certificate, ...]

    @property
    def leaf_der(self) -> bytes:
        """The certificate of the key, DER."""
        return self.certificates[0].public_bytes(serialization.Encoding.DER)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a PEM file that holds the certificates, leaf first, and the key, PKCS#8. Raises SealError."""
        try:
            content = path.read_bytes()
            certificates = tuple(x509.load_pem_x509_certificates(content))
            start = content.index(b"-----BEGIN PRIVATE KEY-----")
            key = serialization.load_pem_private_key(content[start:], None)
        except (OSError, ValueError, TypeError) as error:
            raise SealError(f"{path}: {type(error).__name__}: certificates and a PKCS#8 key in PEM expected") from None
        if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != certificates[0].public_key():
            raise SealError(f"{path}: the key is not the RSA key of the first certificate")
        return cls(key, certificates)


def sign_lot(seal: Seal, *, lot_unique_id: str, documents: Mapping[str, bytes], now: datetime) -> bytes:
    """The signature document of a lot. `documents` maps unique ids to octets; the lot itself has the placeholder."""
    identifier = f"ID-{uuid.uuid4().hex}"
    manifest = _manifest(lot_unique_id, documents)
    properties = _properties(seal, identifier, now)
    purposes = etree.Element(SIGNATURE_PROPERTIES, nsmap={"ds": DS}, Id=f"{identifier}-purpose")
    etree.SubElement(purposes, SIGNATURE_PROPERTY, Id="purposeOfSignature", Target=f"#{identifier}").text = SOURCE
    root = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS}, Id=identifier)
    info = etree.SubElement(root, f"{{{DS}}}SignedInfo")
    etree.SubElement(info, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXCLUSIVE)
    etree.SubElement(info, f"{{{DS}}}SignatureMethod", Algorithm=_RSA_SHA256)
    for part, kind in ((manifest, MANIFEST_TYPE), (properties[0], SIGNED_PROPERTIES_TYPE), (purposes, None)):
        _reference(info, part, kind)
    value = seal.key.sign(canonicalise(info, EXCLUSIVE), padding.PKCS1v15(), hashes.SHA256())
    etree.SubElement(root, f"{{{DS}}}SignatureValue").text = _base64(value)
    data = etree.SubElement(etree.SubElement(root, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data")
    for certificate in seal.certificates:
        der = certificate.public_bytes(serialization.Encoding.DER)
        etree.SubElement(data, f"{{{DS}}}X509Certificate").text = _base64(der)
    for part in (manifest, purposes, properties):
        etree.SubElement(root, f"{{{DS}}}Object").append(part)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _manifest(lot_unique_id: str, documents: Mapping[str, bytes]) -> etree._Element:
    manifest = etree.Element(MANIFEST, nsmap={"ds": DS}, Id="IHEManifest")
    digests = {lot_unique_id: PLACEHOLDER, **{name: _digest(content) for name, content in documents.items()}}
    for unique_id, value in digests.items():
        _add_digest(etree.SubElement(manifest, f"{{{DS}}}Reference", URI=URN + unique_id), value)
    return manifest


def _properties(seal: Seal, identifier: str, now: datetime) -> etree._Element:
    root = etree.Element(QUALIFYING_PROPERTIES, nsmap={"xades": XADES, "ds": DS}, Target=f"#{identifier}")
    signed = etree.SubElement(root, SIGNED_PROPERTIES, Id=f"{identifier}-properties")
    about = etree.SubElement(signed, f"{{{XADES}}}SignedSignatureProperties")
    etree.SubElement(about, f"{{{XADES}}}SigningTime").text = write_instant(now)
    named = etree.SubElement(etree.SubElement(about, f"{{{XADES}}}SigningCertificateV2"), f"{{{XADES}}}Cert")
    _add_digest(etree.SubElement(named, f"{{{XADES}}}CertDigest"), _digest(seal.leaf_der))
    policy = etree.SubElement(about, f"{{{XADES}}}SignaturePolicyIdentifier")
    etree.SubElement(policy, f"{{{XADES}}}SignaturePolicyImplied")
    return root


def _reference(info: etree._Element, part: etree._Element, kind: str | None) -> None:
    reference = etree.SubElement(info, f"{{{DS}}}Reference", URI=f"#{part.get('Id')}")
    if kind is not None:
        reference.set("Type", kind)
    transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=EXCLUSIVE)
    _add_digest(reference, _digest(canonicalise(part, EXCLUSIVE)))


def _add_digest(parent: etree._Element, value: str) -> None:
    etree.SubElement(parent, f"{{{DS}}}DigestMethod", Algorithm=_SHA256)
    etree.SubElement(parent, f"{{{DS}}}DigestValue").text = value


def _digest(octets: bytes) -> str:
    return _base64(hashlib.sha256(octets).digest())


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
