"""What a door offers in FHIR: a table of operations, each a method and a path, and what they declare of themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from gateway.exchange import Law
from gateway.gate import Caller
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.outcome import FhirRefused, Issue
from gateway.wire.fhir.request import Body, FhirRequest
from security.errors import ErrorKind
from xds.dmp.operations import Operation as LawOperation

Interaction = Literal["read", "vread", "patch", "create", "search-type", "transaction", "operation"]
METADATA = "metadata"
"""The path that says what an interface offers; GET alone."""
_VARIABLE = re.compile(r"\{(\w+)\}")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParameter:
    """A parameter of a search, as the CapabilityStatement declares it (FHIR R4 §3.1.1).

    `name` is that of the address, chain and all (`patient.identifier`); `modifiers` are those it may have there.
    """

    name: str
    type: Literal["number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"]
    documentation: str = ""
    definition: str = ""
    modifiers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirOperation:
    """One operation of a door: its route, what it does, and how the law sees it.

    `route` is below the address of the interface; `{id}` stands for one segment, which has the form of an id of FHIR.
    `handle` raises Refusal as behind SOAP, and FhirRefused for what is HTTP's own. `law` is what the operation is to
    the law of the DMP, so that a refusal is traced in the record; None: no record is concerned; `law_of` says it where
    the request does. `places` maps what errors name to FHIRPath (`xds.mhd.outcome`).
    `documents`: the answer is a document, whose type the operation agrees on with the client by itself.
    `includes` (values of _include), `profiles`, `documentation` and `definition` (of a named operation) are what the
    CapabilityStatement says of it.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    route: str
    transaction: str
    interaction: Interaction
    handle: Callable[[FhirRequest, Caller], FhirAnswer]
    body: Body = "nothing"
    law: Law = None
    law_of: Callable[[FhirRequest], LawOperation | None] | None = None
    places: Callable[[FhirRequest], Mapping[str, str]] | None = None
    parameters: tuple[SearchParameter, ...] = ()
    includes: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    documentation: str = ""
    definition: str = ""
    documents: bool = False
    known: Mapping[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    """The modifiers of each parameter, by its name."""

    def __post_init__(self) -> None:
        known = {parameter.name: parameter.modifiers for parameter in self.parameters}
        object.__setattr__(self, "known", MappingProxyType(known))

    @property
    def resource_type(self) -> str:
        """The resource that the route is about; empty for the whole interface."""
        return self.route.partition("/")[0]


def search(
    resource_type: str, *, handle: Callable[[FhirRequest, Caller], FhirAnswer], **declared: Any
) -> tuple[FhirOperation, ...]:
    """A search by its two methods, `GET [type]` and `POST [type]/_search` (FHIR R4 §3.1.1.1): one operation, twice.

    `declared` are fields of `FhirOperation`.
    """
    by_address = FhirOperation(
        method="GET", route=resource_type, interaction="search-type", handle=handle, body="nothing", **declared
    )
    return by_address, replace(by_address, method="POST", route=f"{resource_type}/_search", body="form")


def search_and_read(
    resource_type: str,
    *,
    find: Callable[[FhirRequest, Caller], FhirAnswer],
    read: Callable[[FhirRequest, Caller], FhirAnswer],
    parameters: tuple[SearchParameter, ...],
    documentation: str,
    **declared: Any,
) -> tuple[FhirOperation, ...]:
    """The search for a resource and the reading of one by its id; `declared` are fields of both."""
    by_id = FhirOperation(
        method="GET", route=f"{resource_type}/{{id}}", interaction="read", handle=read, body="nothing", **declared
    )
    searched = search(resource_type, handle=find, parameters=parameters, documentation=documentation, **declared)
    return (*searched, by_id)


class Routes:
    """The operations of one interface, by path and method."""

    def __init__(self, operations: Iterable[FhirOperation]) -> None:
        """Raises ValueError: two operations have one route and one method."""
        self.operations = tuple(operations)
        self._table: dict[str, dict[str, FhirOperation]] = {}
        for operation in self.operations:
            methods = self._table.setdefault(operation.route, {})
            if operation.method in methods:
                raise ValueError(f"{operation.method} {operation.route} is there twice")
            methods[operation.method] = operation
        self._patterns = {
            route: re.compile(_VARIABLE.sub(r"(?P<\1>[^/]*)", re.sub(r"([$.])", r"\\\1", route)))
            for route in sorted(self._table, key=lambda each: each.count("{"))
        }

    def find(self, method: str, path: str) -> tuple[FhirOperation, Mapping[str, str]]:
        """The operation of a path, and its variables. Raises FhirRefused: 404, 405 (with the methods there are)."""
        for route, pattern in self._patterns.items():
            found = pattern.fullmatch(path)
            if found is None:
                continue
            if any(not _ID.fullmatch(value) for value in found.groupdict().values()):
                break
            methods = self._table[route]
            if method not in methods:
                raise _refused(405, "not-supported", "this address has not that method", ", ".join(sorted(methods)))
            return methods[method], found.groupdict()
        if not path:
            text = "this address has no method: documents are deposited at the ingest door, not at this one"
            raise _refused(405, "not-supported", text, "")
        if path == METADATA:
            raise _refused(405, "not-supported", "this address has not that method", "GET")
        raise _refused(404, "not-found", "this interface has nothing at that address")


def _refused(status: int, code: str, text: str, allow: str | None = None) -> FhirRefused:
    issue = Issue(code=code, reason="FHIR_FORBIDDEN", diagnostics=text)
    return FhirRefused(status, [issue], kind=ErrorKind.FHIR_FORBIDDEN, allow=allow)
