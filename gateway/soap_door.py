"""What both doors do with a SOAP request: admit, read, verify, dispatch, refuse, audit.

A door is a table of operations; how an exchange ends is told in `gateway.exchange`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from gateway.database.errors import DatabaseUnavailable
from gateway.doorkeeper import Doorkeeper
from gateway.exchange import Exchange, Law
from gateway.gate import Caller
from gateway.wire import description, soap
from gateway.wire.addressing import Transaction, find_transaction
from gateway.wire.faults import NotAvailable
from gateway.wire.mtom import Attachment
from gateway.wire.soap import SoapMessage, SoapReply
from security.audit.event import Outcome
from security.audit.trail import AuditUnavailable
from security.errors import SecurityError
from xds.dmp.operations import Operation as LawOperation
from xds.errors import Refusal, RegistryError, XdsErrorCode

__all__ = ("SERVICES", "Answer", "Offer", "Operation", "Service", "build", "services")

SERVICES = "/si-dmp-server/v2/services"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a use case says, spelled: body of the envelope and the documents beside it."""

    body: bytes
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One transaction of a door: its WS-Addressing actions, its wire, and how it says no.

    `law` is what it is to the law of the DMP, which may depend on who asks, so that a refusal is traced in the record;
    None: no record is concerned. `law_of` says it where the message does. `refuse_message` says no where the answer
    repeats the message.
    """

    transaction: Transaction
    handle: Callable[[SoapMessage, Caller], Answer]
    refuse: Callable[[tuple[RegistryError, ...]], bytes] | None = None
    law: Law = None
    law_of: Callable[[SoapMessage], LawOperation | None] | None = None
    refuse_message: Callable[[SoapMessage, tuple[RegistryError, ...]], bytes] | None = None

    def refusal(self, message: SoapMessage, errors: tuple[RegistryError, ...]) -> SoapReply:
        """The answer that says no."""
        if self.refuse_message is not None:
            said = self.refuse_message(message, errors)
        elif self.refuse is not None:
            said = self.refuse(errors)
        else:
            raise LookupError(f"{self.transaction.name} has no way to say no")
        return soap.reply(message, self.transaction.refusal_action or self.transaction.reply_action, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One address of a door: its name in the path, its description and its operations."""

    name: str
    wsdl: str
    operations: tuple[Operation, ...]


Offer = Mapping[str, Mapping[str, tuple[Transaction, ...]]]
"""What a door offers: by domain, by name of service."""


def services(offer: Offer, domain: str, door: str, operations: Iterable[Operation]) -> tuple[Service, ...]:
    """The services of a door in a domain; each has its own description. Raises KeyError: an operation is lacking."""
    table = {operation.transaction: operation for operation in operations}
    prefix = door if domain == "dmp" else f"{domain}-{door}"
    return tuple(
        Service(name=name, wsdl=f"{prefix}-{name}", operations=tuple(table[item] for item in transactions))
        for name, transactions in offer[domain].items()
    )


def build(name: str, services: Iterable[Service], keeper: Doorkeeper) -> Flask:
    """The WSGI application of one door: its services and nothing else."""
    app = Flask(name, static_folder=None)
    table = {service.name: service for service in services}

    @app.post(f"{SERVICES}/<service>")
    def receive(service: str) -> Response:
        return _SoapExchange(table[service], keeper).run() if service in table else _plain(404)

    @app.get(f"{SERVICES}/<service>")
    def describe(service: str) -> Response:
        return _SoapExchange(table[service], keeper).describe() if service in table else _plain(404)

    @app.errorhandler(HTTPException)
    def plain_error(error: HTTPException) -> Response:
        return _plain(error.code or 500)

    return app


class _SoapExchange(Exchange):
    """One SOAP request and its answer."""

    def __init__(self, service: Service, keeper: Doorkeeper) -> None:
        super().__init__(keeper)
        self._service = service
        self._message: SoapMessage | None = None
        self._operation: Operation | None = None

    def describe(self) -> Response:
        """The WSDL or a schema, for whoever may open this door: no patient is concerned, only a refusal is audited."""
        try:
            self.admit_certificate()
        except SecurityError as error:
            try:
                self.write_down(Outcome.REFUSED, error.code)
            except (DatabaseUnavailable, AuditUnavailable):
                return _plain(503)
            return _plain(403)
        return _description(self._service)

    def answer(self) -> Response:
        certificate = self.admit_certificate()
        self._message = soap.read(
            request.headers.get("Content-Type", ""), request.environ["wsgi.input"], self.keeper.limits
        )
        self._operation = self._find(self._message)
        self.caller = self.keeper.gate.admit(certificate, self._message.security, self.id, self.now)
        try:
            answer = self._operation.handle(self._message, self.caller)
        except Refusal as refusal:
            self.write_down(Outcome.REFUSED, refusal.errors[0].code, refusal.decided_by, refusal.operation)
            return self._honest(self._operation.refusal(self._message, refusal.errors))
        return self._honest(
            soap.reply(self._message, self._operation.transaction.reply_action, answer.body, answer.attachments)
        )

    def _honest(self, reply: SoapReply) -> Response:
        """An answer that says which unverified rules it rests on."""
        words = self.assumed()
        return _response(replace(reply, headers=[*reply.headers, ("X-Sandbox-Assumed", words)]) if words else reply)

    def law(self) -> LawOperation | None:
        if self._operation is None:
            return None
        if self._operation.law_of is not None and self._message is not None:
            return self.law_of(self._operation.law_of(self._message))
        return self.law_of(self._operation.law)

    def _find(self, message: SoapMessage) -> Operation:
        offered = self._service.operations
        found = find_transaction(message.action, message.body, [operation.transaction for operation in offered])
        return next(operation for operation in offered if operation.transaction is found)

    def fault(self, error: SecurityError | NotAvailable | None) -> Response:
        return _response(soap.fault(error or RuntimeError(), self._message, request_id=self.id))

    def unavailable(self) -> Response:
        if self._message is not None and self._operation is not None:
            error = RegistryError(XdsErrorCode.REGISTRY_NOT_AVAILABLE, "the registry does not answer: send again later")
            return _response(self._operation.refusal(self._message, (error,)))
        return _response(soap.fault(NotAvailable(), self._message, request_id=self.id))

    def transaction(self) -> str:
        """What was asked for; a request refused before it was read can only ask for what its address offers."""
        asked = [self._operation] if self._operation else self._service.operations
        return " ".join(dict.fromkeys(operation.transaction.name for operation in asked))


def _description(service: Service) -> Response:
    if "wsdl" in request.args:
        content: bytes | None = description.wsdl(service.wsdl, request.base_url)
    else:
        content = description.xsd(request.args.get("xsd", ""))
    return _plain(404) if content is None else Response(content, mimetype="text/xml")


def _response(reply: SoapReply) -> Response:
    return Response(reply.content, status=reply.status, headers=reply.headers)


def _plain(status: int) -> Response:
    return Response("", status=status, mimetype="text/plain")
