"""A verified SAML assertion, read into a Xua and its bounds (SAML core §2.3 to §2.7; ITI TF-2 §3.40.4.1.2)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from security.instants import read_instant
from security.pki.certificate import HolderCertificate
from security.saml import SAML
from security.signature.algorithms import DS
from security.signature.structure import SIGNATURE
from security.xua import attributes as names
from security.xua.attributes import Attributes
from security.xua.model import Xua
from security.xua.policy import XuaCode, refuse

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
HOLDER_OF_KEY = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
_LONGEST = 1024


def _saml(name: str) -> str:
    return f"{{{SAML}}}{name}"


_RANKS = {"Issuer": 0, "Subject": 1, "Conditions": 2, "Advice": 3, "AuthnStatement": 4, "AttributeStatement": 4}
"""Children of an assertion: what has one rank comes in any order (SAML core §2.3.3)."""
_RESTRICTING = (_saml("AudienceRestriction"), _saml("OneTimeUse"), _saml("ProxyRestriction"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One SubjectConfirmation. `certificates` are the DER certificates of its KeyInfo."""

    method: str
    not_before: datetime | None
    not_on_or_after: datetime | None
    recipient: str | None
    certificates: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits that an assertion sets on itself. `audiences` are ANDed sets of alternatives (SAML core §2.5.1.4)."""

    not_before: datetime | None
    not_on_or_after: datetime | None
    session_end: datetime | None
    audiences: tuple[frozenset[str], ...]
    one_time_use: bool
    confirmations: tuple[Confirmation, ...]
    issuer_format: str | None


def read_xua(assertion: etree._Element, signer: HolderCertificate, max_age: timedelta) -> tuple[Xua, Bounds]:
    """Read a verified assertion. What is read is well formed; whether it may be is for the rules.

    Raises NotAuthenticated: InvalidSecurityToken.
    """
    if assertion.get("Version") != "2.0":
        refuse(XuaCode.INVALID_TOKEN, "the Version of the assertion is not 2.0")
    parts = _parts(assertion)
    issue_instant = _instant(assertion, "IssueInstant")
    authn = parts["AuthnStatement"]
    bounds = _bounds(parts, _optional_instant(authn, "SessionNotOnOrAfter"))
    statement = Attributes(parts.get("AttributeStatement"))
    purposes = statement.codes(names.PURPOSE, "PurposeOfUse")
    if len(purposes) > 1:
        refuse(XuaCode.INVALID_TOKEN, "the assertion has more than one purpose of use")
    name_id = parts["Subject"][0]
    ends = [bounds.not_on_or_after or issue_instant + max_age]
    xua = Xua(
        assertion_id=assertion.get("ID") or "",
        issuer=_text(parts["Issuer"], "Issuer"),
        subject=_text(name_id, "NameID"),
        subject_format=name_id.get("Format"),
        subject_name=statement.text(names.SUBJECT_NAME),
        organization=statement.text(names.ORGANIZATION),
        organization_id=statement.text(names.ORGANIZATION_ID),
        roles=statement.codes(names.ROLE, "Role"),
        purpose=purposes[0] if purposes else None,
        patient=statement.text(names.PATIENT),
        home_community_id=statement.text(names.HOME_COMMUNITY),
        npi=statement.text(names.NPI),
        authn_context=_context(authn),
        issue_instant=issue_instant,
        authn_instant=_instant(authn, "AuthnInstant"),
        expires=min([*ends, *([bounds.session_end] if bounds.session_end else [])]),
        signer=signer,
    )
    return xua, bounds


def _parts(assertion: etree._Element) -> dict[str, etree._Element]:
    """The children by name: each at most once, in the order of the schema."""
    parts: dict[str, etree._Element] = {}
    last = 0
    for child in assertion:
        if child.tag == SIGNATURE:
            continue
        name = etree.QName(child).localname
        rank = _RANKS.get(name, -1) if child.tag == _saml(name) else -1
        if rank < last or name in parts:
            refuse(XuaCode.INVALID_TOKEN, f"an assertion is {', '.join(_RANKS)}, each once, in the order of the schema")
        parts[name], last = child, rank
    for name in ("Issuer", "Subject"):
        if name not in parts:
            refuse(XuaCode.INVALID_TOKEN, f"the assertion has no {name}")
    if "AuthnStatement" not in parts:
        refuse(XuaCode.FAILED_AUTHENTICATION, "the assertion has no AuthnStatement")
    if not len(parts["Subject"]) or parts["Subject"][0].tag != _saml("NameID"):
        refuse(XuaCode.INVALID_TOKEN, "Subject does not begin with NameID")
    return parts


def _bounds(parts: dict[str, etree._Element], session_end: datetime | None) -> Bounds:
    conditions = parts.get("Conditions")
    audiences: list[frozenset[str]] = []
    one_time_use = False
    for condition in () if conditions is None else conditions:
        if condition.tag not in _RESTRICTING:
            refuse(XuaCode.INVALID_TOKEN, "Conditions holds a condition that this service does not know")
        if condition.tag == _saml("AudienceRestriction"):
            if not len(condition) or any(audience.tag != _saml("Audience") for audience in condition):
                refuse(XuaCode.INVALID_TOKEN, "AudienceRestriction is one Audience or more")
            audiences.append(frozenset((audience.text or "").strip() for audience in condition))
        one_time_use = one_time_use or condition.tag == _saml("OneTimeUse")
    return Bounds(
        not_before=None if conditions is None else _optional_instant(conditions, "NotBefore"),
        not_on_or_after=None if conditions is None else _optional_instant(conditions, "NotOnOrAfter"),
        session_end=session_end,
        audiences=tuple(audiences),
        one_time_use=one_time_use,
        confirmations=tuple(_confirmations(parts["Subject"])),
        issuer_format=parts["Issuer"].get("Format"),
    )


def _confirmations(subject: etree._Element) -> list[Confirmation]:
    found = []
    for child in list(subject)[1:]:
        if child.tag != _saml("SubjectConfirmation"):
            refuse(XuaCode.INVALID_TOKEN, "Subject holds something else than NameID and SubjectConfirmation")
        data = child.findall(_saml("SubjectConfirmationData"))
        if len(data) > 1:
            refuse(XuaCode.INVALID_TOKEN, "a SubjectConfirmation has two SubjectConfirmationData")
        one = data[0] if data else None
        found.append(
            Confirmation(
                method=child.get("Method") or "",
                not_before=None if one is None else _optional_instant(one, "NotBefore"),
                not_on_or_after=None if one is None else _optional_instant(one, "NotOnOrAfter"),
                recipient=None if one is None else one.get("Recipient"),
                certificates=() if one is None else tuple(_certificates(one)),
            )
        )
    return found


def _certificates(data: etree._Element) -> list[bytes]:
    path = f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate"
    try:
        return [base64.b64decode("".join((one.text or "").split()), validate=True) for one in data.findall(path)]
    except (binascii.Error, ValueError):
        refuse(XuaCode.INVALID_TOKEN, "a certificate of a SubjectConfirmation is not base64")


def _context(statement: etree._Element) -> str:
    contexts = statement.findall(_saml("AuthnContext"))
    classes = contexts[0].findall(_saml("AuthnContextClassRef")) if len(contexts) == 1 else []
    if len(classes) != 1:
        refuse(XuaCode.FAILED_AUTHENTICATION, "AuthnStatement holds one AuthnContext with one AuthnContextClassRef")
    return _text(classes[0], "AuthnContextClassRef")


def _text(element: etree._Element, name: str) -> str:
    text = (element.text or "").strip()
    if not text or len(element) or len(text) > _LONGEST or not text.isprintable():
        refuse(XuaCode.INVALID_TOKEN, f"{name} is empty, longer than {_LONGEST}, or holds control characters")
    return text


def _optional_instant(element: etree._Element, name: str) -> datetime | None:
    return _instant(element, name) if name in element.attrib else None


def _instant(element: etree._Element, name: str) -> datetime:
    instant = read_instant(element.get(name) or "")
    if instant is None:
        refuse(XuaCode.INVALID_TOKEN, f"{name} is not a date and time with its zone")
    return instant
