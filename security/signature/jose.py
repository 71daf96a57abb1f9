"""JSON signatures before anything is believed: base64url, certificates in a header, keys for joserfc (RFC 7515)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, RSAKey

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
_CHAIN = 4
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


def read_base64url(text: str) -> bytes:
    """Base64url without padding, spelled in the one way there is. Raises ValueError: it is not that."""
    is_spelled = _BASE64URL.fullmatch(text) and len(text) % 4 != 1
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) if is_spelled else b""
    if not is_spelled or write_base64url(content) != text:
        raise ValueError("not base64url without padding")
    return content


def write_base64url(content: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def thumbprint(der: bytes) -> str:
    """What `x5t#S256` says of a certificate (RFC 7515 §4.1.8)."""
    return write_base64url(hashlib.sha256(der).digest())


def read_chain(header: Any) -> tuple[bytes, ...]:
    """The certificates of a header, DER, the signer's first. Raises ValueError: none, too many, or misnamed."""
    value = header.get("x5c")
    if not isinstance(value, list) or not 1 <= len(value) <= _CHAIN:
        raise ValueError(f"x5c is not a list of 1 to {_CHAIN} certificates")
    try:
        certificates = tuple(base64.b64decode(one, validate=True) for one in value)
    except (TypeError, ValueError, binascii.Error):
        raise ValueError("x5c holds something else than base64") from None
    if header.get("x5t#S256", thumbprint(certificates[0])) != thumbprint(certificates[0]):
        raise ValueError("x5t#S256 is not the certificate of x5c")
    return certificates


def key_of(der: bytes, algorithm: str) -> RSAKey | ECKey:
    """The key of a certificate that was accepted, for one of ALGORITHMS. Raises ValueError: a key of another kind."""
    key = x509.load_der_x509_certificate(der).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if algorithm == "ES256":
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("ES256 is for a key on P-256")
        return ECKey.import_key(pem)
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError(f"{algorithm} is for an RSA key")
    return RSAKey.import_key(pem)
