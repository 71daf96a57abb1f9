"""The claims of a token, one for one those of a VIHF (CI-SIS VIHF; names after IHE IUA and RFC 7519).

What IUA has a claim for stands in `extensions.ihe_iua`, the rest in `extensions.fr_vihf`: the names are ours, no
published text has any.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NoReturn

from security.errors import ErrorKind
from security.vihf import attributes as names
from security.vihf.content import Bounds, Frame
from security.vihf.model import Role
from security.vihf.policy import VihfCode, refuse

CLAIMS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType({
    names.VERSION: ("fr_vihf", "vihf_version"),
    names.MODE: ("fr_vihf", "authentification_mode"),
    names.STRUCTURE: ("ihe_iua", "subject_organization_id"),
    names.SECTOR: ("fr_vihf", "secteur_activite"),
    names.SUBJECT: ("ihe_iua", "subject_name"),
    names.ROLE: ("ihe_iua", "subject_role"),
    names.PATIENT: ("ihe_iua", "person_id"),
    names.RESOURCE: ("fr_vihf", "ressource_urn"),
    names.PURPOSE: ("ihe_iua", "purpose_of_use"),
    names.REASON: ("fr_vihf", "mode_acces_raison"),
    names.CONFIDENTIALITY: ("fr_vihf", "confidentiality_code"),
    names.LPS_ID: ("fr_vihf", "lps_id"),
    names.LPS_NAME: ("fr_vihf", "lps_nom"),
    names.LPS_VERSION: ("fr_vihf", "lps_version"),
    names.HOMOLOGATION: ("fr_vihf", "lps_id_homologation_dmp"),
})  # fmt: skip
"""Where each attribute of a VIHF stands, inside `extensions`."""
_LISTS = frozenset({names.STRUCTURE})
"""Texts that IUA has in a list, of one here."""
_OID = "urn:oid:"
_LONGEST = 500
_LONGEST_ID = 128
_LAST = 253_402_300_799  # 9999-12-31T23:59:59Z


class Claims:
    """The statement of a token: values by the names of the SAML attributes. Unknown claims are ignored."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        """Raises NotAuthenticated: SBX_VIHF_MALFORMED, `extensions` are not objects."""
        self.warnings: list[str] = []
        extensions = _object(claims.get("extensions"), "extensions")
        self._said = {name: _object(extensions.get(name), f"extensions.{name}") for name in ("ihe_iua", "fr_vihf")}

    def text(self, name: str) -> str:
        """Return the value of a mandatory claim. Raises NotAuthenticated: SBX_VIHF_MALFORMED."""
        value = self.optional_text(name)
        if value is None:
            _malformed(f"claim {_path(name)} is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return the value of a claim, None when it is absent or empty."""
        value = self._value(name)
        if name in _LISTS and value is not None:
            if not isinstance(value, list) or len(value) != 1:
                _malformed(f"claim {_path(name)} is not a list of one text")
            value = value[0]
        if value is None:
            return None
        return _text(value, _path(name), _LONGEST) or None

    def codes(self, name: str, element: str, most: int) -> tuple[Role, ...]:
        """Return the coded values of a mandatory claim, 1 to `most`."""
        values = self._value(name)
        if not isinstance(values, list) or not 1 <= len(values) <= most:
            _malformed(f"claim {_path(name)} is not a list of 1 to {most} codes")
        return tuple(_code(_object(value, _path(name)), _path(name)) for value in values)

    def _value(self, name: str) -> Any:
        group, claim = CLAIMS[name]
        return self._said[group].get(claim)


def read_frame(claims: Mapping[str, Any]) -> Frame:
    """Who issued the token, about whom, when, for whom. Raises NotAuthenticated: SBX_VIHF_MALFORMED, SBX_VIHF_TIME."""
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience
    if not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
        _malformed("aud is neither a text nor a list of texts")
    bounds = Bounds(
        not_before=_instant(claims, "nbf") if "nbf" in claims else None,
        not_on_or_after=_instant(claims, "exp"),
        session_end=None,
        audiences=(frozenset(listed),),
        is_addressed=True,
    )
    return Frame(
        assertion_id=_required(claims, "jti", _LONGEST_ID),
        issuer=_required(claims, "iss", _LONGEST),
        name_id=_required(claims, "sub", _LONGEST_ID),
        authn_context=_required(claims, "acr", _LONGEST),
        issue_instant=_instant(claims, "iat"),
        authn_instant=_instant(claims, "auth_time"),
        bounds=bounds,
    )


def confirmed_thumbprint(claims: Mapping[str, Any]) -> str:
    """The certificate that the token is bound to (RFC 8705 §3.1). Raises NotAuthenticated: SBX_VIHF_MALFORMED."""
    confirmation = _object(claims.get("cnf"), "cnf")
    if set(confirmation) != {"x5t#S256"}:
        _malformed("cnf has not x5t#S256, or something else beside it")
    return _text(confirmation["x5t#S256"], "cnf.x5t#S256", _LONGEST_ID)


def _code(value: Mapping[str, Any], path: str) -> Role:
    code, system = value.get("code"), value.get("system")
    if not code or not isinstance(system, str) or not system.startswith(_OID):
        _malformed(f"a value of {path} has no code, or its system is not {_OID} and an OID")
    return Role(
        code=_text(code, path, _LONGEST),
        system=_text(system.removeprefix(_OID), path, _LONGEST),
        display=_text(value.get("display", ""), path, _LONGEST),
    )


def _required(claims: Mapping[str, Any], name: str, longest: int) -> str:
    text = _text(claims.get(name, ""), name, longest)
    if not text:
        _malformed(f"claim {name} is missing")
    return text


def _text(value: Any, path: str, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest or not all(one.isprintable() for one in value):
        _malformed(f"claim {path} is not a text of {longest} characters at most, without control characters")
    return value


def _object(value: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        _malformed(f"claim {path} is missing, or is not an object")
    return value


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if type(value) is not int or not 0 <= value <= _LAST:
        refuse(VihfCode.TIME, f"claim {name} is not a number of seconds", ErrorKind.ASSERTION_TIME)
    return datetime.fromtimestamp(value, UTC)


def _path(name: str) -> str:
    return ".".join(("extensions", *CLAIMS[name]))


def _malformed(text: str) -> NoReturn:
    refuse(VihfCode.MALFORMED, text)
