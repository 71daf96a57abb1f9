"""From an HTTP request to what an operation is asked: parameters and body, each refused in its own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from gateway.wire.fhir import media_types
from gateway.wire.fhir.media_types import FORM, FhirFormat
from gateway.wire.fhir.outcome import FhirRefused, Issue
from gateway.wire.fhir.request import Body
from gateway.wire.fhir.resource_xml import read_xml
from gateway.wire.fhir.validation import check_resource
from gateway.wire.media_type import MediaType, read_media_type
from gateway.wire.mtom import Readable
from security import strict_json
from security.errors import ErrorKind, MalformedMessage

PATCHES = (media_types.JSON_PATCH, media_types.XML_PATCH)
_TYPES: Mapping[Body, tuple[str, ...]] = {"patch": (*PATCHES, *FhirFormat), "form": (FORM,)}
"""The types of a body that is not simply a resource."""
_FORM_SIZE = 64 * 1024
_FIELDS = 100
_NAME = re.compile(r"[A-Za-z_][A-Za-z_.:-]{0,63}")


def read_type(value: str, body: Body = "resource") -> MediaType:
    """The Content-Type of a body. Raises MalformedMessage, FhirRefused: 415 without one."""
    if not value:
        raise media_types.unsupported("the body has no Content-Type", _TYPES.get(body, tuple(FhirFormat)))
    return read_media_type(value)


def read_resource(media_type: MediaType, stream: Readable) -> dict[str, Any]:
    """Read a resource to its end, whichever way it is spelled. Raises MalformedMessage, FhirRefused: 400, 415."""
    spelled = media_types.format_of(media_type)
    if spelled is None:
        raise media_types.unsupported("the Content-Type is not one of FHIR")
    return check_resource(_spelled(spelled, stream))


def read_patch(media_type: MediaType, stream: Readable) -> tuple[dict[str, Any] | None, bytes]:
    """A FHIRPath Patch is a resource (`Parameters`), the two others are bytes. Raises FhirRefused: 400, 415."""
    spelled = media_types.format_of(media_type)
    if spelled is not None and media_type.essence not in PATCHES:
        return check_resource(_spelled(spelled, stream)), b""
    if media_type.essence not in PATCHES:
        raise media_types.unsupported("the Content-Type is not one of a patch", _TYPES["patch"])
    return None, stream.read(-1)


def read_form(media_type: MediaType, stream: Readable) -> tuple[tuple[str, str], ...]:
    """The parameters of a search by POST. Raises FhirRefused: 415, MalformedMessage: HTTP_LIMIT, HTTP_MALFORMED."""
    if media_type.essence != FORM:
        raise media_types.unsupported("the Content-Type is not one of a search", (FORM,))
    content = stream.read(_FORM_SIZE + 1)
    if len(content) > _FORM_SIZE:
        raise MalformedMessage(ErrorKind.HTTP_LIMIT, f"the form is larger than {_FORM_SIZE} bytes")
    return read_query(content)


def read_query(query: bytes) -> tuple[tuple[str, str], ...]:
    """The parameters of an address or a form, decoded, in order; those without a value say nothing (FHIR R4 §3.1.1.1).

    Raises MalformedMessage: HTTP_MALFORMED, HTTP_LIMIT.
    """
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except UnicodeError:
        raise MalformedMessage(ErrorKind.HTTP_MALFORMED, "a parameter is not UTF-8, percent-encoded") from None
    except ValueError:
        raise MalformedMessage(ErrorKind.HTTP_LIMIT, f"there are more than {_FIELDS} parameters") from None
    if any(not name or not (name + value).isprintable() for name, value in pairs):
        raise MalformedMessage(ErrorKind.HTTP_MALFORMED, "a parameter has no name, or holds control characters")
    return tuple((name, value) for name, value in pairs if value)


def sift(
    pairs: Iterable[tuple[str, str]], known: Mapping[str, frozenset[str]], *, strict: bool
) -> tuple[tuple[str, str], ...]:
    """The parameters that an operation knows, by name and allowed modifiers.

    Another modifier is always refused, an unknown name where the client prefers `handling=strict`; else it is ignored
    (FHIR R4 §3.1.1.1.3). Raises FhirRefused: 400, every fault.
    """
    found, faults = [], []
    for key, value in pairs:
        name, _, modifier = key.partition(":")
        if name not in known:
            if strict:
                faults.append(_unsupported(name, "parameter"))
        elif modifier and modifier not in known[name]:
            faults.append(_unsupported(f"{name}:{modifier}", "modifier of parameter"))
        else:
            found.append((key, value))
    if faults:
        raise FhirRefused(400, faults)
    return tuple(found)


def _unsupported(name: str, what: str) -> Issue:
    shown = name if _NAME.fullmatch(name) else "sent"
    return Issue(code="not-supported", reason="FHIR_FORBIDDEN", diagnostics=f"the {what} {shown} is not known here")


def _spelled(spelled: FhirFormat, stream: Readable) -> Any:
    """What the body says, not yet known to be a resource. Nobody but the reader holds its bytes: they may be many."""
    return strict_json.read_json(stream.read(-1)) if spelled is FhirFormat.JSON else read_xml(stream.read(-1))
