"""Registry Stored Query and Multi-Patient Stored Query, the use case (ITI TF-2 §3.18, §3.51; DMP TD3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.consultation import reading
from gateway.gate import Caller
from gateway.witness import Witness
from security.audit.event import Outcome
from security.audit.trail import AuditTrail
from security.vihf import agreement
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import AdhocQueryResponse, ResponseStatus
from xds.queries import (
    FindDocuments,
    FindDocumentsForMultiplePatients,
    FindFolders,
    FindFoldersForMultiplePatients,
    FindSubmissionSets,
    GetAll,
    GetDocuments,
    MultiPatientQuery,
    StoredQuery,
)
from xds.registry.reader import RegistryReader
from xds.registry.scope import Scope
from xds.registry.view import View

_MULTI_PATIENT = (FindDocumentsForMultiplePatients, FindFoldersForMultiplePatients)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and for whom: `patient_id` is empty where no patient was named."""

    view: View
    patient_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryStoredQuery:
    """(1) patient of the assertion  (2) may consult  (3) find what may be read  (4) put into ebRIM  (5) audit, trace.

    `law` are the parameters of the DMP; where it is None there are no rights: (1) and (2) are left out and (3) finds
    everything. `home` is the homeCommunityId that every object carries, if there is one.
    """

    registry: RegistryReader
    audit: AuditTrail
    witness: Witness
    law: Parameters | None = field(default_factory=Parameters)
    home: str | None = None

    def __call__(self, query: StoredQuery | MultiPatientQuery, caller: Caller) -> AdhocQueryResponse:
        """Answer with what the caller may see.

        Raises Refusal: another patient, no right to consult, objects of several patients, too many objects.
        """
        found = self.find(query, caller)  # (1), (2), (3)
        multi_patient = isinstance(query, _MULTI_PATIENT)
        objects = found.view.objects(query.return_type, home=self.home, multi_patient=multi_patient)  # (4)
        seen = (entry.unique_id for entry in found.view.entries)
        self.write_down(found, seen, caller, "ITI-51" if multi_patient else "ITI-18")  # (5)
        return AdhocQueryResponse(ResponseStatus.SUCCESS, objects)

    def find(self, query: StoredQuery | MultiPatientQuery, caller: Caller) -> Found:
        """What the caller may see of it. Raises Refusal: another patient, no right to consult."""
        patient_id = self._patient(query, caller)
        return Found(self.registry.answer(query, self._scope(patient_id, caller)), patient_id)

    def find_whole(self, query: FindDocuments | GetDocuments, caller: Caller) -> Found:
        """As `find`, with the versions of documents. Raises Refusal as `find`."""
        patient_id = self._patient(query, caller)
        return Found(self.registry.answer_whole(query, self._scope(patient_id, caller)), patient_id)

    def write_down(self, found: Found, seen: Iterable[str], caller: Caller, transaction: str) -> None:
        """Audit the access to the documents seen (uniqueIds), and trace it in the record."""
        patient_id, view = found.patient_id, found.view
        if not patient_id and transaction != "ITI-51":
            patient_id = self.registry.patient_of(view)
        event = self.witness.access(transaction, Outcome.SUCCESS, caller, patient_id=patient_id, objects=tuple(seen))
        trace = ""
        if view.decision is not None:
            trace = reading.trace(self.witness, view.decision, caller, view.record, patient_id)
        self.audit.append(event, trace)

    def _scope(self, patient_id: str, caller: Caller) -> Scope | None:
        return None if self.law is None else reading.scope_of(Operation.SEARCH, caller, patient_id, self.law)

    def _patient(self, query: StoredQuery | MultiPatientQuery, caller: Caller) -> str:
        """The patient asked about: in the DMP that of the assertion, which is the query's if it names one."""
        named = query.patient_id if isinstance(query, FindDocuments | FindSubmissionSets | FindFolders | GetAll) else ""
        if self.law is None:
            return named
        if isinstance(query, _MULTI_PATIENT):
            refused = "a query over several patients has no place in the DMP"
            raise Refusal([RegistryError(XdsErrorCode.UNKNOWN_STORED_QUERY, refused)])
        patient_id = named or caller.vihf.patient or ""
        text = agreement.check_patient(caller.vihf, patient_id)
        if text:
            raise Refusal([RegistryError(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, text, rule="V-42")], decided_by="V-42")
        return patient_id
