"""Makes signed XUA assertions (ITI TF-2 §3.40), right by default, wrong where a test asks for it."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from samples.documents.patients import CLAIRE
from samples.pki.credential import Credential
from samples.saml import SAML, XS, XSI, add, add_attribute, add_code, add_text
from samples.vihf import sign_assertion, wrap_in_security
from samples.xmldsig import RIGHT, Spelling
from security.instants import write_instant
from security.saml import ASSERTION
from security.signature.algorithms import DS
from security.xua import attributes as names
from security.xua.model import Coded
from security.xua.reader import BEARER

__all__ = ["ISSUER", "NURSE", "PASSWORD", "TREATMENT", "build_xua", "wrap_in_security"]

ISSUER: Final = "https://idp.essai.test"
PASSWORD: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 - a class
NURSE: Final = Coded(code="106292003", system="2.16.840.1.113883.6.96", display="Professional nurse")
TREATMENT: Final = Coded(code="TREATMENT", system="2.16.840.1.113883.3.18.7.1", display="Treatment")


def build_xua(
    *,
    signer: Credential,
    now: datetime,
    assertion_id: str | None = None,
    version: str = "2.0",
    issuer: str = ISSUER,
    issuer_format: str | None = None,
    subject: str = "anne.essai@essai.test",
    confirmation: str | None = BEARER,
    confirmed_until: datetime | None = None,
    recipient: str | None = None,
    holder: bytes | None = None,
    issue_instant: datetime | None = None,
    not_before: datetime | None = None,
    not_on_or_after: datetime | None = None,
    audience: Sequence[Sequence[str]] = (),
    conditions: Sequence[str] = (),
    authn_instant: datetime | None = None,
    authn_context: str = PASSWORD,
    roles: Sequence[Coded] = (NURSE,),
    purpose: Coded | None = TREATMENT,
    patient: str | None = CLAIRE.cx,
    signed: bool = True,
    spelling: Spelling = RIGHT,
    before_signing: Callable[[etree._Element], None] | None = None,
) -> etree._Element:
    """Build a `saml2:Assertion`, signed with the key of `signer`.

    It lives five minutes around `now`. `confirmation` is the method of SubjectConfirmation, None leaves it out;
    `holder` the DER certificate of its KeyInfo. `audience` are restrictions, each a list of alternatives; `conditions`
    names other conditions to add. `before_signing` changes the assertion in any other way.
    """
    issued = issue_instant or now
    root = etree.Element(ASSERTION, nsmap={"saml2": SAML, "xs": XS, "xsi": XSI})
    root.set("ID", assertion_id or f"_{uuid.uuid4().hex}")
    root.set("IssueInstant", write_instant(issued))
    root.set("Version", version)
    named = add(root, "Issuer", issuer)
    if issuer_format is not None:
        named.set("Format", issuer_format)
    _add_subject(root, subject, confirmation, confirmed_until or issued + timedelta(minutes=5), recipient, holder)
    bounds = add(root, "Conditions")
    bounds.set("NotBefore", write_instant(not_before or issued - timedelta(seconds=5)))
    bounds.set("NotOnOrAfter", write_instant(not_on_or_after or issued + timedelta(minutes=5)))
    for alternatives in audience:
        restriction = add(bounds, "AudienceRestriction")
        for each in alternatives:
            add(restriction, "Audience", each)
    for name in conditions:
        add(bounds, name)
    statement = add(root, "AuthnStatement")
    statement.set("AuthnInstant", write_instant(authn_instant or issued - timedelta(minutes=1)))
    add(add(statement, "AuthnContext"), "AuthnContextClassRef", authn_context)
    _add_attributes(root, roles, purpose, patient)
    if before_signing is not None:
        before_signing(root)
    if signed:
        sign_assertion(root, signer, spelling)
    return root


def _add_subject(
    root: etree._Element,
    name: str,
    method: str | None,
    until: datetime,
    recipient: str | None,
    holder: bytes | None,
) -> None:
    subject = add(root, "Subject")
    add(subject, "NameID", name)
    if method is None:
        return
    confirmation = add(subject, "SubjectConfirmation")
    confirmation.set("Method", method)
    data = add(confirmation, "SubjectConfirmationData")
    data.set("NotOnOrAfter", write_instant(until))
    if recipient is not None:
        data.set("Recipient", recipient)
    if holder is not None:
        key_info = etree.SubElement(data, f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
        certificate = etree.SubElement(etree.SubElement(key_info, f"{{{DS}}}X509Data"), f"{{{DS}}}X509Certificate")
        certificate.text = base64.b64encode(holder).decode("ascii")


def _add_attributes(root: etree._Element, roles: Sequence[Coded], purpose: Coded | None, patient: str | None) -> None:
    statement = add(root, "AttributeStatement")
    texts = {
        names.SUBJECT_NAME: "Anne Essai",
        names.ORGANIZATION: "Hôpital d'essai",
        names.ORGANIZATION_ID: "urn:oid:1.2.250.1.213.99.2.7",
        names.HOME_COMMUNITY: "urn:oid:1.2.250.1.213.99.2.8",
        names.PATIENT: patient,
        "urn:example:unknown": "ignored",
    }
    for name, text in texts.items():
        if text is not None:
            add_text(statement, name, text)
    if roles:
        codes = add_attribute(statement, names.ROLE)
        for role in roles:
            add_code(codes, "Role", role)
    if purpose is not None:
        add_code(add_attribute(statement, names.PURPOSE), "PurposeOfUse", purpose)
