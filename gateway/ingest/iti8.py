"""ITI-8 on the wire (ITI TF-2 §3.8.4.1): who sends is who holds the certificate of the connection."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.database.errors import DatabaseUnavailable
from gateway.doorkeeper import Doorkeeper
from gateway.ingest.patient_identity_feed import PatientIdentityFeed
from gateway.wire import hl7v2
from gateway.wire.feed import FaultKind, FeedFault, FeedMessage, FeedRefused
from security.audit.event import Outcome
from security.audit.trail import AuditUnavailable
from security.errors import SecurityError
from security.pki.certificate import HolderCertificate
from xds.hl7v2.header import Header

TRANSACTION = "ITI-8"

_log = logging.getLogger("ecluse.feed")


def handler(feed: PatientIdentityFeed, keeper: Doorkeeper) -> Callable[[bytes, bytes], bytes]:
    """What the listener calls with each message and the client's certificate (DER): it returns the acknowledgement."""

    def handle(data: bytes, certificate: bytes) -> bytes:
        return _Exchange(feed, keeper, data, certificate).run()

    return handle


@dataclass(slots=True)
class _Exchange:
    """One message and its acknowledgement; an answer leaves when its audit event is written."""

    feed: PatientIdentityFeed
    keeper: Doorkeeper
    data: bytes
    der: bytes
    holder: HolderCertificate | None = None

    def run(self) -> bytes:
        request_id, now = uuid.uuid4().hex, datetime.now(UTC)
        header = Header()
        try:
            header, message = hl7v2.read_feed(self.data)
            faults = self._faults(message, request_id, now)
        except (DatabaseUnavailable, AuditUnavailable):
            _log.error("store unavailable", extra={"request": request_id})
            faults = _one(FaultKind.UNAVAILABLE, "the registry does not answer: send again later")
        except Exception:  # noqa: BLE001 - the one place where our own bugs become an incident number
            _log.exception("unexpected error", extra={"request": request_id})
            faults = self._failed(request_id, now)
        return hl7v2.write_ack(header, faults, now)

    def _faults(self, message: FeedMessage, request_id: str, now: datetime) -> Sequence[FeedFault]:
        gate = self.keeper.gate
        try:
            self.holder = gate.admit_certificate(self.der, now)
            caller = gate.admit(self.holder, None, request_id, now)
            self.feed(message, TRANSACTION, caller)
        except SecurityError as error:
            _log.info("refused", extra={"request": request_id, "kind": str(error.kind), "code": error.code})
            self._record(Outcome.REFUSED, error.code, request_id, now)
            return _one(FaultKind.REJECTED, f"{error.kind}: {error.text}")
        except FeedRefused as refused:
            return refused.faults
        return ()

    def _failed(self, request_id: str, now: datetime) -> Sequence[FeedFault]:
        try:
            self._record(Outcome.FAILURE, "incident", request_id, now)
        except (DatabaseUnavailable, AuditUnavailable):
            return _one(FaultKind.UNAVAILABLE, "the registry does not answer: send again later")
        return _one(FaultKind.INTERNAL, f"internal error, incident {request_id}")

    def _record(self, outcome: Outcome, code: str, request_id: str, now: datetime) -> None:
        event = self.keeper.witness.event(
            TRANSACTION,
            outcome,
            request_id=request_id,
            now=now,
            certificate=self.holder,
            fingerprint=hashlib.sha256(self.der).hexdigest(),
            code=code,
        )
        self.keeper.audit.append(event)


def _one(kind: FaultKind, text: str) -> Sequence[FeedFault]:
    return (FeedFault(kind=kind, place="MSH^1", text=text),)
