"""Makes bearer tokens that say what a VIHF says, right by default, wrong where a test asks for it."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.jwk import RSAKey

from samples.documents.patients import CLAIRE
from samples.pki.credential import Credential
from samples.vihf import PASSWORD, PURPOSES, roles_of, spell_name, statement_texts
from samples.xmldsig import load_seal
from security.pki.certificate import CertificateKind, read_certificate
from security.strict_json import write_json
from security.token.claims import CLAIMS
from security.token.compact import thumbprint
from security.vihf import attributes as names
from security.vihf.content import RESOURCE
from security.vihf.model import AuthenticationMode, Role
from security.vihf.rules import SMARTCARD

_LIFE = timedelta(minutes=10)


class _Registry(jws.JWSRegistry):
    """Headers with certificates in them, and algorithms that no door admits."""

    max_header_length = 64 * 1024


def build_claims(
    *,
    signer: Credential,
    connection: Credential,
    now: datetime,
    mode: AuthenticationMode | None = None,
    structure_id: str | None = None,
    name_id: str | None = None,
    roles: Sequence[Role] | None = None,
    patient: str | None = CLAIRE.cx,
    purpose: str = "normal",
    reason: str | None = None,
    confidentiality: str | None = None,
    authn_context: str | None = None,
    issued: datetime | None = None,
    authenticated: datetime | None = None,
    expires: datetime | None = None,
    audience: str | Sequence[str] = RESOURCE,
    attributes: Mapping[str, str | None] | None = None,
) -> dict[str, Any]:
    """The claims of a token that `signer` signs for the connection of `connection`.

    What is left out follows from the certificate, as in `samples.vihf.build_vihf`; `attributes` replaces texts by the
    name of the attribute, None removes one.
    """
    leaf = load_seal(signer).leaf
    holder = read_certificate(leaf.public_bytes(Encoding.DER))
    organisation = holder.kind in (CertificateKind.ORG_SIGN, CertificateKind.ORG_AUTH_CLI)
    mode = mode or (AuthenticationMode.INDIRECTE if organisation else AuthenticationMode.DIRECTE)
    structure = structure_id or signer.structure_id or ""
    texts = statement_texts(
        signer, mode, structure=structure, patient=patient, reason=reason, confidentiality=confidentiality
    )
    said: dict[str, dict[str, Any]] = {"ihe_iua": {}, "fr_vihf": {}}
    for name, text in {**texts, **(attributes or {})}.items():
        if text is not None:
            group, claim = CLAIMS[name]
            said[group][claim] = [text] if name == names.STRUCTURE else text
    said["ihe_iua"]["subject_role"] = [_coding(role) for role in roles or roles_of(holder)]
    said["ihe_iua"]["purpose_of_use"] = [_coding(Role(code=purpose, system=PURPOSES, display=""))]
    iat = issued or now
    indirect = mode is not AuthenticationMode.DIRECTE
    return {
        "iss": spell_name(leaf.subject),
        "sub": name_id or (f"{structure}/0001" if organisation else holder.national_id),
        "aud": audience if isinstance(audience, str) else list(audience),
        "jti": uuid.uuid4().hex,
        "iat": int(iat.timestamp()),
        "exp": int((expires or iat + _LIFE).timestamp()),
        "auth_time": int((authenticated or iat - timedelta(minutes=5)).timestamp()),
        "acr": authn_context or (PASSWORD if indirect else SMARTCARD),
        "cnf": {"x5t#S256": thumbprint(connection.certificate_der())},
        "extensions": said,
    }


def sign_token(
    claims: Mapping[str, Any] | bytes,
    signer: Credential,
    *,
    algorithm: str = "RS256",
    header: Mapping[str, Any] | None = None,
) -> str:
    """Sign claims as a compact JWS with the chain of `signer`; `header` replaces parameters, None removes one."""
    seal = load_seal(signer)
    chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode("ascii") for one in seal.certificates]
    said = {"alg": algorithm, "typ": "JWT", "x5c": chain, **(header or {})}
    pem = seal.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    payload = claims if isinstance(claims, bytes) else write_json(claims)
    protected = {name: value for name, value in said.items() if value is not None}
    return jws.serialize_compact(protected, payload, RSAKey.import_key(pem), registry=_Registry(algorithms=[algorithm]))


def build_token(*, signer: Credential, connection: Credential, now: datetime, **changes: Any) -> str:
    """A token, signed; `changes` are those of `build_claims`."""
    return sign_token(build_claims(signer=signer, connection=connection, now=now, **changes), signer)


def _coding(role: Role) -> dict[str, str]:
    said = {"system": f"urn:oid:{role.system}", "code": role.code}
    return {**said, "display": role.display} if role.display else said
