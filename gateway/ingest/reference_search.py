"""The entryUUID of one's own document, from its uniqueId: what ITI-18 is at this door (ITI TF-2 §3.18; DMP TD3.1b)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.gate import Caller
from gateway.ingest.own_documents import person_of, the_patient
from gateway.witness import Witness
from security.audit.event import Outcome
from security.audit.trail import AuditTrail
from xds.dmp import rights
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.ebrim import query
from xds.ebrim.writer import object_ref
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import AdhocQueryRequest, AdhocQueryResponse, ResponseStatus
from xds.queries import GetDocuments, ReturnType
from xds.registry.facts import OwnDocument, OwnDocuments
from xds.registry.receipts import RegistryReceipts

TRANSACTION: Final = "ITI-18"
CHANNEL: Final = "D-050-CHANNEL"
"""The rule: what feeds never reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSearch:
    """(1) the one query open here  (2) patient of the VIHF  (3) own documents  (4) may search  (5) audit, trace."""

    receipts: RegistryReceipts
    audit: AuditTrail
    witness: Witness
    parameters: Parameters

    def __call__(self, request: AdhocQueryRequest, caller: Caller) -> AdhocQueryResponse:
        """Answer with references to the documents of the caller's structure, and to no other.

        A document of another structure and no document give the same answer. Raises Refusal: any other query, another
        patient, no open record; what makes a query unreadable is told of the only one that is open here.
        """
        unique_ids = self._asked(request)  # (1)
        found = self.find(the_patient(caller), caller, unique_ids=unique_ids)  # (2)
        references = tuple(object_ref(document.entry_uuid, None) for document in found)
        return AdhocQueryResponse(ResponseStatus.SUCCESS, references)

    def find(
        self,
        patient_id: str,
        caller: Caller,
        *,
        unique_ids: Iterable[str],
        transaction: str = TRANSACTION,
    ) -> tuple[OwnDocument, ...]:
        """The documents of the caller's structure in this record, by uniqueIds; audited under `transaction`.

        `patient_id` is that of the VIHF. Raises Refusal: no open record.
        """
        own = self.receipts.own_documents(  # (3)
            patient_id=patient_id,
            structure_id=caller.structure_id,
            person_id=person_of(caller),
            unique_ids=unique_ids,
        )
        self._decide(own, caller)  # (4)
        found = tuple(dict.fromkeys(document.unique_id for document in own.documents))
        self.audit.append(  # (5)
            self.witness.access(transaction, Outcome.SUCCESS, caller, patient_id=patient_id, objects=found),
            self.witness.trace(
                Operation.REFERENCE_SEARCH,
                Outcome.SUCCESS,
                caller,
                patient_id=patient_id,
                documents=found,
                rule=rights.Rule.GRANTED.value,
            ).as_json(),
        )
        return own.documents

    def _asked(self, request: AdhocQueryRequest) -> tuple[str, ...]:
        if request.query_id.lower() != query.GET_DOCUMENTS or request.return_type != ReturnType.OBJECT_REF:
            raise _only_references()
        asked = query.read_query(request)
        if not isinstance(asked, GetDocuments) or not asked.unique_ids:
            raise _only_references()
        return asked.unique_ids

    def _decide(self, own: OwnDocuments, caller: Caller) -> None:
        now = own.record.law_time(caller.now) if own.record is not None else caller.now
        rights.decide(
            Operation.REFERENCE_SEARCH, caller.requester, own.record, None, now, parameters=self.parameters
        ).or_refuse()


def _only_references() -> Refusal:
    text = "this door answers GetDocuments by uniqueId, as ObjectRef, of the sender's own documents: no other query"
    return Refusal([RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, text, rule="V-46")], decided_by=CHANNEL)
