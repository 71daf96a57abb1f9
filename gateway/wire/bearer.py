"""The token of a request over HTTP (RFC 6750 §2.1)."""

from __future__ import annotations

from collections.abc import Sequence

from security.errors import ErrorKind, MalformedMessage


def read_bearer(fields: Sequence[str]) -> str | None:
    """The token of the `Authorization` fields of a request; None: none.

    Raises MalformedMessage: HTTP_MALFORMED, more than one field, or another scheme.
    """
    if not fields:
        return None
    scheme, _, token = fields[0].partition(" ")
    if len(fields) != 1 or scheme.lower() != "bearer":
        raise MalformedMessage(ErrorKind.HTTP_MALFORMED, "Authorization is not one Bearer token")
    return token.strip()
