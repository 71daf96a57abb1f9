"""TD0.4, the records that a structure may read: the use case of this door (DMP D-065, conditions b and c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.gate import Caller
from gateway.ingest.reference_search import CHANNEL
from gateway.wire.dmp_services import ListRecords, RecordsMode
from gateway.witness import Witness
from security.audit.event import Outcome
from xds.dmp import rights
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.requester import RequesterKind
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.registry.structure_authorisations import DeclaredRecord, StructureAuthorisations

TRANSACTION: Final = "TD0.4"


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureRecords:
    """(1) may list, and for a structure  (2) by the date of the authorisation alone  (3) list and audit, at once."""

    authorisations: StructureAuthorisations
    witness: Witness
    parameters: Parameters

    def __call__(self, request: ListRecords, caller: Caller) -> tuple[DeclaredRecord, ...]:
        """The open records on which the structure, or a professional who declared himself for it, is authorised now.

        The last declared first, at most MOST_RECORDS. No trait of the patient, nothing of documents. Raises Refusal: no
        right to this, the order of the last document, which this door does not know.
        """
        decision = rights.decide(
            Operation.MY_RECORDS, caller.requester, None, None, caller.now, parameters=self.parameters
        )
        decision.or_refuse()  # (1)
        if caller.requester.kind is not RequesterKind.STRUCTURE:
            raise _denied("a professional lists his records where he consults, with his card")
        if request.mode is not RecordsMode.AUTHORISATION:  # (2)
            raise _denied(f"this door lists by {RecordsMode.AUTHORISATION}: it tells nothing of documents")
        return self.authorisations.records(  # (3)
            structure_id=caller.structure_id,
            since=request.since,
            event=self.witness.access(TRANSACTION, Outcome.SUCCESS, caller, patient_id="", objects=()),
        )


def _denied(text: str) -> Refusal:
    return Refusal([RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, text, rule="V-46")], decided_by=CHANNEL)
