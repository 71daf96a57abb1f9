"""The data types of metadata values, under one name (ITI TF-3 §4.2.3.1.7).

Each parser raises ValueError whose text is the reason, without the value: the caller knows whether it may be shown.
"""

from __future__ import annotations

from xds.metadata.hl7 import escape, unescape
from xds.metadata.identifiers import (
    Cx,
    ReferenceId,
    parse_authority,
    parse_identifier,
    parse_language,
    parse_mime_type,
    parse_oid,
    parse_sha1,
    parse_urn,
    parse_uuid_urn,
)
from xds.metadata.persons import Xcn, Xon, Xtn, parse_recipient
from xds.metadata.times import format_dtm, is_after, padded, parse_dtm

__all__ = (
    "Cx",
    "ReferenceId",
    "Xcn",
    "Xon",
    "Xtn",
    "escape",
    "format_dtm",
    "is_after",
    "padded",
    "parse_authority",
    "parse_dtm",
    "parse_field",
    "parse_identifier",
    "parse_language",
    "parse_mime_type",
    "parse_oid",
    "parse_recipient",
    "parse_sha1",
    "parse_urn",
    "parse_uuid_urn",
    "unescape",
)


def parse_field(text: str) -> tuple[int, str]:
    """Read `PID-n|value`, one value of sourcePatientInfo: the number of the field and its text."""
    name, separator, value = text.partition("|")
    number = name.removeprefix("PID-")
    if not separator or number == name or not (number.isascii() and number.isdigit()) or not 1 <= int(number) <= 39:
        raise ValueError("not of the form PID-n|value, n from 1 to 39")
    return int(number), value
