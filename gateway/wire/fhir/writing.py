"""From what an operation answers to an HTTP response (FHIR R4 §3.1.0, RFC 9110 §8.8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import orjson

from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.media_types import FhirFormat
from gateway.wire.fhir.resource_xml import write_xml
from security.strict_json import write_json

Head = dict[str, str]
"""Fields of the response, by name."""


def write_resource(resource: Mapping[str, Any], spelled: FhirFormat) -> tuple[bytes, str]:
    """The bytes of a resource and their Content-Type."""
    content = write_json(resource) if spelled is FhirFormat.JSON else write_xml(resource)
    return content, _content_type(spelled)


def _content_type(spelled: FhirFormat) -> str:
    return f"{spelled}; charset=utf-8; fhirVersion=4.0"


def write_answer(answer: FhirAnswer, spelled: FhirFormat, *, minimal: bool = False) -> tuple[int, bytes, Head]:
    """Status, body and fields; `minimal` leaves the resource out where the answer allows it."""
    head: Head = {}
    content = answer.content
    if content or answer.content_type:
        head["Content-Type"] = answer.content_type
    elif answer.resource is not None and not (minimal and answer.may_be_minimal):
        content, head["Content-Type"] = write_resource(answer.resource, spelled)
    elif answer.written and spelled is FhirFormat.JSON:
        content, head["Content-Type"] = answer.written, _content_type(spelled)
    elif answer.written:
        content, head["Content-Type"] = write_resource(orjson.loads(answer.written), spelled)
    if answer.location:
        head["Location"] = answer.location
    if answer.etag:
        head["ETag"] = f'W/"{answer.etag}"'
    if answer.last_modified is not None:
        head["Last-Modified"] = write_date(answer.last_modified)
    # Nothing of a record stays in a cache between the door and whoever asked.
    head["Cache-Control"] = "no-store"
    return answer.status, content, head


def write_date(instant: datetime) -> str:
    """An instant, UTC, as HTTP writes it."""
    return format_datetime(instant, usegmt=True)
