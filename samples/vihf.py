"""Makes signed VIHF assertions (CI-SIS Transport synchrone), right by default, wrong where a test asks for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from samples.documents.patients import CLAIRE
from samples.pki.credential import Credential
from samples.saml import SAML, XS, XSI, add, add_attribute, add_code, add_text
from samples.xmldsig import RIGHT, Signed, Spelling, load_seal, write_signature
from security.instants import write_instant
from security.pki.certificate import CertificateKind, HolderCertificate, read_certificate
from security.signature.algorithms import ENVELOPED, EXCLUSIVE
from security.signature.canonical import canonicalise
from security.vihf import attributes as names
from security.vihf.content import RESOURCE
from security.vihf.header import ASSERTION, SECURITY, WSSE
from security.vihf.model import AuthenticationMode, Role
from security.vihf.reader import SUBJECT_NAME_FORMAT
from security.vihf.roles import OTHERS, PROFESSION, SECTION, SPECIALTY
from security.vihf.rules import SMARTCARD

PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"  # noqa: S105 - a class of authentication, not a secret
SECTORS = "1.2.250.1.71.4.2.4"
PURPOSES = "1.2.250.1.213.1.1.4.248"
_SPELLED = {NameOID.SURNAME: "SN", NameOID.GIVEN_NAME: "GN", NameOID.TITLE: "title", NameOID.PSEUDONYM: "pseudonym"}


def build_vihf(
    *,
    signer: Credential,
    now: datetime,
    mode: AuthenticationMode | None = None,
    structure_id: str | None = None,
    sector: str | None = None,
    name_id: str | None = None,
    subject_name: str | None = None,
    roles: Sequence[Role] | None = None,
    patient: str | None = CLAIRE.cx,
    purpose: str = "normal",
    purpose_system: str = PURPOSES,
    reason: str | None = None,
    confidentiality: str | None = None,
    authn_context: str | None = None,
    issue_instant: datetime | None = None,
    authn_instant: datetime | None = None,
    not_before: datetime | None = None,
    not_on_or_after: datetime | None = None,
    audience: Sequence[str] = (),
    assertion_id: str | None = None,
    issuer: str | None = None,
    attributes: Mapping[str, str | None] | None = None,
    repeated: Sequence[tuple[str, str]] = (),
    signed: bool = True,
    spelling: Spelling = RIGHT,
) -> etree._Element:
    """Build a `saml2:Assertion`, signed with the key of `signer`.

    What is left out follows from the certificate: an organisation speaks in mode INDIRECTE for itself, its sample user
    being Anne ESSAI; a card in mode DIRECTE for its holder, at his first activity. `attributes` replaces attributes of
    text by name, None removes one; `repeated` adds more of them.
    """
    holder = read_certificate(load_seal(signer).leaf.public_bytes(Encoding.DER))
    organisation = holder.kind is CertificateKind.ORG_SIGN or holder.kind is CertificateKind.ORG_AUTH_CLI
    mode = mode or (AuthenticationMode.INDIRECTE if organisation else AuthenticationMode.DIRECTE)
    structure = structure_id or signer.structure_id or ""
    issued = issue_instant or now
    root = etree.Element(ASSERTION, nsmap={"saml2": SAML, "xs": XS, "xsi": XSI})
    root.set("ID", assertion_id or f"_{uuid.uuid4().hex}")
    root.set("IssueInstant", write_instant(issued))
    root.set("Version", "2.0")
    named = add(root, "Issuer", issuer or spell_name(load_seal(signer).leaf.subject))
    named.set("Format", SUBJECT_NAME_FORMAT)
    add(add(root, "Subject"), "NameID", name_id or (f"{structure}/0001" if organisation else holder.national_id))
    _add_conditions(root, not_before, not_on_or_after, audience)
    statement = add(root, "AuthnStatement")
    statement.set("AuthnInstant", write_instant(authn_instant or issued - timedelta(minutes=5)))
    indirect = mode is not AuthenticationMode.DIRECTE
    add(add(statement, "AuthnContext"), "AuthnContextClassRef", authn_context or (PASSWORD if indirect else SMARTCARD))
    texts = statement_texts(
        signer,
        mode,
        structure=structure,
        sector=sector,
        subject_name=subject_name,
        patient=patient,
        reason=reason,
        confidentiality=confidentiality,
    )
    texts |= attributes or {}
    _add_attributes(
        root, texts, repeated, roles or roles_of(holder), Role(code=purpose, system=purpose_system, display="")
    )
    if signed:
        sign_assertion(root, signer, spelling)
    return root


def sign_assertion(assertion: etree._Element, signer: Credential, spelling: Spelling = RIGHT) -> None:
    """Insert the signature of `signer` after Issuer. The assertion has none yet."""
    octets = canonicalise(assertion, EXCLUSIVE)
    what = Signed(target=assertion.get("ID") or "", octets=octets, transforms=(ENVELOPED, EXCLUSIVE))
    assertion.insert(1, write_signature(load_seal(signer), [what], spelling=spelling))


def wrap_in_security(*assertions: etree._Element) -> etree._Element:
    """Put assertions in a `wsse:Security` header.

    The message it joins must not declare the namespaces of SAML or of signatures with other prefixes: lxml would
    rename the elements, and the signature would no longer be true.
    """
    security = etree.Element(SECURITY, nsmap={"wsse": WSSE})
    security.extend(assertions)
    return security


def spell_name(name: x509.Name) -> str:
    """Spell a distinguished name as the `Issuer` of a VIHF does (RFC 2253)."""
    return name.rfc4514_string(_SPELLED)


def statement_texts(
    signer: Credential,
    mode: AuthenticationMode,
    *,
    structure: str,
    sector: str | None = None,
    subject_name: str | None = None,
    patient: str | None = CLAIRE.cx,
    reason: str | None = None,
    confidentiality: str | None = None,
) -> dict[str, str | None]:
    """The attributes of text of a VIHF, by name, whatever spells it; None: it is not there."""
    return {
        names.VERSION: "4.0",
        names.MODE: mode,
        names.STRUCTURE: structure,
        names.SECTOR: sector or f"{signer.sector}^{SECTORS}",
        names.SUBJECT: subject_name or f"{signer.family or 'ESSAI'} {signer.given or 'Anne'}",
        names.PATIENT: patient,
        names.RESOURCE: RESOURCE,
        names.REASON: reason,
        names.CONFIDENTIALITY: confidentiality,
        names.LPS_NAME: "Logiciel d'essai",
        names.LPS_VERSION: "1.0",
        names.LPS_ID: "1.2.250.1.259.1.1.123",
        names.HOMOLOGATION: "ECLUSE-TEST",
    }


def roles_of(holder: HolderCertificate) -> tuple[Role, ...]:
    """The roles of a holder: those of his certificate, else those of a secretary."""
    if holder.profession is None:
        return (Role(code="SECRETARIAT_MEDICAL", system=OTHERS, display="Secrétariat médical"),)
    first = Role(code=holder.profession, system=PROFESSION, display="")
    second = [
        *(Role(code=code, system=SPECIALTY, display="") for code in holder.specialties),
        *(Role(code=code, system=SECTION, display="") for code in holder.sections),
    ]
    return (first, *second[:1])


def _add_conditions(
    root: etree._Element, not_before: datetime | None, not_on_or_after: datetime | None, audience: Sequence[str]
) -> None:
    if not_before is None and not_on_or_after is None and not audience:
        return
    conditions = add(root, "Conditions")
    if not_before is not None:
        conditions.set("NotBefore", write_instant(not_before))
    if not_on_or_after is not None:
        conditions.set("NotOnOrAfter", write_instant(not_on_or_after))
    for each in audience:
        add(add(conditions, "AudienceRestriction"), "Audience", each)


def _add_attributes(
    root: etree._Element,
    texts: Mapping[str, str | None],
    repeated: Sequence[tuple[str, str]],
    roles: Sequence[Role],
    purpose: Role,
) -> None:
    statement = add(root, "AttributeStatement")
    for name, text in [*texts.items(), *repeated]:
        if text is not None:
            add_text(statement, name, text)
    codes = add_attribute(statement, names.ROLE)
    for role in roles:
        add_code(codes, "Role", role)
    add_code(add_attribute(statement, names.PURPOSE), "PurposeOfUse", purpose)
