"""What both doors do with a SOAP request: admit, read, verify, dispatch, refuse, audit.

A door is a table of operations. Libraries raise; only this module catches, once, and every refusal leaves an audit
event before its answer leaves.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from gateway.database.errors import DatabaseUnavailable
from gateway.gate import Caller, Gate, Witness
from gateway.wire import description, soap
from gateway.wire.addressing import Transaction, find_transaction
from gateway.wire.faults import NotAvailable
from gateway.wire.mtom import Attachment, MimeLimits
from gateway.wire.soap import SoapMessage, SoapReply
from security.audit.event import AuditEvent, Outcome
from security.audit.trail import AuditTrail, AuditUnavailable
from security.errors import SecurityError
from security.pki.certificate import HolderCertificate
from security.vihf.model import Vihf
from xds.dmp import rights
from xds.dmp.operations import Operation as LawOperation
from xds.errors import Refusal, RegistryError, XdsErrorCode

SERVICES = "/si-dmp-server/v2/services"

_log = logging.getLogger("ecluse.door")


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
    law: LawOperation | Callable[[Caller], LawOperation] | None = None
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


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Who admits, who writes it down, and how much may come in at once."""

    gate: Gate
    audit: AuditTrail
    witness: Witness
    limits: MimeLimits


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
        return _Exchange(table[service], keeper).run() if service in table else _plain(404)

    @app.get(f"{SERVICES}/<service>")
    def describe(service: str) -> Response:
        return _Exchange(table[service], keeper).describe() if service in table else _plain(404)

    @app.errorhandler(HTTPException)
    def plain_error(error: HTTPException) -> Response:
        return _plain(error.code or 500)

    return app


class _Exchange:
    """One request and its answer."""

    def __init__(self, service: Service, keeper: Doorkeeper) -> None:
        self._service = service
        self._keeper = keeper
        self._id: str = request.environ.get("ecluse.request_id") or str(uuid.uuid4())
        self._now = datetime.now(UTC)
        self._certificate: HolderCertificate | None = None
        self._message: SoapMessage | None = None
        self._operation: Operation | None = None
        self._caller: Caller | None = None

    def run(self) -> Response:
        try:
            return _response(self._answer())
        except SecurityError as error:
            return self._refused(error, error.code)
        except NotAvailable as error:
            return self._refused(error, error.code)
        except (DatabaseUnavailable, AuditUnavailable):
            _log.error("store unavailable", extra={"request": self._id})
            return _response(self._unavailable())
        except Exception:  # noqa: BLE001 - the one place where our own bugs become an incident number
            _log.exception("unexpected error", extra={"request": self._id})
            return self._refused(None, "incident")

    def describe(self) -> Response:
        """The WSDL or a schema, for whoever may open this door: no patient is concerned, only a refusal is audited."""
        try:
            self._keeper.gate.admit_certificate(_client_certificate(), self._now)
        except SecurityError as error:
            try:
                self._record(Outcome.REFUSED, error.code)
            except (DatabaseUnavailable, AuditUnavailable):
                return _plain(503)
            return _plain(403)
        return _description(self._service)

    def _answer(self) -> SoapReply:
        self._certificate = self._keeper.gate.admit_certificate(_client_certificate(), self._now)
        self._message = soap.read(
            request.headers.get("Content-Type", ""), request.environ["wsgi.input"], self._keeper.limits
        )
        self._operation = self._find(self._message)
        self._caller = self._keeper.gate.admit(self._certificate, self._message.security, self._id, self._now)
        try:
            answer = self._operation.handle(self._message, self._caller)
        except Refusal as refusal:
            self._record(Outcome.REFUSED, refusal.errors[0].code, refusal.decided_by, refusal.operation)
            return self._honest(self._operation.refusal(self._message, refusal.errors))
        return self._honest(
            soap.reply(self._message, self._operation.transaction.reply_action, answer.body, answer.attachments)
        )

    def _honest(self, reply: SoapReply) -> SoapReply:
        """An answer that says which unverified rules it rests on: they depend on the caller, never on the record."""
        law = self._law()
        words = rights.assumed(law, self._caller.requester) if law is not None and self._caller is not None else ()
        if not words:
            return reply
        return replace(reply, headers=[*reply.headers, ("X-Sandbox-Assumed", ", ".join(words))])

    def _law(self) -> LawOperation | None:
        """What the caller asks for, in the words of the law; None where no law of records applies."""
        if self._operation is None or self._caller is None or not isinstance(self._caller.assertion, Vihf):
            return None
        law = self._operation.law
        if self._operation.law_of is not None and self._message is not None:
            law = self._operation.law_of(self._message)
        return law if law is None or isinstance(law, LawOperation) else law(self._caller)

    def _find(self, message: SoapMessage) -> Operation:
        table = {operation.transaction: operation for operation in self._service.operations}
        return table[find_transaction(message.action, message.body, tuple(table))]

    def _refused(self, error: SecurityError | NotAvailable | None, code: str) -> Response:
        try:
            self._record(Outcome.REFUSED if error is not None else Outcome.FAILURE, code)
        except (DatabaseUnavailable, AuditUnavailable):
            return _response(self._unavailable())
        if error is not None:
            kind = str(error.kind) if isinstance(error, SecurityError) else "NOT_AVAILABLE"
            _log.info("refused", extra={"request": self._id, "kind": kind, "code": error.code})
        return _response(soap.fault(error or RuntimeError(), self._message, request_id=self._id))

    def _unavailable(self) -> SoapReply:
        if self._message is not None and self._operation is not None:
            error = RegistryError(XdsErrorCode.REGISTRY_NOT_AVAILABLE, "the registry does not answer: send again later")
            return self._operation.refusal(self._message, (error,))
        return soap.fault(NotAvailable(), self._message, request_id=self._id)

    def _transaction(self) -> str:
        """What was asked for; a request refused before it was read can only ask for what its address offers."""
        asked = [self._operation] if self._operation else self._service.operations
        return " ".join(dict.fromkeys(operation.transaction.name for operation in asked))

    def _record(self, outcome: Outcome, code: str, rule: str = "", operation: str = "") -> None:
        self._keeper.audit.append(self._event(outcome, code), self._trace(outcome, code, rule, operation))

    def _trace(self, outcome: Outcome, code: str, rule: str, operation: str) -> str:
        """What the record keeps of a refusal; nothing before somebody is known who asked something of a patient."""
        law = LawOperation(operation) if operation else self._law()
        patient_id = self._caller.vihf.patient if law is not None and self._caller is not None else None
        if law is None or self._caller is None or not patient_id:
            return ""
        return self._keeper.witness.trace(
            law, outcome, self._caller, patient_id=patient_id, code=code, rule=rule
        ).as_json()

    def _event(self, outcome: Outcome, code: str) -> AuditEvent:
        return self._keeper.witness.event(
            self._transaction(),
            outcome,
            request_id=self._id,
            now=self._now,
            certificate=self._certificate,
            fingerprint=hashlib.sha256(_client_certificate() or b"").hexdigest(),
            assertion=self._caller.assertion if self._caller else None,
            code=code,
        )


def _client_certificate() -> bytes | None:
    found: bytes | None = request.environ.get("ecluse.client_certificate")
    return found


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
