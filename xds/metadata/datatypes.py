"""The data types of metadata values, under one name (ITI TF-3 §4.2.3.1.7).

Each parser raises ValueError whose text is the reason, without the value: the caller knows whether it may be shown.
"""

from __future__ import annotations

from xds.metadata.codes import format_coded_string, parse_coded_string
from xds.metadata.hl7 import escape, unescape
from xds.metadata.identifiers import (
    Cx,
    parse_authority,
    parse_cx,
    parse_identifier,
    parse_integer,
    parse_language,
    parse_mime_type,
    parse_oid,
    parse_oid_urn,
    parse_sha1,
    parse_urn,
    parse_uuid_urn,
)
from xds.metadata.persons import Xcn, Xon, Xtn, parse_recipient
from xds.metadata.reference_id import ReferenceId
from xds.metadata.source_patient_info import (
    DISCOURAGED_FIELDS,
    RECOMMENDED_FIELDS,
    parse_field,
    parse_source_patient_info,
)
from xds.metadata.times import format_dtm, is_after, padded, parse_dtm

__all__ = (
    "DISCOURAGED_FIELDS",
    "RECOMMENDED_FIELDS",
    "Cx",
    "ReferenceId",
    "Xcn",
    "Xon",
    "Xtn",
    "escape",
    "format_coded_string",
    "format_dtm",
    "is_after",
    "padded",
    "parse_authority",
    "parse_coded_string",
    "parse_cx",
    "parse_dtm",
    "parse_field",
    "parse_identifier",
    "parse_integer",
    "parse_language",
    "parse_mime_type",
    "parse_oid",
    "parse_oid_urn",
    "parse_recipient",
    "parse_sha1",
    "parse_source_patient_info",
    "parse_urn",
    "parse_uuid_urn",
    "unescape",
)
