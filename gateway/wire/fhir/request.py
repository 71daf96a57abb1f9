"""A request of the REST interface of FHIR, read: what an operation is asked (FHIR R4 §3.1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Body = Literal["nothing", "resource", "form", "patch"]
"""What an operation takes in its body: nothing, a resource, the parameters of a search, or a patch of a resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirRequest:
    """`base` is the address of the interface, without a slash at its end: `https://…/ingest/fhir`.

    `variables` are the parts of the path that the route names. `parameters` are those of the search, of the address
    then of the form, decoded, in order; `_format` and `_pretty` are not among them.
    `resource` was read strictly, is what was sent, and fits its type in R4; decimals are `decimal.Decimal`.
    `content` are the bytes of a patch, `media_type` its type, without parameters.
    `lenient`: the client prefers `handling=lenient`, and the house lets it. `strict`: it prefers `handling=strict`.
    `returning` is what it prefers to get back. `accept` are the media ranges it takes, best first;
    empty: any. `if_match` is a version, without quotes.
    """

    base: str
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[tuple[str, str], ...] = ()
    resource: dict[str, Any] | None = None
    content: bytes = field(default=b"", repr=False)
    media_type: str = ""
    lenient: bool = False
    strict: bool = False
    returning: Literal["", "minimal", "representation", "OperationOutcome"] = ""
    accept: tuple[str, ...] = ()
    if_match: str = ""

    def values(self, name: str) -> tuple[str, ...]:
        """Every value of a parameter, whatever its modifier is not: `name` is spelled as sent."""
        return tuple(value for key, value in self.parameters if key == name)
