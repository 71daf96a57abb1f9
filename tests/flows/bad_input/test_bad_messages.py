"""Messages that are no messages: HTTP, MIME, XML, SOAP and WS-Addressing broken one by one at the ingest door."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from lxml import etree

from samples.client.addressing import SOAP, WSA
from samples.client.mtom import Message, Packaging, Part
from samples.documents.vsm import vsm
from security import xml
from xds.ebrim.constants import RIM, XDS, XOP

Edit = Callable[[etree._Element], None]

FIRST = "Document01@lot.ecluse"
INCLUDE = f"{{{XOP}}}Include"


def edited(edit: Edit) -> Callable[[Message], Message]:
    """Change the envelope as a tree."""

    def spoil(message: Message) -> Message:
        root = xml.parse(message.root)
        edit(root)
        return message.with_root(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))

    return spoil


def rewritten(old: bytes, new: bytes) -> Callable[[Message], Message]:
    """Change the envelope as text, at the first place."""

    def spoil(message: Message) -> Message:
        assert old in message.root
        return message.with_root(message.root.replace(old, new, 1))

    return spoil


def header(root: etree._Element) -> etree._Element:
    return root.find(f"{{{SOAP}}}Header")


def without_header(name: str) -> Edit:
    def edit(root: etree._Element) -> None:
        header(root).remove(header(root).find(f"{{{WSA}}}{name}"))

    return edit


def other_reply_to(root: etree._Element) -> None:
    header(root).find(f"{{{WSA}}}ReplyTo/{{{WSA}}}Address").text = "https://elsewhere.invalid/answers"


def unknown_header(root: etree._Element) -> None:
    block = etree.SubElement(header(root), "{urn:nobody}Promise", nsmap={"n": "urn:nobody"})
    block.set(f"{{{SOAP}}}mustUnderstand", "1")


def rename(element: etree._Element) -> None:
    element.tag = f"{{{XDS}}}RetrieveDocumentSetRequest"


def nest(root: etree._Element) -> None:
    inner = root[-1][0]
    for _ in range(70):
        inner = etree.SubElement(inner, "{urn:nobody}Deeper")


def include_in_metadata(root: etree._Element) -> None:
    include = next(root.iter(INCLUDE))
    next(root.iter(f"{{{RIM}}}RegistryObjectList")).append(include)


def second_include(root: etree._Element) -> None:
    first, second = list(root.iter(INCLUDE))[:2]
    second.set("href", first.get("href"))


def inline(message: Message) -> Message:
    """The same message with its documents as base64 text."""
    contents = {part.content_id: part.content for part in message.parts}
    root = xml.parse(message.root)
    for document in root.iter(f"{{{XDS}}}Document"):
        include = document.find(INCLUDE)
        document.text = base64.b64encode(contents[unquote(include.get("href")[4:])]).decode()
        document.remove(include)
    return replace(message, root=etree.tostring(root, xml_declaration=True, encoding="UTF-8"), parts=())


def other_action(action: str) -> Callable[[Message], Message]:
    def spoil(message: Message) -> Message:
        return replace(rewritten(message.action.encode(), action.encode())(message), action=action)

    return spoil


DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>"
BROKEN = [
    ("a part that nothing includes", lambda message: message.with_part(Part("extra@x", "text/xml", b"<a/>")),
     "MIME_MALFORMED", None, ("no xop:Include", "part 3")),
    ("an Include in the metadata", edited(include_in_metadata),
     "MIME_MALFORMED", None, ("xop:Include", "only in a Document")),
    ("two Includes of one part", edited(second_include), "MIME_MALFORMED", None, ("two xop:Include", "same part")),
    ("a DTD", rewritten(DECLARATION, DECLARATION + b"<!DOCTYPE e>"), "XML_FORBIDDEN", None, ("DTD",)),
    ("an entity that a DTD declares",
     lambda message: rewritten(b"<lcm:SubmitObjectsRequest", b"&x;<lcm:SubmitObjectsRequest")(
         rewritten(DECLARATION, DECLARATION + b'<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/hostname">]>')(message)),
     "XML_FORBIDDEN", None, ("DTD",)),
    ("an entity that nothing declares", rewritten(b"<lcm:SubmitObjectsRequest", b"&x;<lcm:SubmitObjectsRequest"),
     "XML_MALFORMED", None, ("line", "column")),
    ("XML that is not well formed", rewritten(b"</lcm:SubmitObjectsRequest>", b""),
     "XML_MALFORMED", None, ("line", "column")),
    ("another encoding", lambda message: message.with_root(message.root.replace(b"UTF-8", b"UTF-16", 1)),
     "XML_ENCODING", None, ("UTF-8",)),
    ("no Action", edited(without_header("Action")), "MessageAddressingHeaderRequired", "SOAP_STRUCTURE",
     ("wsa:Action is missing",)),
    ("no MessageID", edited(without_header("MessageID")), "MessageAddressingHeaderRequired", "SOAP_STRUCTURE",
     ("wsa:MessageID is missing",)),
    ("an Action that is not the one of HTTP", lambda message: replace(message, action="urn:ihe:iti:2007:Other"),
     "ActionMismatch", "SOAP_STRUCTURE", ("wsa:Action", "Content-Type")),
    ("an Action of the other door", other_action("urn:ihe:iti:2007:RetrieveDocumentSet"),
     "ActionNotSupported", "SOAP_STRUCTURE", ("wsa:Action",)),
    ("an answer asked for elsewhere", edited(other_reply_to), "OnlyAnonymousAddressSupported", "SOAP_STRUCTURE",
     ("wsa:ReplyTo", "anonymous")),
    ("elements nested too deep", edited(nest), "XML_LIMIT", None, ("nested deeper than 64",)),
    ("two children of Body", edited(lambda root: etree.SubElement(root[-1], "{urn:nobody}Second")),
     "SOAP_STRUCTURE", None, ("Body has 2 children",)),
    ("another request in Body", edited(lambda root: rename(root[-1][0])), "SOAP_STRUCTURE", None, ("ITI-41",)),
]  # fmt: skip


@pytest.fixture
def message(ward: Any) -> Message:
    """An honest message, not yet sent."""
    with closing(ward.scene.ingest()) as client:
        return client.message(ward.scene.lot([vsm(ward.scene.patient)]))


def sent(ward: Any, message: Message) -> Callable[[], Any]:
    def attempt() -> Any:
        with closing(ward.scene.ingest()) as client:
            return client.send(message)

    return attempt


@pytest.mark.parametrize(
    ("spoil", "code", "kind", "words"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_a_broken_message_is_refused_with_what_is_wrong_and_where(
    ward: Any, message: Message, spoil: Any, code: str, kind: str | None, words: tuple[str, ...]
) -> None:
    ward.fault(sent(ward, spoil(message)), code, *words, kind=kind)


def test_a_part_that_is_missing_is_named(ward: Any, message: Message) -> None:
    ward.failure(
        sent(ward, message.without_part(FIRST)),
        ("XDSMissingDocument", "Document[Document01]/Include", "cid:Document01"),
    )


def test_a_boundary_that_is_not_that_of_the_body_is_refused(ward: Any, message: Message) -> None:
    content_type, body = replace(message, boundary="here").encode()
    ward.fault(ward.posted(body, content_type.replace('"here"', '"there"')), "MIME_LIMIT", "first delimiter")


def test_a_package_without_its_last_delimiter_is_refused(ward: Any, message: Message) -> None:
    content_type, body = replace(message, boundary="here").encode()
    ward.fault(ward.posted(body.removesuffix(b"--here--\r\n"), content_type), "MIME_MALFORMED", "inside a part")


def test_soap_1_1_is_told_which_version_is_spoken(ward: Any, message: Message) -> None:
    old = message.with_root(message.root.replace(SOAP.encode(), b"http://schemas.xmlsoap.org/soap/envelope/"))
    for content_type, body in (old.encode(), ("text/xml; charset=utf-8", old.root)):
        ward.fault(
            ward.posted(body, content_type), "VersionMismatch", "SOAP 1.2", kind="SOAP_STRUCTURE",
            outer="VersionMismatch",
        )  # fmt: skip
        reply = ward.raw().send(body, content_type).reply()
        assert reply.root.find(f".//{{{SOAP}}}SupportedEnvelope") is not None


def test_a_header_that_must_be_understood_and_is_not_is_named(ward: Any, message: Message) -> None:
    spoiled = edited(unknown_header)(message)
    ward.fault(sent(ward, spoiled), "MustUnderstand", "header block", kind="SOAP_STRUCTURE", outer="MustUnderstand")
    content_type, body = spoiled.encode()
    named = ward.raw().send(body, content_type).reply().root.find(f".//{{{SOAP}}}NotUnderstood")
    assert named.get("qname") == "p:Promise"
    assert named.nsmap["p"] == "urn:nobody"


def test_documents_as_base64_text_are_accepted(ward: Any, message: Message) -> None:
    assert sent(ward, inline(message))().succeeded
    ward.lives_on()


def test_simple_soap_is_answered_with_simple_soap(ward: Any, message: Message) -> None:
    answer = sent(ward, replace(inline(message), packaging=Packaging.SIMPLE))()
    assert answer.succeeded, answer.errors
    assert answer.packaging is Packaging.SIMPLE
    ward.lives_on()
