"""WS-Addressing headers of a request (WS-Addressing 1.0 SOAP Binding; ITI TF-2 Appendix V.3).

zeep's own plug-in writes neither `mustUnderstand` nor `ReplyTo` and addresses the location of the WSDL: this one
replaces what it wrote.
"""

from __future__ import annotations

import uuid
from typing import Any

from lxml import etree
from zeep.plugins import Plugin

WSA = "http://www.w3.org/2005/08/addressing"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
ANONYMOUS = f"{WSA}/anonymous"


class Addressing(Plugin):
    """zeep plug-in: Action, MessageID, ReplyTo and To of every request.

    `to` is the URL of the service. `action` replaces the one of the operation, to lie about it.
    """

    def __init__(self, to: str, *, action: str | None = None) -> None:
        self.to = to
        self.action = action

    def egress(
        self, envelope: etree._Element, http_headers: dict[str, str], operation: Any, binding_options: Any
    ) -> tuple[etree._Element, dict[str, str]]:
        """Write the header blocks, in the place of those already there."""
        header = header_of(envelope)
        for block in list(header):
            if etree.QName(block).namespace == WSA:
                header.remove(block)
        action = self.action or operation.abstract.wsa_action or operation.soapaction
        _block(header, "Action", action, must_understand=True)
        _block(header, "MessageID", f"urn:uuid:{uuid.uuid4()}")
        reply_to = etree.SubElement(header, f"{{{WSA}}}ReplyTo")
        _block(reply_to, "Address", ANONYMOUS)
        _block(header, "To", self.to, must_understand=True)
        return envelope, http_headers


def header_of(envelope: etree._Element) -> etree._Element:
    """Return the SOAP header of `envelope`, made first in it when there is none."""
    header = envelope.find(f"{{{SOAP}}}Header")
    if header is None:
        header = etree.Element(f"{{{SOAP}}}Header", nsmap={"wsa": WSA})
        envelope.insert(0, header)
    return header


def addressing(envelope: etree._Element, name: str) -> str | None:
    """Return the text of the header block `name` (`Action`, `MessageID`, `RelatesTo`), None when it is missing."""
    return envelope.findtext(f"{{{SOAP}}}Header/{{{WSA}}}{name}")


def _block(parent: etree._Element, name: str, text: str, *, must_understand: bool = False) -> None:
    block = etree.SubElement(parent, f"{{{WSA}}}{name}", nsmap={"wsa": WSA})
    block.text = text
    if must_understand:
        block.set(f"{{{SOAP}}}mustUnderstand", "1")
