"""What an operation answers over HTTP, before it is written as JSON or XML (FHIR R4 §3.1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirAnswer:
    """A resource, or the bytes of a document beside their media type; neither is an empty body.

    `written` is a resource too, as JSON already, without decimals.
    `location` is an absolute address; `etag` a version, without quotes; `last_modified` is UTC. `resource` has plain
    values, `decimal.Decimal` for decimals. A client that prefers `return=minimal` gets no resource where
    `may_be_minimal`.
    """

    status: int = 200
    resource: Mapping[str, Any] | None = None
    written: bytes = field(default=b"", repr=False)
    content: bytes = field(default=b"", repr=False)
    content_type: str = ""
    location: str = ""
    etag: str = ""
    last_modified: datetime | None = None
    may_be_minimal: bool = False
