"""The value of a Content-Type field: `type/subtype` and its parameters (RFC 2045 §5.1, RFC 9110 §8.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from security.errors import ErrorKind, MalformedMessage

_ESSENCE = re.compile(r"\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*")
# An unquoted value is wider than a token: senders leave `action=urn:ihe:…` and `start=<root@x>` without quotes.
_PARAMETER = re.compile(
    r"\s*;\s*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:\"((?:[^\"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x1f\x7f])*)\""
    r"|([^\s;\"\x00-\x1f\x7f]+)))?\s*"
)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class MediaType:
    """`essence` is `type/subtype` and parameter names are in lower case; parameter values are as sent, unquoted."""

    essence: str
    parameters: Mapping[str, str]

    @property
    def charset(self) -> str:
        """The character set in lower case, `utf-8` when none is named."""
        return self.parameters.get("charset", "utf-8").lower()


def read_media_type(value: str) -> MediaType:
    """Read a Content-Type value, folded lines already joined.

    Raises MalformedMessage: MIME_MALFORMED for anything that is not one media type with distinct parameters.
    """
    essence = _ESSENCE.match(value)
    if essence is None:
        raise MalformedMessage(ErrorKind.MIME_MALFORMED, "the Content-Type is not a media type")
    parameters: dict[str, str] = {}
    position = essence.end()
    while position < len(value):
        found = _PARAMETER.match(value, position)
        if found is None:
            raise MalformedMessage(ErrorKind.MIME_MALFORMED, "a parameter of the Content-Type is malformed")
        position = found.end()
        name, quoted, plain = found.groups()
        if name is None:
            continue
        if name.lower() in parameters:
            raise MalformedMessage(ErrorKind.MIME_MALFORMED, "a parameter of the Content-Type occurs twice")
        parameters[name.lower()] = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain
    return MediaType(essence.group(1).lower(), parameters)
