from __future__ import annotations

import io

import pytest
from lxml import etree

from gateway.wire import soap
from gateway.wire.addressing import ITI_18, ITI_41, ITI_43, find_transaction
from gateway.wire.faults import FRENCH, EnvelopeRefused
from gateway.wire.mtom import Attachment
from security.errors import ErrorKind, MalformedMessage, NotAuthenticated

SIMPLE = "application/soap+xml; charset=UTF-8"
NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "f": "urn:ecluse:fault:1",
}
SECURITY = (
    '<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"'
    ' s:mustUnderstand="true"><token/></w:Security>'
)


def read(content: bytes, content_type: str = SIMPLE) -> soap.SoapMessage:
    return soap.read(content_type, io.BytesIO(content))


def opened(reply: soap.SoapReply) -> etree._Element:
    body = b"".join(reply.content)
    headers = dict(reply.headers)
    assert headers["Content-Length"] == str(len(body))
    if headers["Content-Type"].startswith("multipart/related"):
        body = body.split(b"\r\n\r\n", 1)[1].split(b"\r\n--ecluse-")[0]
    return etree.fromstring(body)


def subcodes(envelope: etree._Element) -> list[str]:
    return [str(text) for text in envelope.xpath("//s:Subcode/s:Value/text()", namespaces=NS)]


def test_a_simple_message_is_read(messages):
    message = read(messages.envelope(extra=SECURITY))
    assert (message.action, message.message_id, message.to) == (
        messages.action,
        "urn:uuid:1f2e",
        "https://door.example/repository",
    )
    assert message.packaging is soap.Packaging.SIMPLE
    assert message.security is not None
    assert message.security.getroottree() is not None
    assert etree.QName(message.body).localname == "RetrieveDocumentSetRequest"


def test_a_package_is_read_with_its_parts(messages):
    message = read(messages.good(b"bytes"), messages.multipart)
    assert message.packaging is soap.Packaging.MTOM
    assert message.parts == {"doc@sender": b"bytes"}
    assert message.security is None


def test_an_include_without_its_part_is_left_to_the_reader_of_the_request(messages):
    envelope = messages.envelope(body=messages.deposit("cid:absent"))
    assert read(messages.package(messages.root(envelope)), messages.multipart).parts == {}


def test_the_action_may_be_in_the_type_of_the_root(messages):
    root = messages.root(messages.envelope()).replace(
        b'type="application/soap+xml"', b'type="application/soap+xml; action=\\"urn:other\\""'
    )
    with pytest.raises(soap.UnreadableMessage) as refusal:
        read(messages.package(root), messages.multipart)
    assert refusal.value.code == "ActionMismatch"


ADDRESS = "<a:{0}><a:Address>{1}</a:Address></a:{0}>"
ACTION = "<a:Action>urn:x</a:Action>"
MESSAGE_ID = "<a:MessageID>urn:uuid:1</a:MessageID>"
REFUSED = {
    "no Action": (lambda m: m.envelope(header=MESSAGE_ID), "MessageAddressingHeaderRequired"),
    "no MessageID": (lambda m: m.envelope(header=ACTION), "MessageAddressingHeaderRequired"),
    "no header at all": (lambda m: m.envelope(header=""), "MessageAddressingHeaderRequired"),
    "two Actions": (lambda m: m.envelope(header=ACTION * 2 + MESSAGE_ID), "InvalidCardinality"),
    "two MessageIDs": (lambda m: m.envelope(header=ACTION + MESSAGE_ID * 2), "InvalidCardinality"),
    "two ReplyTo": (
        lambda m: m.envelope(extra=ADDRESS.format("ReplyTo", "http://www.w3.org/2005/08/addressing/anonymous")),
        "InvalidCardinality",
    ),
    "empty Action": (lambda m: m.envelope(header="<a:Action/>" + MESSAGE_ID), "InvalidAddressingHeader"),
    "element in an Action": (
        lambda m: m.envelope(header="<a:Action>urn:x<b/></a:Action>" + MESSAGE_ID),
        "InvalidAddressingHeader",
    ),
    "spaces in a MessageID": (
        lambda m: m.envelope(header=ACTION + "<a:MessageID>a b</a:MessageID>"),
        "InvalidAddressingHeader",
    ),
    "ReplyTo elsewhere": (
        lambda m: m.envelope(header=ACTION + MESSAGE_ID + ADDRESS.format("ReplyTo", "https://elsewhere.example/")),
        "OnlyAnonymousAddressSupported",
    ),
    "FaultTo elsewhere": (
        lambda m: m.envelope(extra=ADDRESS.format("FaultTo", "https://elsewhere.example/")),
        "OnlyAnonymousAddressSupported",
    ),
    "FaultTo without address": (lambda m: m.envelope(extra="<a:FaultTo/>"), "MissingAddressInEPR"),
    "header not understood": (
        lambda m: m.envelope(extra='<n:New xmlns:n="urn:n" s:mustUnderstand="true"/>'),
        "MustUnderstand",
    ),
    "SOAP 1.1": (lambda m: m.envelope(namespace="http://schemas.xmlsoap.org/soap/envelope/"), "VersionMismatch"),
    "mustUnderstand is no boolean": (
        lambda m: m.envelope(extra='<n:New xmlns:n="urn:n" s:mustUnderstand="maybe"/>'),
        "SOAP_STRUCTURE",
    ),
    "two Security": (lambda m: m.envelope(extra=SECURITY * 2), "SOAP_STRUCTURE"),
    "empty Body": (lambda m: m.envelope(body=""), "SOAP_STRUCTURE"),
    "two children of Body": (lambda m: m.envelope(body="<a/><b/>"), "SOAP_STRUCTURE"),
    "text in Body": (lambda m: m.envelope(body="<a/>text"), "SOAP_STRUCTURE"),
    "two Bodies": (lambda m: m.envelope().replace(b"</s:Body>", b"</s:Body><s:Body><x/></s:Body>"), "SOAP_STRUCTURE"),
    "not an Envelope": (lambda m: b"<hello/>", "SOAP_STRUCTURE"),
    "comment in the Header": (lambda m: m.envelope(extra="<!-- -->"), "XML_FORBIDDEN"),
    "instruction in the Header": (lambda m: m.envelope(extra="<?php x?>"), "XML_FORBIDDEN"),
    "instruction before the Envelope": (lambda m: m.envelope(before='<?xml-stylesheet href="x"?>'), "XML_FORBIDDEN"),
    "DTD": (lambda m: m.envelope(before="<!DOCTYPE s:Envelope>"), "XML_FORBIDDEN"),
    "entity": (lambda m: m.envelope(before='<!DOCTYPE x [<!ENTITY e "x">]>', body="<a>&e;</a>"), "XML_FORBIDDEN"),
    "not XML": (lambda m: b"hello", "XML_MALFORMED"),
    "nothing": (lambda m: b"", "XML_MALFORMED"),
    "UTF-16": (lambda m: "<a/>".encode("utf-16"), "XML_ENCODING"),
    "Include in a simple message": (lambda m: m.envelope(body=m.deposit("cid:a")), "MIME_MALFORMED"),
    "large": (lambda m: m.envelope(body="<a>" + "x" * (4 * 1024 * 1024) + "</a>"), "HTTP_LIMIT"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_message_that_breaks_a_rule_is_refused_with_its_code_and_a_fault(messages, case):
    build, code = REFUSED[case]
    with pytest.raises(soap.UnreadableMessage) as refusal:
        read(build(messages))
    assert refusal.value.code == code
    reply = soap.fault(refusal.value)
    envelope = opened(reply)
    assert reply.status == (500 if code in ("MustUnderstand", "VersionMismatch") else 400)
    assert envelope.findtext(".//f:Code", namespaces=NS) == code
    assert len(envelope.findall(".//s:Fault", NS)) == 1


IN_PACKAGE = {
    "Include in the Header": lambda m: m.envelope(extra=m.deposit("cid:doc@sender")),
    "Include in another element": lambda m: m.envelope(
        body=m.deposit("cid:doc@sender").replace("x:Document ", "x:Other ").replace("x:Document>", "x:Other>")
    ),
    "Include in a Document of another namespace": lambda m: m.envelope(
        body=m.deposit("cid:doc@sender").replace("xds-b:2007", "xds-b:2010")
    ),
    "Include deeper": lambda m: m.envelope(body=f"<deeper>{m.deposit('cid:doc@sender')}</deeper>"),
    "Include beside text": lambda m: m.envelope(body=m.deposit("cid:doc@sender").replace('"d">', '"d">YQ==')),
    "http href": lambda m: m.envelope(body=m.deposit("http://door.example/")),
    "file href": lambda m: m.envelope(body=m.deposit("file:///etc/passwd")),
    "two Includes of one part": lambda m: m.envelope(body=m.deposit("cid:doc@sender", "cid:doc%40sender")),
    "decoded twice": lambda m: m.envelope(body=m.deposit("cid:doc%2540sender")),
    "part that nobody names": lambda m: m.envelope(),
}


@pytest.mark.parametrize("case", IN_PACKAGE)
def test_includes_and_parts_must_name_each_other(messages, case):
    body = messages.package(messages.root(IN_PACKAGE[case](messages)), messages.part(b"x"))
    with pytest.raises(soap.UnreadableMessage) as refusal:
        read(body, messages.multipart)
    assert refusal.value.kind is ErrorKind.MIME_MALFORMED
    reply = soap.fault(refusal.value)
    assert dict(reply.headers)["Content-Type"].startswith("multipart/related")
    assert opened(reply).findtext(".//a:RelatesTo", namespaces=NS) == "urn:uuid:1f2e"


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("text/xml; charset=utf-8", "VersionMismatch"),
        ("application/json", "HTTP_MALFORMED"),
        ("application/soap+xml; charset=iso-8859-1", "XML_ENCODING"),
        ('application/soap+xml; action="urn:other"', "ActionMismatch"),
        ("", "MIME_MALFORMED"),
    ],
)
def test_a_content_type_that_does_not_fit_is_refused(messages, content_type, code):
    with pytest.raises(soap.UnreadableMessage) as refusal:
        read(messages.envelope(), content_type)
    assert refusal.value.code == code


def test_a_header_for_another_role_or_not_marked_is_let_be(messages):
    extra = '<n:A xmlns:n="urn:n" s:mustUnderstand="1" s:role="urn:other"/><n:B xmlns:n="urn:n"/>'
    assert read(messages.envelope(extra=extra)).message_id == "urn:uuid:1f2e"


def test_the_transaction_is_the_action_and_its_body(messages):
    message = read(messages.envelope(action=ITI_43.action))
    assert find_transaction(message.action, message.body, (ITI_41, ITI_43)) is ITI_43
    with pytest.raises(EnvelopeRefused, match="names no transaction"):
        find_transaction(message.action, message.body, (ITI_18,))
    with pytest.raises(EnvelopeRefused, match="not the request of ITI-41"):
        find_transaction(ITI_41.action, message.body, (ITI_41,))


def test_a_reply_mirrors_the_packaging_even_without_attachments(messages):
    simple = read(messages.envelope())
    package = read(messages.good(), messages.multipart)
    body = b'<?xml version="1.0"?>\n<answer xmlns="urn:x"/>'
    for message, start in ((simple, "application/soap+xml"), (package, "multipart/related")):
        reply = soap.reply(message, "urn:answer", body)
        assert reply.status == 200
        assert dict(reply.headers)["Content-Type"].startswith(start)
        envelope = opened(reply)
        assert envelope.findtext(".//a:Action", namespaces=NS) == "urn:answer"
        assert envelope.findtext(".//a:RelatesTo", namespaces=NS) == message.message_id
        assert envelope.find(".//{urn:x}answer") is not None


def test_attachments_of_a_simple_reply_are_inlined(messages):
    attachments = [Attachment("doc@door", "text/xml", b"content")]
    body = messages.deposit("cid:doc%40door").encode()
    reply = soap.reply(read(messages.envelope()), "urn:answer", body, attachments)
    assert opened(reply).findtext(".//{urn:ihe:iti:xds-b:2007}Document") == "Y29udGVudA=="


def test_what_relates_to_the_request_is_escaped(messages):
    message = read(messages.envelope(header=ACTION + "<a:MessageID>urn:&lt;x&gt;&amp;</a:MessageID>"))
    assert opened(soap.reply(message, "urn:a", b"<x/>")).findtext(".//a:RelatesTo", namespaces=NS) == "urn:<x>&"


def test_a_fault_has_our_code_in_two_languages(messages):
    error = NotAuthenticated(ErrorKind.ASSERTION_TIME, "the assertion has <expired>", code="SBX_VIHF_TIME")
    reply = soap.fault(error, read(messages.good(), messages.multipart), request_id="r-1")
    envelope = opened(reply)
    assert (reply.status, reply.incident) == (400, "r-1")
    assert subcodes(envelope) == ["f:SBX_VIHF_TIME"]
    reasons = {
        str(t.get("{http://www.w3.org/XML/1998/namespace}lang")): t.text for t in envelope.iterfind(".//s:Text", NS)
    }
    assert reasons == {"en": "the assertion has <expired>", "fr": FRENCH[ErrorKind.ASSERTION_TIME]}
    assert envelope.findtext(".//f:Kind", namespaces=NS) == "ASSERTION_TIME"
    assert envelope.findtext(".//f:Request", namespaces=NS) == "r-1"
    assert envelope.findtext(".//a:Action", namespaces=NS) == "http://www.w3.org/2005/08/addressing/soap/fault"


def test_an_addressing_fault_names_the_header(messages):
    with pytest.raises(soap.UnreadableMessage) as refusal:
        read(REFUSED["ReplyTo elsewhere"][0](messages))
    envelope = opened(soap.fault(refusal.value))
    assert subcodes(envelope) == ["wsa:InvalidAddressingHeader", "wsa:OnlyAnonymousAddressSupported"]
    assert envelope.findtext(".//a:Action", namespaces=NS) == "http://www.w3.org/2005/08/addressing/fault"
    assert envelope.findtext(".//a:ProblemHeaderQName", namespaces=NS) == "p:ReplyTo"
    assert envelope.findtext(".//a:RelatesTo", namespaces=NS) == "urn:uuid:1"


@pytest.mark.parametrize(
    "code", ["InvalidSecurity", "InvalidSecurityToken", "FailedCheck", "FailedAuthentication", "MessageExpired"]
)
def test_a_refused_assertion_has_the_subcode_of_ws_security(code):
    envelope = opened(soap.fault(NotAuthenticated(ErrorKind.ASSERTION_TIME, "the assertion has expired", code=code)))
    assert subcodes(envelope) == [f"wsse:{code}"]
    assert envelope.find(".//s:Subcode/s:Value", NS).nsmap["wsse"] == (
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    )
    assert envelope.findtext(".//f:Code", namespaces=NS) == code
    assert envelope.findtext(".//a:Action", namespaces=NS) == "http://www.w3.org/2005/08/addressing/soap/fault"


def test_a_header_not_understood_is_named(messages):
    with pytest.raises(soap.UnreadableMessage) as refusal:
        read(REFUSED["header not understood"][0](messages))
    blocks = opened(soap.fault(refusal.value)).findall(".//s:NotUnderstood", NS)
    assert [(block.get("qname"), block.nsmap["p"]) for block in blocks] == [("p:New", "urn:n")]


def test_our_own_bug_tells_an_incident_number_and_nothing_else():
    reply = soap.fault(ZeroDivisionError("secret of the house"))
    text = b"".join(reply.content).decode()
    assert reply.status == 500
    assert reply.incident in text
    assert "secret" not in text
    assert "env:Receiver" in text


def test_a_fault_is_well_formed_whatever_its_text():
    error = MalformedMessage(ErrorKind.XML_MALFORMED, "odd \x00 \x1b ]]> \ufffe text", code="<bad code>")
    assert subcodes(opened(soap.fault(error))) == []


def test_each_kind_has_its_french_text():
    assert set(FRENCH) == set(ErrorKind)
