"""Makes XML signatures (W3C XMLDSig 1.1), right by default, wrong where a test asks for it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from samples.pki.credential import Credential
from security.signature.algorithms import DS, EXCLUSIVE, SHA1_DIGEST, SHA1_SIGNATURE, digest
from security.signature.canonical import canonicalise

SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"


@dataclass(frozen=True, slots=True)
class Seal:
    """A key and the certificates that go with it, leaf first."""

    key: rsa.RSAPrivateKey
    certificates: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate of the key."""
        return self.certificates[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How a signature is written. The defaults are right; each other value breaks one thing.

    `shown` replaces the certificates in KeyInfo; `key_info` the whole of it.
    """

    signature: str = RSA_SHA256
    digest: str = SHA256
    canonicalisation: str = EXCLUSIVE
    transforms: tuple[str, ...] | None = None
    shown: tuple[x509.Certificate, ...] | None = None
    key_info: etree._Element | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One thing to sign: the identifier it has, its canonical octets, the transforms that give them."""

    target: str
    octets: bytes
    transforms: tuple[str, ...]
    type: str | None = None


RIGHT = Spelling()


def load_seal(credential: Credential) -> Seal:
    """Load the key and the chain of a credential of the test PKI; the same files are read once."""
    return _load(credential, credential.key_path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _load(credential: Credential, _written: int) -> Seal:
    key = credential.load_key()
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{credential.name} has no RSA key")
    return Seal(key, credential.load_chain())


def write_signature(
    seal: Seal, signed: Sequence[Signed], *, identifier: str | None = None, spelling: Spelling = RIGHT
) -> etree._Element:
    """Write a `ds:Signature` over `signed`, its SignatureValue included. Objects are for the caller to append."""
    root = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS})
    if identifier is not None:
        root.set("Id", identifier)
    info = etree.SubElement(root, f"{{{DS}}}SignedInfo")
    etree.SubElement(info, f"{{{DS}}}CanonicalizationMethod", Algorithm=spelling.canonicalisation)
    etree.SubElement(info, f"{{{DS}}}SignatureMethod", Algorithm=spelling.signature)
    for each in signed:
        _write_reference(info, each, spelling)
    value = etree.SubElement(root, f"{{{DS}}}SignatureValue")
    value.text = _base64(_sign(seal, canonicalise(info, spelling.canonicalisation), spelling.signature))
    root.append(
        spelling.key_info if spelling.key_info is not None else write_key_info(spelling.shown or seal.certificates)
    )
    return root


def write_key_info(certificates: Sequence[x509.Certificate]) -> etree._Element:
    """Write `ds:KeyInfo` as one X509Data, leaf first."""
    key_info = etree.Element(f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
    data = etree.SubElement(key_info, f"{{{DS}}}X509Data")
    for certificate in certificates:
        element = etree.SubElement(data, f"{{{DS}}}X509Certificate")
        element.text = _base64(certificate.public_bytes(serialization.Encoding.DER))
    return key_info


def write_digest(parent: etree._Element, algorithm: str, value: str) -> None:
    """Append DigestMethod and DigestValue."""
    etree.SubElement(parent, f"{{{DS}}}DigestMethod", Algorithm=algorithm)
    etree.SubElement(parent, f"{{{DS}}}DigestValue").text = value


def digest_text(algorithm: str, octets: bytes) -> str:
    """Digest as DigestValue writes it."""
    return _base64(digest(algorithm, octets))


def _write_reference(info: etree._Element, signed: Signed, spelling: Spelling) -> None:
    reference = etree.SubElement(info, f"{{{DS}}}Reference", URI=f"#{signed.target}")
    if signed.type is not None:
        reference.set("Type", signed.type)
    transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
    for algorithm in spelling.transforms if spelling.transforms is not None else signed.transforms:
        etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=algorithm)
    write_digest(reference, spelling.digest, digest_text(spelling.digest, signed.octets))


def _sign(seal: Seal, octets: bytes, algorithm: str) -> bytes:
    if algorithm == HMAC_SHA256:
        public = seal.leaf.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        mac = hmac.HMAC(public, hashes.SHA256())
        mac.update(octets)
        return mac.finalize()
    hashing = hashes.SHA1() if algorithm == SHA1_SIGNATURE else hashes.SHA256()  # noqa: S303
    return seal.key.sign(octets, padding.PKCS1v15(), hashing)


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


__all__ = [
    "HMAC_SHA256", "RIGHT", "RSA_SHA256", "SHA1_DIGEST", "SHA1_SIGNATURE", "SHA256", "Seal", "Signed", "Spelling",
    "digest_text", "load_seal", "write_digest", "write_key_info", "write_signature",
]  # fmt: skip
