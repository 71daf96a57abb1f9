"""The little DER that private extensions need: strict tag, length, value (ITU-T X.690 §10)."""

from __future__ import annotations

from collections.abc import Iterator

BOOLEAN, INTEGER, OCTET_STRING, UTF8_STRING = 0x01, 0x02, 0x04, 0x0C
PRINTABLE_STRING, TELETEX_STRING, IA5_STRING, BMP_STRING = 0x13, 0x14, 0x16, 0x1E
SEQUENCE, CONTEXT_0 = 0x30, 0xA0


class DerError(ValueError):
    """Not DER, or not the type that was expected."""


def read(data: bytes, tag: int) -> bytes:
    """The content of the one element of type `tag` that `data` is, to its last byte. Raises DerError."""
    found, content, end = element(data, 0)
    if found != tag:
        raise DerError(f"tag 0x{found:02x}, expected 0x{tag:02x}")
    if end != len(data):
        raise DerError("bytes follow the element")
    return content


def element(data: bytes, at: int) -> tuple[int, bytes, int]:
    """(tag, content, offset after it) of the element that begins at `at`. Raises DerError.

    Refused: long tags, indefinite lengths, lengths not in their shortest form, truncation.
    """
    if len(data) < at + 2:
        raise DerError("truncated")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise DerError("long tags are not read")
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4 or len(data) < start + count:
            raise DerError("indefinite, oversized or truncated length")
        length = int.from_bytes(data[start : start + count], "big")
        if length < 0x80 or length < 1 << 8 * (count - 1):
            raise DerError("length not in its shortest form")
        start += count
    if len(data) < start + length:
        raise DerError("truncated")
    return tag, data[start : start + length], start + length


def elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, content) of each element of a constructed content, in order. Raises DerError."""
    at = 0
    while at < len(content):
        tag, value, at = element(content, at)
        yield tag, value


def integer(content: bytes) -> int:
    """The value of the content of an INTEGER. Raises DerError when it is empty or padded."""
    if not content or (len(content) > 1 and content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80):
        raise DerError("integer not in its shortest form")
    return int.from_bytes(content, "big", signed=True)


def text(tag: int, content: bytes) -> str:
    """The characters of a string type. Raises DerError: another type, or bytes outside its alphabet."""
    encodings = {UTF8_STRING: "utf-8", PRINTABLE_STRING: "ascii", IA5_STRING: "ascii", TELETEX_STRING: "latin-1",
                 BMP_STRING: "utf-16-be"}  # fmt: skip
    if tag not in encodings:
        raise DerError(f"tag 0x{tag:02x} is not a string")
    try:
        return content.decode(encodings[tag])
    except UnicodeDecodeError:
        raise DerError("a string with bytes outside its alphabet") from None
