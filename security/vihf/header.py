"""Where an assertion may stand in a message (WS-Security SAML Token Profile 1.1 §3, SAML core §5.4)."""

from __future__ import annotations

from lxml import etree

from security.errors import ErrorKind
from security.signature.structure import SIGNATURE, refuse_comments, require_unique_id
from security.vihf.policy import VihfCode, refuse

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
ASSERTION = f"{{{SAML}}}Assertion"
SECURITY = f"{{{WSSE}}}Security"
# Toolkits add it; nothing signs it here, so it says nothing.
_TIMESTAMP = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Timestamp"
_ELSEWHERE = (ASSERTION, f"{{{SAML}}}EncryptedAssertion", SECURITY)


def find_assertion(security: etree._Element | None) -> etree._Element:
    """Return the one assertion of the security header, after checking that the message holds no other.

    Raises NotAuthenticated: SBX_VIHF_MISSING.
    """
    if security is None or security.tag != SECURITY:
        refuse(VihfCode.MISSING, "the message has no wsse:Security header")
    children = list(security)
    assertions = [child for child in children if child.tag == ASSERTION]
    if len(assertions) != 1 or any(child.tag not in (ASSERTION, _TIMESTAMP) for child in children):
        refuse(
            VihfCode.MISSING,
            f"wsse:Security holds {len(assertions)} assertions among {len(children)} elements, expected one assertion",
        )
    message = security.getroottree().getroot()
    if sum(1 for _ in message.iter(*_ELSEWHERE)) != 2:
        refuse(VihfCode.MISSING, "the message holds another assertion or another security header")
    return assertions[0]


def find_signature(assertion: etree._Element) -> etree._Element | None:
    """Return the signature of the assertion, None when it has none.

    It stands right after Issuer, it is the only one, and the identifier it signs is the only one of that value in the
    message. Raises NotAuthenticated: SBX_VIHF_SIGNATURE, SBX_VIHF_MALFORMED.
    """
    refuse_comments(assertion)
    identifier = assertion.get("ID") or ""
    if not identifier or len(identifier) > 128:
        refuse(VihfCode.MALFORMED, "the assertion has no ID, or one longer than 128 characters")
    require_unique_id(assertion.getroottree().getroot(), identifier)
    found = list(assertion.iter(SIGNATURE))
    if not found:
        return None
    if len(found) != 1 or len(assertion) < 2 or assertion[1] is not found[0]:
        refuse(
            VihfCode.SIGNATURE,
            "the signature of an assertion is the element after Issuer, and the only one",
            ErrorKind.SIG_STRUCTURE,
        )
    return found[0]
