"""What a base 64 text carries, asked without decoding more than the answer needs (RFC 4648 §4; CI-SIS, CDA level 1).

`ecluse:carries(what, text)`: `base64` whether it is base 64 and not empty, `pdf` a PDF, `pdfa` a PDF that says it is
PDF/A, `pdfa-1` that it is PDF/A-1, `utf-8` a text in UTF-8. What says it is PDF/A may not be: nothing is rendered.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator
from typing import Any

_BASE_64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_CLAIM = re.compile(rb"pdfaid:part(?:>|\s*=\s*[\"'])\s*([1-4])")
# Characters decoded at once, a multiple of 4; and what of a piece is kept for a claim that straddles two.
_PIECE, _OVERLAP = 1 << 20, 64


def carries(_context: object, what: str, text: Any) -> bool:
    """`carries(what, text)`: see above. A text that is not base 64 carries nothing."""
    return _ANSWERS[what](_bare(text))


def _bare(text: Any) -> str:
    """The characters of the first node, without blanks."""
    node = text[0] if isinstance(text, list) and text else text
    said = "".join(node.itertext()) if hasattr(node, "itertext") else "" if isinstance(node, list) else str(node)
    return "".join(said.split())


def _is_base_64(text: str) -> bool:
    return len(text) % 4 == 0 and _BASE_64.fullmatch(text) is not None


def _is_pdf(text: str) -> bool:
    return next(_pieces(text, 64), b"").startswith(b"%PDF-")


def _claim(text: str) -> bytes | None:
    """The part of ISO 19005 that the metadata of a PDF name; they are never compressed (ISO 19005-1 §6.7.2)."""
    before = b""
    for piece in _pieces(text):
        found = _CLAIM.search(before + piece)
        if found:
            return found.group(1)
        before = piece[-_OVERLAP:]
    return None


def _is_utf_8(text: str) -> bool:
    reader = codecs.getincrementaldecoder("utf-8")()
    try:
        read = [reader.decode(piece) for piece in _pieces(text)]
        reader.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return not any("\x00" in part for part in read)


def _pieces(text: str, size: int = _PIECE) -> Iterator[bytes]:
    """Decode piece after piece, up to the first that is not base 64."""
    for start in range(0, len(text), size):
        try:
            yield base64.b64decode(text[start : start + size], validate=True)
        except (binascii.Error, ValueError):
            return


_ANSWERS: dict[str, Callable[[str], bool]] = {
    "base64": _is_base_64,
    "pdf": _is_pdf,
    "pdfa": lambda text: _claim(text) is not None,
    "pdfa-1": lambda text: _claim(text) == b"1",
    "utf-8": _is_utf_8,
}
