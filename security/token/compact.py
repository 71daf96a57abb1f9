"""A JWS in compact form, taken apart before anything in it is believed (RFC 7515 §3.1, §4.1; RFC 8725).

The header has an algorithm of the list and the certificate of the seal; whatever would let the sender choose the key or
the meaning of what is signed is refused: `jwk`, `jku`, `x5u`, `crit`, `b64`, `zip`, and any name not known here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from security import strict_json
from security.errors import ErrorKind, MalformedMessage
from security.vihf.policy import VihfCode, refuse

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
_TYPES = ("JWT", "at+jwt")
_HEADER = frozenset({"alg", "typ", "kid", "x5c", "x5t#S256"})
LONGEST: Final = 16 * 1024
"""Characters of the longest token: the head of a request has 32 KiB."""
_CHAIN = 4
_LIMITS = strict_json.JsonLimits(size=LONGEST, values=500, depth=8)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class _Registry(jws.JWSRegistry):
    """What joserfc admits: a header that holds certificates."""

    max_header_length = LONGEST


@dataclass(frozen=True, slots=True)
class Compact:
    """A token as sent. `certificates` are DER, the signer's first; `claims` are not believed yet."""

    token: str
    algorithm: str
    certificates: tuple[bytes, ...]
    claims: Mapping[str, Any]


def read_compact(token: str) -> Compact:
    """Take a token apart. Raises NotAuthenticated: SBX_VIHF_MALFORMED, SBX_VIHF_SIGNATURE."""
    parts = token.split(".")
    if len(token) > LONGEST or len(parts) != 3:
        _malformed(f"the token is not three parts of a compact JWS, {LONGEST} characters at most")
    decoded = [_decode(part) for part in parts]
    header, claims = (_read(part) for part in decoded[:2])
    return Compact(token, *_read_header(header), claims)


def verify(compact: Compact, der: bytes) -> None:
    """Verify the signature with the key of a certificate that was accepted. Raises NotAuthenticated."""
    key = x509.load_der_x509_certificate(der).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if compact.algorithm == "ES256":
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            _key("ES256 is for a key on P-256")
        holder: RSAKey | ECKey = ECKey.import_key(pem)
    else:
        if not isinstance(key, rsa.RSAPublicKey):
            _key(f"{compact.algorithm} is for an RSA key")
        holder = RSAKey.import_key(pem)
    try:
        jws.deserialize_compact(compact.token, holder, registry=_Registry(algorithms=[compact.algorithm]))
    except (JoseError, ValueError, TypeError):
        refuse(VihfCode.SIGNATURE, "the signature of the token is wrong", ErrorKind.SIG_INVALID)


def thumbprint(der: bytes) -> str:
    """What `x5t#S256` says of a certificate (RFC 8705 §3.1)."""
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode("ascii")


def _read_header(header: Mapping[str, Any]) -> tuple[str, tuple[bytes, ...]]:
    unknown = sorted(set(header) - _HEADER)
    if unknown:
        refuse(VihfCode.SIGNATURE, "the header of the token has a parameter that is not admitted", ErrorKind.SIG_POLICY)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        refuse(VihfCode.SIGNATURE, f"alg is not one of {', '.join(ALGORITHMS)}", ErrorKind.SIG_ALGORITHM)
    if header.get("typ", _TYPES[0]) not in _TYPES:
        _malformed(f"typ is not one of {', '.join(_TYPES)}")
    certificates = _read_chain(header.get("x5c"))
    if header.get("x5t#S256", thumbprint(certificates[0])) != thumbprint(certificates[0]):
        _key("x5t#S256 is not the certificate of x5c")
    return str(algorithm), certificates


def _read_chain(value: Any) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _CHAIN:
        _key(f"x5c is not a list of 1 to {_CHAIN} certificates")
    try:
        return tuple(base64.b64decode(one, validate=True) for one in value)
    except (TypeError, ValueError, binascii.Error):
        _key("x5c holds something else than base64")


def _read(content: bytes) -> Mapping[str, Any]:
    try:
        value = strict_json.read_json(content, _LIMITS)
    except MalformedMessage as error:
        _malformed(error.text)
    if not isinstance(value, dict):
        _malformed("a part of the token is not a JSON object")
    return value


def _decode(part: str) -> bytes:
    """Base64url without padding, spelled in the one way there is."""
    is_spelled = _BASE64URL.fullmatch(part) and len(part) % 4 != 1
    content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) if is_spelled else b""
    if not is_spelled or base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii") != part:
        _malformed("a part of the token is not base64url without padding")
    return content


def _malformed(text: str) -> NoReturn:
    refuse(VihfCode.MALFORMED, text)


def _key(text: str) -> NoReturn:
    refuse(VihfCode.SIGNATURE, text, ErrorKind.SIG_KEY)
