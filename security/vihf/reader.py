"""A verified SAML assertion, taken apart (SAML core §2.3.3, CI-SIS Transport synchrone, VIHF)."""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from security.errors import ErrorKind
from security.instants import read_instant
from security.pki.certificate import HolderCertificate
from security.signature.structure import SIGNATURE
from security.vihf.attributes import Attributes
from security.vihf.content import Bounds, Frame, read_content
from security.vihf.header import SAML
from security.vihf.model import Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse

SUBJECT_NAME_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
_ISSUER, _SUBJECT, _CONDITIONS = f"{{{SAML}}}Issuer", f"{{{SAML}}}Subject", f"{{{SAML}}}Conditions"
_AUTHN, _ATTRIBUTES = f"{{{SAML}}}AuthnStatement", f"{{{SAML}}}AttributeStatement"
_NAME_ID, _CONTEXT = f"{{{SAML}}}NameID", f"{{{SAML}}}AuthnContext"
_CLASS = f"{{{SAML}}}AuthnContextClassRef"


def read_vihf(assertion: etree._Element, signer: HolderCertificate, policy: VihfPolicy) -> tuple[Vihf, Bounds]:
    """Read a verified assertion. What is read is well formed; whether it may be is for the rules.

    Raises NotAuthenticated: SBX_VIHF_MALFORMED, SBX_VIHF_RESOURCE, SBX_VIHF_HOMOLOGATION, SBX_VIHF_TIME.
    """
    parts = _read_parts(assertion)
    statement = Attributes(parts[_ATTRIBUTES])
    issuer = parts[_ISSUER]
    if issuer.get("Format") != SUBJECT_NAME_FORMAT or not issuer.text:
        refuse(VihfCode.MALFORMED, f"Issuer is empty, or its Format is not {SUBJECT_NAME_FORMAT}")
    context, authn_instant, session_end = _read_authentication(parts[_AUTHN])
    issue_instant = _instant(assertion, "IssueInstant")
    frame = Frame(
        assertion_id=assertion.get("ID") or "",
        issuer=issuer.text,
        name_id=_read_name_id(parts[_SUBJECT]),
        authn_context=context,
        issue_instant=issue_instant,
        authn_instant=authn_instant,
        bounds=_read_conditions(parts.get(_CONDITIONS), session_end),
    )
    return read_content(statement, frame, signer, policy), frame.bounds


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
    return subject[0].text or ""


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


def _instant(element: etree._Element, name: str) -> datetime:
    instant = read_instant(element.get(name) or "")
    if instant is None:
        refuse(VihfCode.TIME, f"{name} is not a date and time with its zone", ErrorKind.ASSERTION_TIME)
    return instant
