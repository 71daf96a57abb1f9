"""A medium sent to the ingest door as it is: `POST /ingest/xdm`, one ZIP archive, one submission (ITI TF-2 §3.32).

Certificate and token are those of the FHIR interface, the lot and its rules are those of ITI-41.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from flask import Flask, Response, request

from gateway.doorkeeper import Doorkeeper
from gateway.exchange import Exchange
from gateway.gate import Caller
from gateway.ingest.feeding import operation_of
from gateway.ingest.fhir_leniency import LenientRules
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.server.body import BodyMemory
from gateway.wire.bearer import read_bearer
from gateway.wire.faults import NotAvailable, Overloaded
from gateway.wire.fhir.outcome import refusal_of
from gateway.wire.fhir.preferences import read_preferences
from gateway.wire.media_type import read_media_type
from security.audit.event import Outcome
from security.errors import ErrorKind, MalformedMessage, SecurityError
from xds.dmp.operations import Operation as LawOperation
from xds.ebrim.writer import write_registry_response
from xds.errors import Refusal, RegistryError, Severity, XdsErrorCode
from xds.messages import RegistryResponse, ResponseStatus
from xds.mhd.outcome import http_status
from xds.xdm.deposit import read_deposit
from xds.xdm.reader import open_tree
from xds.xdm.tree import Limits, Tree, UnusableMedium

ADDRESS: Final = "/ingest/xdm"
TRANSACTION: Final = "ITI-32"
UNUSABLE: Final = "XDM-UNUSABLE"
_ZIP: Final = ("application/zip", "application/x-zip-compressed")
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True, slots=True, kw_only=True)
class XdmPolicy:
    """Whether a lot that is not signed is taken, told as a warning: always, or where the client prefers it.

    `size` bounds a medium in bytes, packed and unpacked; `memory` what all of them are together, unpacked, and
    `patience` is how long one waits for it, in seconds.
    """

    lenient: bool
    may_be_lenient: bool
    size: int
    memory: BodyMemory
    patience: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MediumDeposits:
    """(1) the archive  (2) its one submission, all that is wrong with it  (3) the use case of ITI-41."""

    strict: ProvideAndRegister
    lenient: ProvideAndRegister
    policy: XdmPolicy

    @classmethod
    def of(cls, provide: ProvideAndRegister, policy: XdmPolicy) -> MediumDeposits:
        """Over the use case of SOAP, under the name of this transaction."""
        strict = replace(provide, transaction=TRANSACTION)
        lenient = replace(strict, rules=LenientRules(rules=provide.rules))
        return cls(strict=strict, lenient=lenient, policy=policy)

    def __call__(self, content: bytes, caller: Caller, *, lenient: bool) -> RegistryResponse:
        """Deposit a medium. Raises Refusal with every error and warning, NotAuthenticated, Overloaded."""
        limits = Limits(archive=self.policy.size, file=self.policy.size, total=self.policy.size)
        try:
            tree = open_tree(content, limits)  # (1)
            with self._room(tree):
                found = read_deposit(tree)  # (2)
                provide = self.lenient if lenient else self.strict
                response = provide(found.request, caller)  # (3)
        except UnusableMedium as error:
            raise Refusal([RegistryError(XdsErrorCode.REPOSITORY_METADATA, str(error), rule=UNUSABLE)]) from None
        except Refusal as refusal:
            errors = (*refusal.errors, *found.warnings)
            raise Refusal(errors, decided_by=refusal.decided_by, operation=refusal.operation) from None
        return RegistryResponse(response.status, (*response.errors, *found.warnings))

    @contextmanager
    def _room(self, tree: Tree) -> Iterator[None]:
        """What an archive unpacks to is held in memory, and counted before anything is unpacked."""
        size = sum(tree.files.values())
        if not self.policy.memory.take(size, self.policy.patience):
            raise Overloaded
        try:
            yield
        finally:
            self.policy.memory.give_back(size)


def mount(app: Flask, keeper: Doorkeeper, deposits: MediumDeposits) -> None:
    """Add the address to the application of the ingest door."""

    def receive() -> Response:
        return _XdmExchange(keeper, deposits).run()

    app.add_url_rule(ADDRESS, "xdm", receive, methods=_METHODS, provide_automatic_options=False)


class _XdmExchange(Exchange):
    """One medium and its answer, a RegistryResponse whatever becomes of it."""

    def __init__(self, keeper: Doorkeeper, deposits: MediumDeposits) -> None:
        super().__init__(keeper)
        self._deposits = deposits
        request.environ["ecluse.route"] = f"{request.method} {ADDRESS}"

    def answer(self) -> Response:
        certificate = self.admit_certificate()
        if request.method != "POST":
            raise _NotSo("this address takes media by POST", 405)
        token = read_bearer(request.headers.getlist("Authorization"))
        self.caller = self.keeper.gate.admit_bearer(certificate, token, self.id, self.now)
        if read_media_type(request.headers.get("Content-Type", "")).essence not in _ZIP:
            raise _NotSo("the Content-Type is not application/zip", 415)
        content = request.environ["wsgi.input"].read(-1)
        try:
            response = self._deposits(content, self.caller, lenient=self._is_lenient())
        except Refusal as refusal:
            self.write_down(Outcome.REFUSED, refusal.errors[0].code, refusal.decided_by, refusal.operation)
            return self._honest(_written(RegistryResponse.of(refusal.errors), http_status(refusal.errors)))
        return self._honest(_written(response, 200))

    def _is_lenient(self) -> bool:
        policy = self._deposits.policy
        wanted = read_preferences(", ".join(request.headers.getlist("Prefer"))).handling
        return policy.may_be_lenient and (wanted == "lenient" if wanted else policy.lenient)

    def _honest(self, response: Response) -> Response:
        """An answer that says which unverified rules it rests on."""
        if words := self.assumed():
            response.headers["X-Sandbox-Assumed"] = words
        response.headers["X-Request-Id"] = self.id
        return response

    def fault(self, error: SecurityError | NotAvailable | None) -> Response:
        status, issues = refusal_of(error, self.id, known=self.caller is not None)
        if isinstance(error, _NotSo):
            status = error.status
        told = [
            RegistryError(XdsErrorCode.REPOSITORY, one.diagnostics, rule=one.reason or "INCIDENT") for one in issues
        ]
        response = _written(RegistryResponse(ResponseStatus.FAILURE, tuple(told)), status)
        response.headers["X-Request-Id"] = self.id
        if status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        if status == 405:
            response.headers["Allow"] = "POST"
        return response

    def unavailable(self) -> Response:
        return self.fault(NotAvailable())

    def transaction(self) -> str:
        return TRANSACTION

    def law(self) -> LawOperation | None:
        return self.law_of(operation_of)


class _NotSo(MalformedMessage):
    """What HTTP itself refuses: another method (405), another media type (415)."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(ErrorKind.HTTP_MALFORMED, text)
        self.status = status


def _written(response: RegistryResponse, status: int) -> Response:
    errors = sorted(response.errors, key=lambda one: one.severity is Severity.WARNING)
    content = write_registry_response(RegistryResponse(response.status, tuple(errors)))
    return Response(content, status=status, mimetype="application/xml")
