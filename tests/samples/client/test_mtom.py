"""Packages: what goes in comes out, byte for byte."""

from __future__ import annotations

import email
import email.policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.client.mtom import MimeError, Part, decode, document_bytes, encode, extract, restore
from security import xml

ACTION = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
CID_CHARACTERS = "abcXYZ0189.-_:/@%+ éλ"

awkward = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [b"\r\n", b"\n", b"\r", b"--", b"\r\n--frontier", b"\r\n--frontier2\r\n", b"\x00", b"\r\n\r\n", b" "]
        ),
    ),
    max_size=12,
).map(b"".join)


@given(st.lists(awkward, max_size=4), st.sampled_from(["binary", "base64"]))
def test_parts_come_back_byte_for_byte(contents, encoding):
    parts = [Part(f"part{n}@x", "text/xml", content, encoding) for n, content in enumerate(contents)]
    content_type, body = encode(b"<root/>", parts, action=ACTION)
    root, found = decode(content_type, body)
    assert root.content == b"<root/>"
    assert [part.content for part in found.values()] == contents


@given(
    st.lists(st.sampled_from(["X", "\r\n--frontierX", "\r\n--frontier-x", "--frontier_", "\r\n-", "\r\n"]), max_size=9)
)
def test_what_resembles_the_boundary_is_not_the_boundary(pieces):
    content = "".join(pieces).encode()
    content_type, body = encode(b"<root/>", [Part("a@x", "text/xml", content)], action=ACTION, boundary="frontier")
    assert decode(content_type, body)[1]["a@x"].content == content


@given(st.binary(min_size=1, max_size=300).filter(lambda content: b"\r" not in content and b"\n" not in content))
def test_another_reader_finds_the_same_bytes(content):
    content_type, body = encode(b"<root/>", [Part("a@x", "application/octet-stream", content)], action=ACTION)
    message = email.message_from_bytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=email.policy.default
    )
    parts = list(message.iter_parts())
    assert parts[0].get_content_type() == "application/xop+xml"
    assert parts[1].get_payload(decode=True) == content


@given(
    st.dictionaries(st.text(CID_CHARACTERS, min_size=1, max_size=20).map(str.strip).filter(bool), awkward, max_size=4)
)
def test_documents_leave_the_envelope_and_come_back(documents):
    text = "".join(f'<Document id="d{n}"/>' for n in range(len(documents)))
    envelope = xml.parse(f'<Request xmlns="urn:ihe:iti:xds-b:2007">{text}</Request>'.encode())
    whole = {f"d{n}": (f"{n}-{name}", content) for n, (name, content) in enumerate(documents.items())}
    restore_as = {f"cid{n}": Part(f"cid{n}", "", content) for n, (_, content) in enumerate(documents.items())}
    for n, element in enumerate(envelope):
        element.append(element.makeelement("{http://www.w3.org/2004/08/xop/include}Include", {"href": f"cid:cid{n}"}))
    restore(envelope, restore_as)

    parts = extract(envelope, {name: (cid, "text/xml") for name, (cid, _) in whole.items()})

    assert [(part.content_id, part.content) for part in parts] == list(whole.values())
    found = {part.content_id: part for part in parts}
    assert [document_bytes(element, found) for element in envelope] == list(documents.values())


def test_the_root_is_the_part_that_start_names():
    body = b"preamble\r\n--b\r\nContent-ID: <a>\r\n\r\nA\r\n--b  \r\nContent-ID: <r>\r\n\r\nR\r\n--b--\r\nepilogue"
    root, parts = decode('Multipart/Related; START="<r>"; boundary=b; type="application/xop+xml"', body)
    assert root.content == b"R"
    assert {name: part.content for name, part in parts.items()} == {"a": b"A"}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/related", b"--b\r\n\r\nA\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\n\r\nA\r\n"),
        ("multipart/related; boundary=b", b"--b--"),
        ("multipart/related; boundary=b", b"--b\r\nContent-ID: <a>\r\n--b--"),
        ("multipart/related; boundary=b; start=r", b"--b\r\nContent-ID: <a>\r\n\r\nA\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nA\r\n--b--"),
        ("multipart/related; boundary=b", b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\nA\r\n--b--"),
    ],
    ids=["no boundary", "no end", "no part", "no empty line", "no start part", "quoted-printable", "bad base64"],
)
def test_a_broken_package_is_said_to_be_broken(content_type, body):
    with pytest.raises(MimeError):
        decode(content_type, body)
