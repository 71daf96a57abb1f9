"""zeep plug-in that puts a signed assertion in the header (OASIS WS-Security SAML Token Profile 1.1; CI-SIS VIHF)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from lxml import etree
from zeep.plugins import Plugin

from samples.client.addressing import SOAP, header_of

WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


class VihfHeader(Plugin):
    """Adds `wsse:Security` with the `saml2:Assertion` that `make` returns, one call a message.

    The assertion is copied as it is: it must be signed with exclusive canonicalisation, which does not depend on the
    envelope around it.
    """

    def __init__(self, make: Callable[[], etree._Element]) -> None:
        self.make = make

    def egress(
        self, envelope: etree._Element, http_headers: dict[str, str], operation: Any, binding_options: Any
    ) -> tuple[etree._Element, dict[str, str]]:
        """Append the security header block."""
        security = etree.SubElement(header_of(envelope), f"{{{WSSE}}}Security", nsmap={"wsse": WSSE})
        security.set(f"{{{SOAP}}}mustUnderstand", "1")
        security.append(copy.deepcopy(self.make()))
        return envelope, http_headers
