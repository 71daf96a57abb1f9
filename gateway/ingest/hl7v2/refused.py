"""What is written down of a refusal, where the house itself asked for an establishment."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.doorkeeper import Doorkeeper
from gateway.gate import Caller
from security.audit.event import Outcome
from security.pki.certificate import HolderCertificate
from xds.dmp.operations import Operation


def write_down(
    keeper: Doorkeeper,
    *,
    transaction: str,
    asked: Operation,
    request_id: str,
    certificate: HolderCertificate | None,
    caller: Caller | None,
    code: str,
    rule: str = "",
    operation: str = "",
) -> None:
    """Append the event of a refusal, and the trace that the record keeps of it once somebody is known who asked.

    `operation` is what was refused where it is not what was `asked`. Raises DatabaseUnavailable, AuditUnavailable.
    """
    event = keeper.witness.event(
        transaction,
        Outcome.REFUSED,
        request_id=request_id,
        now=datetime.now(UTC),
        certificate=certificate,
        assertion=caller.assertion if caller is not None else None,
        code=code,
    )
    trace = ""
    if caller is not None and caller.vihf.patient:
        law = Operation(operation) if operation else asked
        trace = keeper.witness.trace(
            law, Outcome.REFUSED, caller, patient_id=caller.vihf.patient, code=code, rule=rule
        ).as_json()
    keeper.audit.append(event, trace)
