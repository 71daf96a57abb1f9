"""Files of Windows tools brought to the one encoding that the parser reads: UTF-8, without a DTD (XML 1.0 §4.3.3)."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"""^(<\?xml[^>]*?encoding\s*=\s*["'])([^"']+)""")
_DOCTYPE = re.compile(  # nothing before it can be read in two ways, so that nothing is tried twice
    rb"((?>\xef\xbb\xbf|\s+|<!--.*?-->|<\?.*?\?>)*+)<!DOCTYPE[^\[>]*(?:\[.*?\]\s*+)?>", re.DOTALL
)


def as_utf8(content: bytes) -> tuple[bytes, str]:
    """The content in UTF-8 without a document type, and what was changed in words; empty when nothing was.

    Raises ValueError: an encoding that is not known, or bytes that are not of it.
    """
    changes: list[str] = []
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = _declared_utf8(content.decode("utf-16").encode())
        changes.append("as UTF-8, it was UTF-16")
    else:
        start = content.removeprefix(codecs.BOM_UTF8)
        declared = _DECLARED.match(start)
        name = declared.group(2).decode("ascii", "replace") if declared else "utf-8"
        if name.lower() not in ("utf-8", "us-ascii"):
            try:
                content = _declared_utf8(start.decode(name).encode())
            except LookupError as error:
                raise ValueError(f"an encoding that is not known: {name}") from error
            changes.append(f"as UTF-8, it was {name}")
    doctype = _DOCTYPE.match(content)
    without = content if doctype is None else doctype[1] + content[doctype.end() :]
    if without != content:
        content = without
        changes.append("without its document type")
    return content, ", ".join(changes)


def _declared_utf8(content: bytes) -> bytes:
    return _DECLARED.sub(rb"\1UTF-8", content, count=1)
