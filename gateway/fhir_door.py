"""What both doors do with a request in FHIR: admit, find, verify, read, dispatch, refuse, audit.

An interface is a table of operations (`gateway.fhir_routes`); how an exchange ends is told in `gateway.exchange`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flask import Flask, Response, request

from conformance.fhir import schema
from gateway.doorkeeper import Doorkeeper
from gateway.exchange import Exchange
from gateway.fhir_capabilities import capability_statement
from gateway.fhir_routes import METADATA, FhirOperation, Routes
from gateway.wire.bearer import read_bearer
from gateway.wire.faults import NotAvailable
from gateway.wire.fhir import media_types, reading
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.media_types import FhirFormat
from gateway.wire.fhir.outcome import FhirRefused, Issue, refusal_of, write_outcome
from gateway.wire.fhir.preferences import Preferences, read_preferences
from gateway.wire.fhir.request import FhirRequest
from gateway.wire.fhir.writing import write_answer
from security.audit.event import Outcome
from security.errors import ErrorKind, MalformedMessage, SecurityError
from xds.dmp.operations import Operation as LawOperation
from xds.errors import Refusal
from xds.mhd import outcome as mhd_outcome

ADDRESSES: Mapping[str, str] = {"ingest": "/ingest/fhir", "consultation": "/consult/fhir"}
"""Where the interface of a door is: two addresses, never one."""

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_OF_THE_WIRE = frozenset({"_format", "_pretty"})
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirPolicy:
    """How an interface takes what is not quite right.

    `handling` counts where the client prefers nothing; `may_be_lenient`: whether a client may ask for leniency.
    """

    handling: Literal["strict", "lenient"] = "strict"
    may_be_lenient: bool = False


def mount(app: Flask, name: str, operations: Iterable[FhirOperation], keeper: Doorkeeper, policy: FhirPolicy) -> None:
    """Add the interface of the door `name` to its application: these operations, `metadata`, and nothing else."""
    address, routes = ADDRESSES[name], Routes(operations)
    schema.prepare(("Bundle", "OperationOutcome", *(item.resource_type for item in routes.operations)))

    def receive(path: str = "") -> Response:
        return _FhirExchange(path, address, routes, keeper, policy).run()

    for rule in (address, f"{address}/", f"{address}/<path:path>"):
        app.add_url_rule(
            rule, f"fhir {rule}", receive, methods=_METHODS, provide_automatic_options=False, merge_slashes=False
        )


class _FhirExchange(Exchange):
    """One request and its answer."""

    def __init__(self, path: str, address: str, routes: Routes, keeper: Doorkeeper, policy: FhirPolicy) -> None:
        super().__init__(keeper)
        self._path, self._address, self._routes, self._policy = path, address, routes, policy
        self._format = FhirFormat.JSON
        self._operation: FhirOperation | None = None
        self._request: FhirRequest | None = None
        request.environ["ecluse.route"] = f"{request.method} {address}"

    def answer(self) -> Response:
        certificate = self.admit_certificate()
        query = reading.read_query(request.query_string)
        override = _override(query)
        if request.method == "GET" and self._path == METADATA:
            request.environ["ecluse.route"] = f"GET {self._address}/{METADATA}"
            self._format = media_types.wanted_format(request.headers.get("Accept", ""), override)
            return self._written(FhirAnswer(resource=capability_statement(self._base(), self._routes.operations)))
        self._operation, variables = self._routes.find(request.method, self._path)
        request.environ["ecluse.route"] = f"{request.method} {self._address}/{self._operation.route}"
        if not self._operation.documents:
            self._format = media_types.wanted_format(request.headers.get("Accept", ""), override)
        elif override is not None:
            self._format = media_types.named_format(override) or self._format
        token = read_bearer(request.headers.getlist("Authorization"))
        self.caller = self.keeper.gate.admit_bearer(certificate, token, self.id, self.now)
        self._request = self._read(self._operation, variables, query)
        try:
            said = self._operation.handle(self._request, self.caller)
        except Refusal as refusal:
            self.write_down(Outcome.REFUSED, refusal.errors[0].code, refusal.decided_by, refusal.operation)
            return self._honest(self._refusal(self._operation, self._request, refusal))
        return self._honest(self._written(said, minimal=self._request.returning == "minimal"))

    def _read(
        self, operation: FhirOperation, variables: Mapping[str, str], query: tuple[tuple[str, str], ...]
    ) -> FhirRequest:
        if "If-None-Exist" in request.headers:
            text = "If-None-Exist: a creation has no condition here, since nothing is told of what there is"
            raise FhirRefused(400, [Issue(code="not-supported", reason="FHIR_FORBIDDEN", diagnostics=text)])
        override = _override(query)
        prefer = read_preferences(", ".join(request.headers.getlist("Prefer")))
        pairs = [(name, value) for name, value in query if name not in _OF_THE_WIRE]
        resource: dict[str, Any] | None = None
        content, media_type = b"", ""
        if operation.body != "nothing":
            sent = reading.read_type(request.headers.get("Content-Type", ""), operation.body)
            media_type, stream = sent.essence, request.environ["wsgi.input"]
            if operation.body == "resource":
                resource = reading.read_resource(sent, stream)
            elif operation.body == "patch":
                resource, content = reading.read_patch(sent, stream)
            else:
                pairs += [(name, value) for name, value in reading.read_form(sent, stream) if name not in _OF_THE_WIRE]
        return FhirRequest(
            base=self._base(),
            variables=variables,
            parameters=reading.sift(pairs, operation.known, strict=prefer.handling == "strict"),
            resource=resource,
            content=content,
            media_type=media_type,
            lenient=self._is_lenient(prefer),
            strict=prefer.handling == "strict",
            returning=prefer.returning,
            accept=media_types.wanted_types(request.headers.get("Accept", ""), override),
            if_match=_version(request.headers.get("If-Match", "")),
        )

    def _is_lenient(self, prefer: Preferences) -> bool:
        return self._policy.may_be_lenient and (prefer.handling or self._policy.handling) == "lenient"

    def _refusal(self, operation: FhirOperation, asked: FhirRequest, refusal: Refusal) -> Response:
        places = operation.places(asked) if operation.places is not None else {}
        said = FhirAnswer(
            status=mhd_outcome.http_status(refusal.errors), resource=mhd_outcome.write_outcome(refusal.errors, places)
        )
        return self._written(said)

    def _honest(self, response: Response) -> Response:
        """An answer that says which unverified rules it rests on."""
        if words := self.assumed():
            response.headers["X-Sandbox-Assumed"] = words
        return response

    def _written(self, said: FhirAnswer, *, minimal: bool = False) -> Response:
        status, content, head = write_answer(said, self._format, minimal=minimal)
        return Response(content, status=status, headers={**head, "X-Request-Id": self.id})

    def fault(self, error: SecurityError | NotAvailable | None) -> Response:
        status, issues = refusal_of(error, self.id, known=self.caller is not None)
        response = self._written(FhirAnswer(status=status, resource=write_outcome(issues)))
        if isinstance(error, FhirRefused) and error.allow is not None:
            response.headers["Allow"] = error.allow
        if status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response

    def unavailable(self) -> Response:
        return self.fault(NotAvailable())

    def transaction(self) -> str:
        return self._operation.transaction if self._operation is not None else "FHIR"

    def law(self) -> LawOperation | None:
        if self._operation is None:
            return None
        if self._operation.law_of is not None and self._request is not None:
            return self.law_of(self._operation.law_of(self._request))
        return self.law_of(self._operation.law)

    def _base(self) -> str:
        """The address of the interface, as the client has it. Raises MalformedMessage: its Host is none."""
        if not _HOST.fullmatch(request.host):
            raise MalformedMessage(ErrorKind.HTTP_MALFORMED, "Host is not a name and a port")
        return f"{request.scheme}://{request.host}{self._address}"


def _override(query: tuple[tuple[str, str], ...]) -> str | None:
    """What `_format` says, which counts before `Accept`."""
    return next((value for name, value in query if name == "_format"), None)


def _version(value: str) -> str:
    """The version that `If-Match` names, weak or not; empty where any will do. Raises FhirRefused: 400, several."""
    if value.strip() in ("", "*"):
        return ""
    version = value.removeprefix("W/")
    if len(version) < 3 or version[0] != '"' or version[-1] != '"' or '"' in version[1:-1]:
        raise FhirRefused(
            400, [Issue(code="value", reason="HTTP_MALFORMED", diagnostics="If-Match is not one version")]
        )
    return version[1:-1]
