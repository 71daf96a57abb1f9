"""What is sent and what is wanted back: FHIR as JSON or as XML (FHIR R4 §3.1.0.1.9, §3.1.0.1.10; RFC 9110 §12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from gateway.wire.fhir.outcome import FhirRefused, Issue
from gateway.wire.media_type import MediaType, read_media_type
from security.errors import ErrorKind, MalformedMessage

JSON_PATCH, XML_PATCH = "application/json-patch+json", "application/xml-patch+xml"
FORM = "application/x-www-form-urlencoded"
_VERSIONS = ("4.0", "4.0.1")
_WEIGHT = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)")


class FhirFormat(StrEnum):
    """A spelling of resources, by the media type that is answered."""

    JSON = "application/fhir+json"
    XML = "application/fhir+xml"


_READ = {
    "application/fhir+json": FhirFormat.JSON,
    "application/json": FhirFormat.JSON,
    "text/json": FhirFormat.JSON,
    "application/json+fhir": FhirFormat.JSON,
    "json": FhirFormat.JSON,
    "application/fhir+xml": FhirFormat.XML,
    "application/xml": FhirFormat.XML,
    "text/xml": FhirFormat.XML,
    "application/xml+fhir": FhirFormat.XML,
    "xml": FhirFormat.XML,
}
_RANGES = {"*/*": FhirFormat.JSON, "application/*": FhirFormat.JSON, "text/*": FhirFormat.XML}


def format_of(media_type: MediaType) -> FhirFormat | None:
    """The spelling that a Content-Type names; None: it names none. Raises FhirRefused: 415."""
    if media_type.charset not in ("utf-8", "utf8"):
        raise unsupported("the charset of the Content-Type is not utf-8")
    if media_type.parameters.get("fhirversion", "4.0") not in _VERSIONS:
        raise unsupported(f"the fhirVersion of the Content-Type is none of {', '.join(_VERSIONS)}")
    return _READ.get(media_type.essence) if "/" in media_type.essence else None


def wanted_format(accept: str, override: str | None) -> FhirFormat:
    """The spelling of the answer: what `_format` says, else the best of `Accept` that we have.

    Raises FhirRefused: 406.
    """
    if override is not None:
        if (named := named_format(override)) is None:
            raise _not_acceptable("_format names neither JSON nor XML")
        return named
    for each in media_ranges(accept):
        found = _READ.get(each) if "/" in each else None
        if found is not None or each in _RANGES:
            return found or _RANGES[each]
    if accept.strip():
        raise _not_acceptable("Accept names neither JSON nor XML")
    return FhirFormat.JSON


def named_format(override: str) -> FhirFormat | None:
    """The spelling that `_format` names; None: it names none."""
    return _READ.get(_essence(override))


def wanted_types(accept: str, override: str | None) -> tuple[str, ...]:
    """The types that a document is wanted in, best first: that of `_format`, else the ranges of `Accept`.

    A name of JSON or XML in `_format` is FHIR's own: it asks for the resource around the document.
    """
    if override is None:
        return media_ranges(accept)
    return (str(named_format(override) or _essence(override)),)


def _essence(override: str) -> str:
    """A blank stands for the plus of a type that nobody escaped in the query."""
    return override.partition(";")[0].strip().lower().replace(" ", "+")


def media_ranges(accept: str) -> tuple[str, ...]:
    """The media ranges of an `Accept` field, best first, without those that are refused; its order decides a tie."""
    weighed: list[tuple[float, str]] = []
    for item in accept.split(","):
        if not item.strip():
            continue
        try:
            media = read_media_type(item)
        except MalformedMessage:
            continue
        if media.parameters.get("fhirversion", "4.0") not in _VERSIONS:
            continue
        weight = media.parameters.get("q", "1")
        weighed.append((float(weight) if _WEIGHT.fullmatch(weight) else 0.0, media.essence))
    weighed.sort(key=lambda each: -each[0])
    return tuple(essence for weight, essence in weighed if weight > 0)


def unsupported(text: str, expected: Iterable[str] = tuple(FhirFormat)) -> FhirRefused:
    """What is sent is of a type that is not read here: 415."""
    diagnostics = f"{text}; expected {' or '.join(expected)}"
    return FhirRefused(
        415,
        [Issue(code="not-supported", reason="HTTP_MALFORMED", diagnostics=diagnostics)],
        kind=ErrorKind.HTTP_MALFORMED,
    )


def _not_acceptable(text: str) -> FhirRefused:
    return FhirRefused(
        406, [Issue(code="not-supported", reason="HTTP_MALFORMED", diagnostics=text)], kind=ErrorKind.HTTP_MALFORMED
    )
