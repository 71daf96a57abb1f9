"""A SAML 2.0 assertion in a message: the one place where it may stand, and its signature (SAML core §5.4).

What every profile of the assertion shares (`security.vihf`, `security.xua`). Refusals carry a kind only: the profile
gives its code with `refusing_as`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import NoReturn, Protocol

from cryptography import x509
from lxml import etree

from security.errors import ErrorKind, NotAuthenticated
from security.pki.certificate import HolderCertificate
from security.signature.algorithms import ENVELOPED, EXCLUSIVE
from security.signature.structure import (
    SIGNATURE,
    SignatureRules,
    read_shape,
    refuse_comments,
    require_unique_id,
)
from security.signature.verification import verify_signature

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
ASSERTION = f"{{{SAML}}}Assertion"
SECURITY = f"{{{WSSE}}}Security"
# Toolkits add it; nothing signs it here, so it says nothing.
_TIMESTAMP = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Timestamp"
_ELSEWHERE = (ASSERTION, f"{{{SAML}}}EncryptedAssertion", SECURITY)


class ReplayStore(Protocol):
    """The identifiers of assertions seen by every worker of the door."""

    def remember(self, issuer: str, assertion_id: str, binding: str, expires: datetime) -> bool:
        """Remember until `expires`. False: this (issuer, identifier) was seen with another binding."""


@contextmanager
def refusing_as(code: str) -> Iterator[None]:
    """Give the code of a profile to refusals of the libraries below, which know only kinds."""
    try:
        yield
    except NotAuthenticated as error:
        if error.code != error.kind:
            raise
        raise NotAuthenticated(error.kind, error.text, code=code) from None


def signature_rules(*, allow_sha1: bool = False) -> SignatureRules:
    """The one shape of an assertion's signature: enveloped, exclusive canonicalisation, one reference."""
    return SignatureRules(
        transforms=frozenset({(ENVELOPED, EXCLUSIVE)}),
        prefix_lists=True,
        objects=False,
        references=1,
        allow_sha1=allow_sha1,
    )


def find_assertion(security: etree._Element | None) -> etree._Element:
    """Return the one assertion of the security header, after checking that the message holds no other.

    Raises NotAuthenticated: ASSERTION_CONTENT.
    Source: WS-Security SAML Token Profile 1.1 §3
    """
    if security is None or security.tag != SECURITY:
        _refuse(ErrorKind.ASSERTION_CONTENT, "the message has no wsse:Security header")
    children = list(security)
    assertions = [child for child in children if child.tag == ASSERTION]
    if len(assertions) != 1 or any(child.tag not in (ASSERTION, _TIMESTAMP) for child in children):
        _refuse(
            ErrorKind.ASSERTION_CONTENT,
            f"wsse:Security holds {len(assertions)} assertions among {len(children)} elements, expected one assertion",
        )
    message = security.getroottree().getroot()
    if sum(1 for _ in message.iter(*_ELSEWHERE)) != 2:
        _refuse(ErrorKind.ASSERTION_CONTENT, "the message holds another assertion or another security header")
    return assertions[0]


def find_signature(assertion: etree._Element) -> etree._Element | None:
    """Return the signature of the assertion, None when it has none.

    It stands right after Issuer, it is the only one, and the identifier it signs is the only one of that value in the
    message. Raises NotAuthenticated: ASSERTION_CONTENT (no usable ID), SIG_STRUCTURE, SIG_REFERENCE.
    """
    refuse_comments(assertion)
    identifier = assertion.get("ID") or ""
    if not identifier or len(identifier) > 128:
        _refuse(ErrorKind.ASSERTION_CONTENT, "the assertion has no ID, or one longer than 128 characters")
    require_unique_id(assertion.getroottree().getroot(), identifier)
    found = list(assertion.iter(SIGNATURE))
    if not found:
        return None
    if len(found) != 1 or len(assertion) < 2 or assertion[1] is not found[0]:
        _refuse(ErrorKind.SIG_STRUCTURE, "the signature of an assertion is the element after Issuer, and the only one")
    return found[0]


def verify_assertion(
    assertion: etree._Element,
    signature: etree._Element,
    octets: bytes,
    rules: SignatureRules,
    accept: Callable[[bytes, tuple[bytes, ...]], HolderCertificate],
) -> tuple[etree._Element, HolderCertificate]:
    """Return the verified assertion, parsed from the octets that were signed, and the holder of the seal.

    `octets` is `assertion` serialised; `accept` judges the certificate, then those sent with it. Whatever follows must
    read what is returned and nothing else. Raises NotAuthenticated: SIG_*, and what `accept` raises.
    """
    shape = read_shape(signature, rules)
    if shape.references[0].target != assertion.get("ID"):
        _refuse(ErrorKind.SIG_REFERENCE, "the signature is not over its own assertion")
    signer = accept(shape.certificates[0], shape.certificates[1:])
    leaf = x509.load_der_x509_certificate(signer.der)
    (believed,) = verify_signature(octets, leaf, references=1, allow_sha1=rules.allow_sha1)
    if believed.tag != ASSERTION or believed.get("ID") != assertion.get("ID"):
        _refuse(ErrorKind.SIG_REFERENCE, "the signature is not over its own assertion")
    return believed, signer


def _refuse(kind: ErrorKind, text: str) -> NoReturn:
    raise NotAuthenticated(kind, text)
