"""XML escaping for writing by concatenation: what goes out is well-formed whatever comes in."""

from __future__ import annotations

import re

_UNSAFE = re.compile('[&<>"\\t\\n\\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def _reference(match: re.Match[str]) -> str:
    # A character that XML 1.0 cannot hold (§2.2), even as a reference, becomes U+FFFD.
    return _REFERENCES.get(match.group(), "\ufffd")


def escape(text: str) -> str:
    """Make `text` fit for element content and for an attribute value in double quotes; it is read back unchanged.

    White space other than the blank is written as character references, or attribute normalisation would lose it
    (XML 1.0 §3.3.3).
    """
    return _UNSAFE.sub(_reference, text) if _UNSAFE.search(text) else text
