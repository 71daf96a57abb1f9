"""Where a VIHF may stand in a message, refused in its own codes (`security.saml` for the rules)."""

from __future__ import annotations

from lxml import etree

from security import saml
from security.errors import ErrorKind, NotAuthenticated
from security.saml import ASSERTION, SAML, SECURITY, WSSE, refusing_as
from security.vihf.policy import VihfCode

__all__ = ["ASSERTION", "SAML", "SECURITY", "WSSE", "find_assertion", "find_signature"]


def find_assertion(security: etree._Element | None) -> etree._Element:
    """Return the one assertion of the security header, after checking that the message holds no other.

    Raises NotAuthenticated: SBX_VIHF_MISSING.
    """
    with refusing_as(VihfCode.MISSING):
        return saml.find_assertion(security)


def find_signature(assertion: etree._Element) -> etree._Element | None:
    """Return the signature of the assertion, None when it has none.

    Raises NotAuthenticated: SBX_VIHF_SIGNATURE, SBX_VIHF_MALFORMED.
    """
    try:
        return saml.find_signature(assertion)
    except NotAuthenticated as error:
        code = VihfCode.MALFORMED if error.kind is ErrorKind.ASSERTION_CONTENT else VihfCode.SIGNATURE
        raise NotAuthenticated(error.kind, error.text, code=code) from None
