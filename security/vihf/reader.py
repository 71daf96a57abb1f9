"""A verified SAML assertion, read into a Vihf (SAML core §2.3.3, CI-SIS Transport synchrone, VIHF)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from security.errors import ErrorKind
from security.instants import read_instant
from security.pki.certificate import HolderCertificate
from security.pki.identifiers import is_structure
from security.signature.structure import SIGNATURE
from security.vihf import attributes as names
from security.vihf.attributes import Attributes
from security.vihf.header import SAML
from security.vihf.model import AuthenticationMode, Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse

SUBJECT_NAME_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
GUARDIANS_BLIND = "INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13"
RESOURCE = "urn:dmp"
_ISSUER, _SUBJECT, _CONDITIONS = f"{{{SAML}}}Issuer", f"{{{SAML}}}Subject", f"{{{SAML}}}Conditions"
_AUTHN, _ATTRIBUTES = f"{{{SAML}}}AuthnStatement", f"{{{SAML}}}AttributeStatement"
_NAME_ID, _CONTEXT = f"{{{SAML}}}NameID", f"{{{SAML}}}AuthnContext"
_CLASS = f"{{{SAML}}}AuthnContextClassRef"
_SECTOR = re.compile(r"SA[0-9]{2}\^1\.2\.250\.1\.71\.4\.2\.4")
_PATIENT = re.compile(r"[0-9A-Z]{13,22}\^\^\^&[0-9]+(\.[0-9]+)+&ISO\^NH")
_VERSIONS = ("3.0", "4.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The times that an assertion sets on itself, UTC. `audiences` are ANDed sets of alternatives."""

    not_before: datetime | None
    not_on_or_after: datetime | None
    session_end: datetime | None
    audiences: tuple[frozenset[str], ...]


def read_vihf(assertion: etree._Element, signer: HolderCertificate, policy: VihfPolicy) -> tuple[Vihf, Bounds]:
    """Read a verified assertion. What is read is well formed; whether it may be is for the rules.

    `expires` counts the maximum age of the door where the assertion sets no end.
    Raises NotAuthenticated: SBX_VIHF_MALFORMED, SBX_VIHF_RESOURCE, SBX_VIHF_HOMOLOGATION, SBX_VIHF_TIME.
    """
    parts = _read_parts(assertion)
    statement = Attributes(parts[_ATTRIBUTES])
    issuer = parts[_ISSUER]
    if issuer.get("Format") != SUBJECT_NAME_FORMAT or not issuer.text:
        refuse(VihfCode.MALFORMED, f"Issuer is empty, or its Format is not {SUBJECT_NAME_FORMAT}")
    context, authn_instant, session_end = _read_authentication(parts[_AUTHN])
    issue_instant = _instant(assertion, "IssueInstant")
    bounds = _read_conditions(parts.get(_CONDITIONS), session_end)
    ends = [end for end in (bounds.not_on_or_after, bounds.session_end) if end is not None]
    if bounds.not_on_or_after is None:
        ends.append(issue_instant + policy.max_age)
    vihf = Vihf(
        assertion_id=assertion.get("ID") or "",
        issuer=issuer.text,
        mode=read_mode(statement),
        version=_read_version(statement),
        structure_id=_read_structure(statement),
        sector=_matching(statement.text(names.SECTOR), _SECTOR, names.SECTOR),
        name_id=_read_name_id(parts[_SUBJECT]),
        subject_name=statement.optional_text(names.SUBJECT),
        roles=statement.codes(names.ROLE, "Role", 2),
        patient=_read_patient(statement),
        purpose=statement.codes(names.PURPOSE, "PurposeOfUse", 1)[0].code,
        reason=statement.optional_text(names.REASON),
        confidentiality=_read_confidentiality(statement),
        lps_name=statement.text(names.LPS_NAME),
        lps_version=statement.text(names.LPS_VERSION),
        lps_id=statement.optional_text(names.LPS_ID),
        homologation=_read_homologation(statement),
        authn_context=context,
        issue_instant=issue_instant,
        authn_instant=authn_instant,
        expires=min(ends),
        signer=signer,
        warnings=(*statement.warnings, *_purpose_warnings(statement)),
    )
    if statement.text(names.RESOURCE) != RESOURCE:
        refuse(VihfCode.RESOURCE, f"{names.RESOURCE} is not {RESOURCE}")
    return vihf, bounds


def read_mode(statement: Attributes) -> AuthenticationMode:
    """Read the authentication mode. Raises NotAuthenticated: SBX_VIHF_MALFORMED."""
    text = statement.text(names.MODE)
    if text not in AuthenticationMode.__members__:
        refuse(VihfCode.MALFORMED, f"{names.MODE} is not one of {', '.join(AuthenticationMode)}")
    return AuthenticationMode(text)


def _read_parts(assertion: etree._Element) -> dict[str, etree._Element]:
    if assertion.get("Version") != "2.0":
        refuse(VihfCode.MALFORMED, "the Version of the assertion is not 2.0")
    found = [child.tag for child in assertion if child.tag != SIGNATURE]
    conditions = [_CONDITIONS] if _CONDITIONS in found else []
    if found != [_ISSUER, _SUBJECT, *conditions, _AUTHN, _ATTRIBUTES]:
        refuse(
            VihfCode.MALFORMED,
            "an assertion is Issuer, Signature, Subject, Conditions (optional), AuthnStatement, AttributeStatement",
        )
    return {str(child.tag): child for child in assertion}


def _read_name_id(subject: etree._Element) -> str:
    if [child.tag for child in subject] != [_NAME_ID] or len(subject[0]):
        refuse(VihfCode.MALFORMED, "Subject is one NameID")
    text = subject[0].text or ""
    if not text or len(text) > 128 or any(not character.isprintable() for character in text):
        refuse(VihfCode.MALFORMED, "NameID is empty, longer than 128, or holds control characters")
    return text


def _read_authentication(statement: etree._Element) -> tuple[str, datetime, datetime | None]:
    contexts = statement.findall(_CONTEXT)
    classes = contexts[0].findall(_CLASS) if len(contexts) == 1 else []
    if len(classes) != 1 or not classes[0].text or len(classes[0]):
        refuse(VihfCode.MALFORMED, "AuthnStatement holds one AuthnContext with one AuthnContextClassRef")
    end = _instant(statement, "SessionNotOnOrAfter") if "SessionNotOnOrAfter" in statement.attrib else None
    return classes[0].text, _instant(statement, "AuthnInstant"), end


def _read_conditions(conditions: etree._Element | None, session_end: datetime | None) -> Bounds:
    start = end = None
    audiences: list[frozenset[str]] = []
    if conditions is not None:
        start = _instant(conditions, "NotBefore") if "NotBefore" in conditions.attrib else None
        end = _instant(conditions, "NotOnOrAfter") if "NotOnOrAfter" in conditions.attrib else None
        for condition in conditions:
            if condition.tag != f"{{{SAML}}}AudienceRestriction":
                refuse(VihfCode.MALFORMED, "Conditions holds a condition that this service does not know")
            audiences.append(frozenset(audience.text or "" for audience in condition))
    return Bounds(not_before=start, not_on_or_after=end, session_end=session_end, audiences=tuple(audiences))


def _read_version(statement: Attributes) -> str:
    version = statement.text(names.VERSION)
    if version not in _VERSIONS:
        refuse(VihfCode.MALFORMED, f"{names.VERSION} is not one of {', '.join(_VERSIONS)}")
    return version


def _read_structure(statement: Attributes) -> str:
    structure = statement.text(names.STRUCTURE)
    if not is_structure(structure):
        refuse(VihfCode.MALFORMED, f"{names.STRUCTURE} is not a national structure identifier")
    return structure


def _read_patient(statement: Attributes) -> str | None:
    patient = statement.optional_text(names.PATIENT)
    return None if patient is None else _matching(patient, _PATIENT, names.PATIENT)


def _read_confidentiality(statement: Attributes) -> str | None:
    code = statement.optional_text(names.CONFIDENTIALITY)
    if code not in (None, GUARDIANS_BLIND):
        refuse(VihfCode.MALFORMED, f"{names.CONFIDENTIALITY} is not {GUARDIANS_BLIND}")
    return code


def _read_homologation(statement: Attributes) -> str:
    number = statement.optional_text(names.HOMOLOGATION)
    if number is None:
        refuse(VihfCode.HOMOLOGATION, f"{names.HOMOLOGATION} is missing")
    return number


_PURPOSE_SYSTEMS = ("1.2.250.1.213.1.1.4.248", "1.2.250.1.213.1.1.4.336")


def _purpose_warnings(statement: Attributes) -> tuple[str, ...]:
    if statement.codes(names.PURPOSE, "PurposeOfUse", 1)[0].system in _PURPOSE_SYSTEMS:
        return ()
    return (f"the codeSystem of the purpose is neither {' nor '.join(_PURPOSE_SYSTEMS)}",)


def _matching(text: str, pattern: re.Pattern[str], name: str) -> str:
    if not pattern.fullmatch(text):
        refuse(VihfCode.MALFORMED, f"attribute {name} has not the expected form")
    return text


def _instant(element: etree._Element, name: str) -> datetime:
    instant = read_instant(element.get(name) or "")
    if instant is None:
        refuse(VihfCode.TIME, f"{name} is not a date and time with its zone", ErrorKind.ASSERTION_TIME)
    return instant
