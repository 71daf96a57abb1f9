"""The address of a file in a report: a URI reference (RFC 3986 §4.1)."""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote_from_bytes

from conformance.reports.printable import name_bytes


def uri_of(file: str) -> str:
    """A relative name stays relative to where the command ran, an absolute one is a `file:` URI; all is escaped."""
    path = PurePath(file)
    spelled = quote_from_bytes(name_bytes(path.as_posix()), safe="/")
    if path.is_absolute():
        return f"file://{'' if spelled.startswith('/') else '/'}{spelled}"
    return spelled
