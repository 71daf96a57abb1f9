"""Text of unknown origin, made harmless: for a terminal, for XML 1.0 §2.2, for HTML, for UTF-8."""

from __future__ import annotations

import re
import unicodedata

# Controls, direction marks, line separators, surrogates, non-characters: they move a cursor, turn a line or break XML.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile("[\t\r\n]+")


def printable(text: str) -> str:
    """One line that shows what it holds: white space is a space, what no terminal takes is spelled out."""
    return _UNSAFE.sub(_spelled, _SPACES.sub(" ", text))


def flat(text: str) -> str:
    """One line with as many characters as `text`, for a caret to point below: what is unsafe becomes one sign."""
    return _UNSAFE.sub("\ufffd", text.replace("\t", " "))


def width(text: str) -> int:
    """How many columns of a terminal a flat text takes."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


def encodable(text: str) -> str:
    """The text without halves of characters: a file name that is not UTF-8 has them."""
    return text.encode("utf-8", "backslashreplace").decode()


def escaped(text: str) -> str:
    """A printable text between tags or in a quoted attribute, in XML and in HTML."""
    text = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def name_bytes(file: str) -> bytes:
    """The bytes of a file name: what the system gave, a question mark for halves of characters that it never gives."""
    return re.sub("[\ud800-\udc7f\udd00-\udfff]", "?", file).encode("utf-8", "surrogateescape")
