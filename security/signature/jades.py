"""The signature of a submission set in JSON: JAdES, detached, a manifest of digests (IHE ITI DSGj; ETSI TS 119 182-1).

The same question as `lot.verify_lot`, the same evidence. What is signed is the protected header: it names the lot
(`iheSSId`) and digests the octets of every document (`sigD`). Verified at level B-B: time stamps are not looked at.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NoReturn

from cryptography import x509
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.registry import HeaderParameter

from security import strict_json
from security.errors import ErrorKind, MalformedMessage, NotAuthenticated
from security.instants import read_instant
from security.pki.trust import TrustStore, Usage
from security.signature.jose import ALGORITHMS, key_of, read_base64url, read_chain
from security.signature.lot import PURPOSES, LotEvidence, LotPolicy
from security.signature.manifest import URN, check_coverage, named
from security.signature.xades import SigningTimeRules, check_certificate_life, check_signing_time

MIME_TYPE: Final = "application/jose+json"
PROFILE: Final = "urn:ihe:iti:dsg:detached:2014"
BY_URI_HASH: Final = "http://uri.etsi.org/19182/ObjectIdByURIHash"
_CRITICAL = frozenset({"sigD", "sigT", "iheSSId"})
_OF_JADES = ("sigD", "sigT", "srCms", "iheSSId", "sigPId")
_HEADER = frozenset({"alg", "x5c", "x5t#S256", "kid", "crit", "b64", *_OF_JADES})
_MANIFEST = frozenset({"mId", "pars", "hashM", "hashV", "ctys"})
_LIMITS = strict_json.JsonLimits(size=1024 * 1024, values=8_000, depth=8)
_URI_OID = re.compile(r"(?:urn:oid:)?([0-2](?:\.[0-9]{1,39}){1,30})")


class _Registry(jws.JWSRegistry):
    """What joserfc admits: a header that holds certificates and a manifest, nothing beside it."""

    max_header_length = _LIMITS.size


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A signature as sent: its two texts, and the header that is not believed yet. `chain` is DER, leaf first."""

    protected: str
    signature: str
    header: Mapping[str, Any] = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)


def verify_json_lot(
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
    Source: IHE ITI DSGj; ETSI TS 119 182-1 §5.2.8; RFC 7515 §5.2
    """
    policy = policy or LotPolicy()
    sealed = _read(signature)
    signer = trust.accept(sealed.chain[0], usage, now, sealed.chain[1:])
    _verify(sealed, signer.der)
    leaf = x509.load_der_x509_certificate(signer.der)
    signed_at = read_instant(_text(sealed.header, "sigT"))
    if signed_at is None:
        _refuse(ErrorKind.SIG_POLICY, "sigT is not a date and time with its zone")
    check_certificate_life(leaf, signed_at)
    check_signing_time(signed_at, now, SigningTimeRules(clock_skew=policy.clock_skew, max_age=policy.max_signature_age))
    lot = _URI_OID.fullmatch(_text(sealed.header, "iheSSId"))
    if lot is None or lot[1] != lot_unique_id:
        _refuse(ErrorKind.SIG_COVERAGE, "iheSSId is not the uniqueId of the lot")
    purpose = _read_purpose(sealed.header.get("srCms"))
    _check_manifest(sealed.header.get("sigD"), documents)
    return LotEvidence(
        signer=signer,
        chain=sealed.chain,
        signing_time=signed_at,
        verified_at=now,
        purpose=purpose,
        purpose_is_signed=True,
        lot_unique_id=lot_unique_id,
        documents=tuple(sorted(documents)),
        signature_sha256=hashlib.sha256(signature).hexdigest(),
        trust_revision=trust.revision,
    )


def _read(content: bytes) -> _Sealed:
    """Take the signature apart: a flattened JWS without payload; what is not signed may only be `etsiU`."""
    whole = _object(content, "the signature document")
    if not {"protected", "signature"} <= set(whole) <= {"protected", "signature", "header"}:
        _refuse(ErrorKind.SIG_STRUCTURE, "the signature document is not protected and signature, without payload")
    unsigned = whole.get("header", {})
    if not isinstance(unsigned, dict) or set(unsigned) - {"etsiU"}:
        _refuse(ErrorKind.SIG_POLICY, "the header that is not signed holds something else than etsiU")
    texts = [whole["protected"], whole["signature"]]
    try:
        protected, _ = (read_base64url(text) if isinstance(text, str) else b"" for text in texts)
    except ValueError:
        _refuse(ErrorKind.SIG_STRUCTURE, "protected or signature is not base64url without padding")
    header = _object(protected, "the protected header")
    _check_header(header)
    try:
        return _Sealed(texts[0], texts[1], header, read_chain(header))
    except ValueError as error:
        _refuse(ErrorKind.SIG_KEY, str(error))


def _check_header(header: Mapping[str, Any]) -> None:
    if set(header) - _HEADER:
        _refuse(ErrorKind.SIG_POLICY, "the protected header has a parameter that this profile has not")
    if header.get("alg") not in ALGORITHMS:
        _refuse(ErrorKind.SIG_ALGORITHM, f"alg is not one of {', '.join(ALGORITHMS)}")
    if header.get("b64", True) is not True:
        _refuse(ErrorKind.SIG_POLICY, "b64 is not true")
    critical = header.get("crit")
    expected = _CRITICAL | ({"b64"} if "b64" in header else frozenset())
    if not isinstance(critical, list) or sorted(map(str, critical)) != sorted(expected):
        _refuse(ErrorKind.SIG_POLICY, f"crit is not exactly {', '.join(sorted(expected))}")
    if not header.keys() >= expected:
        _refuse(ErrorKind.SIG_POLICY, "a parameter that crit names is missing")
    policy = header.get("sigPId", {"id": PROFILE})
    if not isinstance(policy, dict) or policy.get("id") != PROFILE:
        _refuse(ErrorKind.SIG_POLICY, f"sigPId is not {PROFILE}")


def _verify(sealed: _Sealed, der: bytes) -> None:
    algorithm = str(sealed.header["alg"])
    own = {name: HeaderParameter("JAdES", lambda _: None) for name in _OF_JADES}
    value: Any = {"payload": "", "protected": sealed.protected, "signature": sealed.signature}
    try:
        key = key_of(der, algorithm)
    except ValueError as error:
        _refuse(ErrorKind.SIG_KEY, str(error))
    try:
        jws.deserialize_json(value, key, registry=_Registry(header_registry=own, algorithms=[algorithm]))
    except (JoseError, ValueError, TypeError):
        _refuse(ErrorKind.SIG_INVALID, "the signature is not right")


def _read_purpose(commitments: Any) -> str:
    """The one commitment, by its OID."""
    one = commitments[0] if isinstance(commitments, list) and len(commitments) == 1 else None
    identifier = one.get("commId") if isinstance(one, dict) else None
    text = identifier.get("id") if isinstance(identifier, dict) else None
    found = _URI_OID.fullmatch(text) if isinstance(text, str) else None
    if found is None or found[1] not in PURPOSES:
        _refuse(ErrorKind.SIG_POLICY, "srCms is not one commitment: author, verification or source")
    return found[1]


def _check_manifest(manifest: Any, documents: Mapping[str, bytes]) -> None:
    """The digests are those of the octets as received. No URI is ever followed: they name documents of this lot."""
    if not isinstance(manifest, dict) or set(manifest) - _MANIFEST:
        _refuse(ErrorKind.SIG_STRUCTURE, "sigD is missing, or has a member that this profile has not")
    if manifest.get("mId") != BY_URI_HASH:
        _refuse(ErrorKind.SIG_REFERENCE, f"mId is not {BY_URI_HASH}")
    if manifest.get("hashM") != "S256":
        _refuse(ErrorKind.SIG_ALGORITHM, "hashM is not S256")
    names, digests, types = (_texts(manifest.get(name), name) for name in ("pars", "hashV", "ctys"))
    if not len(names) == len(digests) == len(types):
        _refuse(ErrorKind.SIG_STRUCTURE, "pars, hashV and ctys are not of one length")
    if not all(name.startswith(URN) for name in names):
        _refuse(ErrorKind.SIG_COVERAGE, f"pars has a reference that does not begin with {URN}")
    covered = dict(zip((name.removeprefix(URN) for name in names), digests, strict=True))
    if len(covered) != len(names):
        _refuse(ErrorKind.SIG_COVERAGE, "pars names the same document twice")
    check_coverage(set(covered), set(documents))
    for unique_id, text in covered.items():
        if not hmac.compare_digest(_digest(text), hashlib.sha256(documents[unique_id]).digest()):
            _refuse(
                ErrorKind.SIG_INVALID, f"the digest of a document is not that of the octets received{named(unique_id)}"
            )


def _digest(text: str) -> bytes:
    try:
        return read_base64url(text)
    except ValueError:
        _refuse(ErrorKind.SIG_STRUCTURE, "hashV holds something else than base64url without padding")


def _texts(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        _refuse(ErrorKind.SIG_STRUCTURE, f"{name} is not a list of texts")
    return value


def _text(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name)
    if not isinstance(value, str):
        _refuse(ErrorKind.SIG_POLICY, f"{name} is missing, or is not a text")
    return value


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        value = strict_json.read_json(content, _LIMITS)
    except MalformedMessage as error:
        _refuse(ErrorKind.SIG_STRUCTURE, f"{what}: {error.text}")
    if not isinstance(value, dict):
        _refuse(ErrorKind.SIG_STRUCTURE, f"{what} is not a JSON object")
    return value


def _refuse(kind: ErrorKind, text: str) -> NoReturn:
    raise NotAuthenticated(kind, text)
