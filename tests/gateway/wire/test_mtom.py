from __future__ import annotations

import base64
import io
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.wire.media_type import read_media_type
from gateway.wire.mtom import Attachment, MimeLimits, join, split
from security.errors import ErrorKind, MalformedMessage

LIMITS = MimeLimits()


def take_apart(messages, body, content_type=None, limits=LIMITS):
    return split(read_media_type(content_type or messages.multipart), io.BytesIO(body), limits)


def test_a_package_is_taken_apart(messages):
    package = take_apart(messages, messages.good(b"\r\n <a/>\n\r\n"))
    assert package.root.startswith(b"<s:Envelope")
    assert package.parts == {"doc@sender": b"\r\n <a/>\n\r\n"}


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1000])
def test_pieces_of_any_size_give_the_same_parts(messages, trickle, step):
    content = b"--" + messages.boundary.encode()[:-1] + b"\r\n--\r\n\r" + bytes(range(256))
    body = messages.good(content)
    pieces = (body[at : at + step] for at in range(0, len(body), step))
    package = split(read_media_type(messages.multipart), trickle(pieces), LIMITS)
    assert package.parts == {"doc@sender": content}


def test_a_part_in_base64_is_decoded(messages):
    encoded = base64.encodebytes(b"document" * 50)
    package = take_apart(messages, messages.package(messages.root(b"<e/>"), messages.part(encoded, encoding="BASE64")))
    assert package.parts == {"doc@sender": b"document" * 50}


def test_preamble_padding_and_epilogue_are_tolerated(messages):
    body = messages.good().replace(b"id=1\r\n", b"id=1 \t\r\n")
    assert take_apart(messages, b"for old readers\r\n" + body + b"\r\nthe end").parts == {"doc@sender": b"<document/>"}


def test_the_closing_delimiter_may_be_the_last_bytes(messages):
    assert take_apart(messages, messages.good()[:-2]).parts == {"doc@sender": b"<document/>"}


def test_without_start_the_first_part_is_the_root(messages):
    content_type = f'Multipart/Related; BOUNDARY="{messages.boundary}"; type="application/xop+xml";'
    assert take_apart(messages, messages.good(), content_type).parts == {"doc@sender": b"<document/>"}


def test_the_root_is_where_start_says(messages):
    body = messages.package(messages.part(b"first"), messages.root(b"<e/>"))
    package = take_apart(messages, body)
    assert (package.root, package.parts) == (b"<e/>", {"doc@sender": b"first"})


def test_fields_may_be_folded_and_unquoted(messages):
    root = (
        b"content-type: application/xop+xml;\r\n\tcharset=utf-8;\r\n type=application/soap+xml\r\n"
        b"content-id: <root@sender>\r\n\r\n<e/>"
    )
    package = take_apart(messages, messages.package(root))
    assert package.root_type.parameters == {"charset": "utf-8", "type": "application/soap+xml"}


ROOT = b"Content-Type: application/xop+xml\r\nContent-ID: <root@sender>\r\n\r\n<e/>"
HOSTILE = {
    "no closing delimiter": (lambda m: m.good()[:-6], ErrorKind.MIME_MALFORMED),
    "half a closing delimiter": (lambda m: m.good()[:-3], ErrorKind.MIME_MALFORMED),
    "cut in a part": (lambda m: m.good()[:-60], ErrorKind.MIME_MALFORMED),
    "cut in a head": (lambda m: m.good()[:60], ErrorKind.MIME_MALFORMED),
    "empty": (lambda m: b"", ErrorKind.MIME_MALFORMED),
    "no delimiter": (lambda m: b"hello", ErrorKind.MIME_MALFORMED),
    "no part": (lambda m: m.package(), ErrorKind.MIME_MALFORMED),
    "bare LF everywhere": (lambda m: m.good().replace(b"\r\n", b"\n"), ErrorKind.MIME_MALFORMED),
    "bare LF in a head": (lambda m: m.package(ROOT.replace(b"\r\n", b"\n", 1)), ErrorKind.MIME_MALFORMED),
    "bare LF after a delimiter": (lambda m: m.good().replace(b"id=1\r\n", b"id=1\n", 1), ErrorKind.MIME_MALFORMED),
    "delimiter line goes on": (lambda m: m.good().replace(b"id=1\r\n", b"id=12\r\n", 1), ErrorKind.MIME_MALFORMED),
    "closing delimiter goes on": (lambda m: m.package(ROOT, end=b"--x\r\n"), ErrorKind.MIME_MALFORMED),
    "no root": (lambda m: m.package(m.part(b"x")), ErrorKind.MIME_MALFORMED),
    "two roots": (lambda m: m.package(ROOT, ROOT), ErrorKind.MIME_MALFORMED),
    "same Content-ID twice": (lambda m: m.package(ROOT, m.part(b"1"), m.part(b"2")), ErrorKind.MIME_MALFORMED),
    "Content-ID of the root, first": (
        lambda m: m.package(m.part(b"1", "root@sender"), ROOT),
        ErrorKind.MIME_MALFORMED,
    ),
    "part without Content-ID": (lambda m: m.package(ROOT, b"A: b\r\n\r\nx"), ErrorKind.MIME_MALFORMED),
    "part without fields": (lambda m: m.package(ROOT, b"\r\nx"), ErrorKind.MIME_MALFORMED),
    "empty Content-ID": (lambda m: m.package(ROOT, m.part(b"1", "")), ErrorKind.MIME_MALFORMED),
    "space in a Content-ID": (lambda m: m.package(ROOT, m.part(b"1", "a b")), ErrorKind.MIME_MALFORMED),
    "field twice": (lambda m: m.package(b"Content-ID: <a>\r\n" + ROOT), ErrorKind.MIME_MALFORMED),
    "field without colon": (lambda m: m.package(b"nonsense\r\n" + ROOT), ErrorKind.MIME_MALFORMED),
    "space before the colon": (lambda m: m.package(b"A : b\r\n" + ROOT), ErrorKind.MIME_MALFORMED),
    "folded first line": (lambda m: m.package(b" A: b\r\n" + ROOT), ErrorKind.MIME_MALFORMED),
    "NUL in a field": (lambda m: m.package(b"A: \x00\r\n" + ROOT), ErrorKind.MIME_MALFORMED),
    "quoted-printable": (
        lambda m: m.package(ROOT, m.part(b"=41", encoding="quoted-printable")),
        ErrorKind.MIME_MALFORMED,
    ),
    "false base64": (lambda m: m.package(ROOT, m.part(b"YQ=!", encoding="base64")), ErrorKind.MIME_MALFORMED),
    "base64 after its end": (
        lambda m: m.package(ROOT, m.part(b"YQ==YQ==", encoding="base64")),
        ErrorKind.MIME_MALFORMED,
    ),
    "too many parts": (
        lambda m: m.package(ROOT, *(m.part(b"", f"p{n}") for n in range(128))),
        ErrorKind.MIME_LIMIT,
    ),
    "too many fields": (
        lambda m: m.package(b"".join(b"X-%d: y\r\n" % n for n in range(17)) + ROOT),
        ErrorKind.MIME_LIMIT,
    ),
    "long field": (lambda m: m.package(b"X: " + b"y" * 1025 + b"\r\n" + ROOT), ErrorKind.MIME_LIMIT),
    "endless head": (lambda m: m.package(b"X: " + b"y" * 200_000), ErrorKind.MIME_LIMIT),
    "large root": (lambda m: m.package(ROOT + b"x" * (4 * 1024 * 1024)), ErrorKind.MIME_LIMIT),
    "long preamble": (lambda m: m.package(ROOT, preamble=b"x" * 5000 + b"\r\n"), ErrorKind.MIME_LIMIT),
    "long epilogue": (lambda m: m.package(ROOT) + b"x" * 5000, ErrorKind.MIME_LIMIT),
    "endless body": (lambda m: m.package(ROOT, m.part(b"x" * (64 * 1024 * 1024))), ErrorKind.HTTP_LIMIT),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_package_is_refused_with_its_kind(messages, case):
    build, kind = HOSTILE[case]
    with pytest.raises(MalformedMessage) as refusal:
        take_apart(messages, build(messages))
    assert refusal.value.kind is kind


def test_as_many_parts_as_the_limit_are_accepted(messages):
    body = messages.package(ROOT, *(messages.part(b"x", f"p{n}") for n in range(127)))
    assert len(take_apart(messages, body).parts) == 127


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "multipart",
        "multipart/related",
        'multipart/related; boundary=""',
        'multipart/related; boundary="a "',
        "multipart/related; boundary=" + "b" * 71,
        'multipart/related; boundary="a*b"',
        'multipart/related; boundary="a\r\nb"',
        "multipart/related; boundary=a; boundary=b",
        'multipart/related; boundary="a',
        "multipart/related; boundary=a garbage",
    ],
)
def test_a_hostile_content_type_is_refused(messages, content_type):
    with pytest.raises(MalformedMessage) as refusal:
        split(read_media_type(content_type), io.BytesIO(messages.good()), LIMITS)
    assert refusal.value.kind is ErrorKind.MIME_MALFORMED


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.text("abcXYZ019.:/@%+-_", min_size=1, max_size=30).filter(lambda name: name != "root@ecluse"),
        st.one_of(st.binary(max_size=400), st.sampled_from([b"\r\n", b"\r\n--", b"--", b"\r", b"\n--ecluse-\r\n"])),
        max_size=5,
    ),
    st.integers(1, 300),
)
def test_what_is_written_is_read_back(contents, step):
    attachments = [Attachment(name, "application/octet-stream", content) for name, content in contents.items()]
    content_type, size, chunks = join(b"<e/>", "urn:a", attachments)
    body = b"".join(chunks)
    assert len(body) == size

    class Steps(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            return super().read(step)

    package = split(read_media_type(content_type), Steps(body), LIMITS)
    assert (package.root, package.parts) == (b"<e/>", contents)


def test_a_large_document_costs_little_more_than_itself(messages):
    size = 50 * 1000 * 1000
    head, tail = messages.good(b"@").split(b"@\r\n--")
    block = b"0123456789abcdef" * 6250

    class Wire:
        """Makes its bytes as they are asked for, so that only the splitter's memory is seen."""

        def __init__(self) -> None:
            self.left = size
            self.edges = [head, b"\r\n--" + tail]

        def read(self, wanted: int, /) -> bytes:
            if self.left == size and len(self.edges) == 2:
                return self.edges.pop(0)
            if self.left:
                piece = block[: min(wanted, self.left)]
                self.left -= len(piece)
                return piece
            return self.edges.pop() if self.edges else b""

    media_type = read_media_type(messages.multipart)
    tracemalloc.start()
    try:
        package = split(media_type, Wire(), LIMITS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(package.parts["doc@sender"]) == size
    assert peak < 1.5 * size
