"""ITI-18 Registry Stored Query, the use case (ITI TF-2 §3.18; DMP TD3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.gate import Caller, Witness
from security.audit.event import Outcome
from security.audit.trail import AuditTrail
from security.vihf import agreement
from xds.dmp import rights
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import AdhocQueryResponse, FindDocuments, GetAll, GetDocuments, ResponseStatus, StoredQuery
from xds.registry.reader import RegistryReader
from xds.registry.view import RecordView

TRANSACTION = "ITI-18"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryStoredQuery:
    """(1) patient of the assertion  (2) find  (3) may consult  (4) hide what may not be read  (5) audit."""

    registry: RegistryReader
    audit: AuditTrail
    witness: Witness

    def __call__(self, query: StoredQuery, caller: Caller) -> AdhocQueryResponse:
        """Answer with what the caller may see. Raises Refusal: another patient, no right to consult."""
        patient_id = _patient(query, caller)  # (1)
        view = self._find(query, patient_id, caller)  # (2)
        rights.may_consult(caller.requester, view.record, view.authorisation, caller.now).or_refuse()  # (3)
        visible = view.readable_by(caller.requester)  # (4)
        self.audit.append(  # (5)
            self.witness.access(
                TRANSACTION,
                Outcome.SUCCESS,
                caller,
                patient_id=patient_id,
                objects=tuple(entry.unique_id for entry in visible.entries),
            )
        )
        return AdhocQueryResponse(ResponseStatus.SUCCESS, visible.objects(query.return_type))

    def _find(self, query: StoredQuery, patient_id: str, caller: Caller) -> RecordView:
        professional_id = caller.requester.national_id
        if isinstance(query, FindDocuments):
            return self.registry.find_documents(query, professional_id=professional_id)
        if isinstance(query, GetAll):
            return self.registry.get_all(query, professional_id=professional_id)
        return self.registry.get_documents(query, patient_id=patient_id, professional_id=professional_id)


def _patient(query: StoredQuery, caller: Caller) -> str:
    """The patient asked about: the query's, which is the assertion's."""
    asserted = caller.vihf.patient or ""
    patient_id = asserted if isinstance(query, GetDocuments) else query.patient_id
    text = agreement.check_patient(caller.vihf, patient_id)
    if text:
        raise Refusal([RegistryError(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, text, rule="V-42")])
    return patient_id
