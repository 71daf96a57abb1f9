"""Is there a record to feed, and is it open: the use case of TD0.2 at this door (DMP TD0.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.gate import Caller
from gateway.ingest.own_documents import check_patient
from gateway.witness import Witness
from security.audit.event import Outcome
from security.audit.trail import AuditTrail
from xds.dmp import rights
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.registry.facts import Existence
from xds.registry.receipts import RegistryReceipts

TRANSACTION: Final = "TD0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReceipt:
    """(1) patient of the assertion  (2) receipt  (3) may ask  (4) audit, trace."""

    receipts: RegistryReceipts
    audit: AuditTrail
    witness: Witness
    parameters: Parameters

    def __call__(self, patient_id: str, caller: Caller) -> Existence | None:
        """What a structure may know of a record, a closed one included; None: there is none.

        Nobody's authorisation is told, nor whether there are documents. Raises Refusal: another patient than that of
        the assertion, a record that is suspended, no right to ask.
        """
        check_patient(patient_id, caller)  # (1)
        found = self.receipts.existence(patient_id)  # (2)
        record = found.record if found is not None else None
        now = record.law_time(caller.now) if record is not None else caller.now
        decision = rights.decide(Operation.EXISTENCE, caller.requester, record, None, now, parameters=self.parameters)
        decision.or_refuse()  # (3)
        self.audit.append(  # (4)
            self.witness.access(TRANSACTION, Outcome.SUCCESS, caller, patient_id=patient_id, objects=()),
            self.witness.trace(
                Operation.EXISTENCE, Outcome.SUCCESS, caller, patient_id=patient_id, rule=decision.rule.value
            ).as_json(),
        )
        return found
