"""A JWS in compact form, taken apart before anything in it is believed (RFC 7515 §3.1, §4.1; RFC 8725).

The header has an algorithm of the list and the certificate of the seal; whatever would let the sender choose the key or
the meaning of what is signed is refused: `jwk`, `jku`, `x5u`, `crit`, `b64`, `zip`, and any name not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from joserfc import jws
from joserfc.errors import JoseError

from security import strict_json
from security.errors import ErrorKind, MalformedMessage
from security.signature.jose import ALGORITHMS, key_of, read_base64url, read_chain, thumbprint
from security.vihf.policy import VihfCode, refuse

__all__ = ["ALGORITHMS", "LONGEST", "Compact", "read_compact", "thumbprint", "verify"]

_TYPES = ("JWT", "at+jwt")
_HEADER = frozenset({"alg", "typ", "kid", "x5c", "x5t#S256"})
LONGEST: Final = 16 * 1024
"""Characters of the longest token: the head of a request has 32 KiB."""
_LIMITS = strict_json.JsonLimits(size=LONGEST, values=500, depth=8)


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
    try:
        holder = key_of(der, compact.algorithm)
    except ValueError as error:
        _key(str(error))
    try:
        jws.deserialize_compact(compact.token, holder, registry=_Registry(algorithms=[compact.algorithm]))
    except (JoseError, ValueError, TypeError):
        refuse(VihfCode.SIGNATURE, "the signature of the token is wrong", ErrorKind.SIG_INVALID)


def _read_header(header: Mapping[str, Any]) -> tuple[str, tuple[bytes, ...]]:
    unknown = sorted(set(header) - _HEADER)
    if unknown:
        refuse(VihfCode.SIGNATURE, "the header of the token has a parameter that is not admitted", ErrorKind.SIG_POLICY)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        refuse(VihfCode.SIGNATURE, f"alg is not one of {', '.join(ALGORITHMS)}", ErrorKind.SIG_ALGORITHM)
    if header.get("typ", _TYPES[0]) not in _TYPES:
        _malformed(f"typ is not one of {', '.join(_TYPES)}")
    try:
        return str(algorithm), read_chain(header)
    except ValueError as error:
        _key(str(error))


def _read(content: bytes) -> Mapping[str, Any]:
    try:
        value = strict_json.read_json(content, _LIMITS)
    except MalformedMessage as error:
        _malformed(error.text)
    if not isinstance(value, dict):
        _malformed("a part of the token is not a JSON object")
    return value


def _decode(part: str) -> bytes:
    try:
        return read_base64url(part)
    except ValueError:
        _malformed("a part of the token is not base64url without padding")


def _malformed(text: str) -> NoReturn:
    refuse(VihfCode.MALFORMED, text)


def _key(text: str) -> NoReturn:
    refuse(VihfCode.SIGNATURE, text, ErrorKind.SIG_KEY)
