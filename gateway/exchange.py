"""One request at a door, whatever its wire: who sent it, how it may end, and what is written down of a refusal."""

from __future__ import annotations

import hashlib
import logging
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Response, request

from gateway.database.errors import DatabaseUnavailable
from gateway.doorkeeper import Doorkeeper
from gateway.gate import Caller
from gateway.wire.faults import NotAvailable
from security.audit.event import AuditEvent, Outcome
from security.audit.trail import AuditUnavailable
from security.errors import SecurityError
from security.pki.certificate import HolderCertificate
from security.vihf.model import Vihf
from xds.dmp import rights
from xds.dmp.operations import Operation as LawOperation

Law = LawOperation | Callable[[Caller], LawOperation] | None
"""What a transaction is to the law of the DMP, which may depend on who asks; None: no record is concerned."""

_log = logging.getLogger("ecluse.door")


class Exchange(ABC):
    """One request and its answer. Libraries raise; only `run` catches, once.

    A wire says how it answers and how it says no; every refusal leaves an audit event before its answer leaves, and a
    trace in the record once somebody is known who asked something of a patient.
    """

    def __init__(self, keeper: Doorkeeper) -> None:
        self.keeper = keeper
        self.id: str = request.environ.get("ecluse.request_id") or str(uuid.uuid4())
        self.now = datetime.now(UTC)
        self.certificate: HolderCertificate | None = None
        self.caller: Caller | None = None

    def run(self) -> Response:
        """The answer, whatever happens."""
        try:
            return self.answer()
        except (SecurityError, NotAvailable) as error:
            return self._refused(error, error.code)
        except (DatabaseUnavailable, AuditUnavailable):
            _log.error("store unavailable", extra={"request": self.id})
            return self.unavailable()
        except Exception:  # noqa: BLE001 - the one place where our own bugs become an incident number
            _log.exception("unexpected error", extra={"request": self.id})
            return self._refused(None, "incident")

    @abstractmethod
    def answer(self) -> Response:
        """Admit, read, verify, dispatch. Raises SecurityError, NotAvailable, and whatever is our own bug."""

    @abstractmethod
    def fault(self, error: SecurityError | NotAvailable | None) -> Response:
        """How this wire says that the door refuses; None: an incident of our own."""

    @abstractmethod
    def unavailable(self) -> Response:
        """How this wire says that the stores do not answer."""

    @abstractmethod
    def transaction(self) -> str:
        """What was asked for, by its name; what the address offers while it is not known."""

    @abstractmethod
    def law(self) -> LawOperation | None:
        """What was asked for, in the words of the law; None where no law of records applies."""

    def admit_certificate(self) -> HolderCertificate:
        """Accept the certificate of the connection. Raises NotAuthenticated."""
        self.certificate = self.keeper.gate.admit_certificate(client_certificate(), self.now)
        return self.certificate

    def law_of(self, law: Law) -> LawOperation | None:
        """The operation of the law that a transaction is for this caller."""
        if self.caller is None or not isinstance(self.caller.assertion, Vihf):
            return None
        return law if law is None or isinstance(law, LawOperation) else law(self.caller)

    def assumed(self) -> str:
        """The unverified rules that the answer rests on: they depend on the caller, never on the record."""
        law = self.law()
        return ", ".join(rights.assumed(law, self.caller.requester)) if law is not None and self.caller else ""

    def write_down(self, outcome: Outcome, code: str, rule: str = "", operation: str = "") -> None:
        """Append the event, and the trace of the record. Raises DatabaseUnavailable, AuditUnavailable."""
        self.keeper.audit.append(self._event(outcome, code), self._trace(outcome, code, rule, operation))

    def _refused(self, error: SecurityError | NotAvailable | None, code: str) -> Response:
        try:
            self.write_down(Outcome.REFUSED if error is not None else Outcome.FAILURE, code)
        except (DatabaseUnavailable, AuditUnavailable):
            return self.unavailable()
        if error is not None:
            kind = str(error.kind) if isinstance(error, SecurityError) else "NOT_AVAILABLE"
            _log.info("refused", extra={"request": self.id, "kind": kind, "code": error.code})
        return self.fault(error)

    def _trace(self, outcome: Outcome, code: str, rule: str, operation: str) -> str:
        """What the record keeps of a refusal; nothing before somebody is known who asked something of a patient."""
        law = LawOperation(operation) if operation else self.law()
        patient_id = self.caller.vihf.patient if law is not None and self.caller is not None else None
        if law is None or self.caller is None or not patient_id:
            return ""
        return self.keeper.witness.trace(
            law, outcome, self.caller, patient_id=patient_id, code=code, rule=rule
        ).as_json()

    def _event(self, outcome: Outcome, code: str) -> AuditEvent:
        return self.keeper.witness.event(
            self.transaction(),
            outcome,
            request_id=self.id,
            now=self.now,
            certificate=self.certificate,
            fingerprint=hashlib.sha256(client_certificate() or b"").hexdigest(),
            assertion=self.caller.assertion if self.caller else None,
            code=code,
        )


def client_certificate() -> bytes | None:
    """The certificate of the connection, DER, as OpenSSL accepted it."""
    found: bytes | None = request.environ.get("ecluse.client_certificate")
    return found
