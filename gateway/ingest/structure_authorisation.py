"""TD0.3, the staff of a structure declares that the structure may read a record: the use case (DMP D-062)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.gate import Caller
from gateway.ingest.own_documents import check_patient
from gateway.ingest.reference_search import CHANNEL
from gateway.wire.dmp_services import Action, SetAuthorisation
from gateway.witness import Witness
from security.audit.event import Outcome
from xds.dmp import rights
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.requester import RequesterKind
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.registry.availability import ChangedMeanwhile
from xds.registry.receipts import RegistryReceipts
from xds.registry.structure_authorisations import StructureAuthorisations

TRANSACTION: Final = "TD0.3"
ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareStructure:
    """(1) patient of the assertion  (2) may declare, and for a structure  (3) write, trace, audit; again when changed.

    What authorisation there was is not told, nor read: a block is found when it is written (condition a of the sheet).
    """

    receipts: RegistryReceipts
    authorisations: StructureAuthorisations
    witness: Witness
    parameters: Parameters

    def __call__(self, request: SetAuthorisation, caller: Caller) -> datetime:
        """Authorise the structure of the caller; returns the end, a law time.

        Raises Refusal: another patient, no open record, no right to this, blocked by the patient.
        """
        check_patient(request.patient_id, caller)  # (1)
        for _ in range(ATTEMPTS):
            try:
                return self._attempt(request, caller)
            except ChangedMeanwhile:
                continue
        text = "the record keeps changing meanwhile: send again later"
        raise Refusal([RegistryError(XdsErrorCode.REGISTRY_BUSY, text)])

    def _attempt(self, request: SetAuthorisation, caller: Caller) -> datetime:
        found = self.receipts.existence(request.patient_id)
        record = found.record if found is not None else None
        now = record.law_time(caller.now) if record is not None else caller.now
        operation = Operation.REMOVE_SELF if request.action is Action.REMOVE else Operation.AUTHORISE_SELF
        decision = rights.decide(operation, caller.requester, record, None, now, parameters=self.parameters)
        decision.or_refuse()  # (2)
        if caller.requester.kind is not RequesterKind.STRUCTURE:
            raise _denied("a professional declares himself where he consults, with his card", CHANNEL)
        if request.medecin_traitant:
            raise _denied("only a doctor may be médecin traitant", "6-MEDECIN-TRAITANT")
        if record is None:
            raise LookupError("the law let an authorisation pass on a record that does not exist")
        return self.authorisations.declare(  # (3)
            patient_id=request.patient_id,
            revision=record.revision,
            structure_id=caller.structure_id,
            days=self.parameters.authorisation_days,
            trace=self.witness.trace(
                operation, Outcome.SUCCESS, caller, patient_id=request.patient_id, rule=decision.rule.value
            ),
            event=self.witness.access(
                TRANSACTION, Outcome.SUCCESS, caller, patient_id=request.patient_id, objects=(caller.structure_id,)
            ),
        )


def _denied(text: str, rule: str) -> Refusal:
    return Refusal([RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, text)], decided_by=rule)
