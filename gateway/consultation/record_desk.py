"""What every transaction on one record begins and ends with: patient of the assertion, file, law, act."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.gate import Caller
from gateway.witness import Witness
from security.audit.event import Outcome
from security.audit.trail import AuditTrail
from security.vihf import agreement
from xds.dmp.access import effective
from xds.dmp.decision import Decision
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.record_lifecycle import Illegal, LifeAct, Party, RecordChange, change_of
from xds.dmp.rights import decide
from xds.dmp.traces import Notice
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.registry.record_file import Act, RecordFile
from xds.registry.record_office import RecordOffice


@dataclass(frozen=True, slots=True)
class Case:
    """One record, decided on: what is known of it, the caller's authorisation, and the decision that allowed."""

    file: RecordFile
    authorisation: Authorisation | None
    decision: Decision

    @property
    def record(self) -> Record:
        """The record. Raises LookupError: there is none, which the operation allows."""
        if self.file.record is None:
            raise LookupError("the law let an operation on a record pass that does not exist")
        return self.file.record


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDesk:
    """Opens cases and writes down what became of them. `door` of the witness is that of the transactions."""

    office: RecordOffice
    witness: Witness
    audit: AuditTrail
    parameters: Parameters

    def open(self, operation: Operation, patient_id: str, caller: Caller) -> Case:
        """Read the file of a patient and decide. Raises Refusal: another patient than the assertion's, or the law."""
        return self.decide(operation, self.file(patient_id, caller), caller)

    def file(self, patient_id: str, caller: Caller) -> RecordFile:
        """The file of a patient. Raises Refusal: another patient than the assertion's."""
        self.check_patient(patient_id, caller)
        return self.office.file(patient_id, caller.requester.national_id, caller.requester.structure_id)

    def decide(self, operation: Operation, file: RecordFile, caller: Caller) -> Case:
        """Decide on a file that was read. Raises Refusal: the law."""
        requester, now = caller.requester, file.law_time(caller.now)
        authorisation = effective(requester, file.authorisations.values(), now)
        decision = decide(operation, requester, file.record, authorisation, now, parameters=self.parameters)
        decision.or_refuse()
        return Case(file, authorisation, decision)

    def check_patient(self, patient_id: str, caller: Caller) -> None:
        """V-42. Raises Refusal: the assertion is about another patient, or about none."""
        text = agreement.check_patient(caller.vihf, patient_id)
        if text:
            error = RegistryError(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, text, rule="V-42")
            raise Refusal([error], decided_by="V-42")

    def change(self, act: LifeAct, case: Case, caller: Caller, *, motive: str = "") -> RecordChange:
        """What the law makes of the whole record; `motive` is that of a closing. Raises Refusal: nothing."""
        party, now = Party(caller.requester.kind), case.file.law_time(caller.now)
        found = change_of(act, case.file.life, party, now, self.parameters, motive=motive)
        if isinstance(found, Illegal):
            raise refused(XdsErrorCode(found.code), found.text, found.rule)
        return found

    def act(
        self, transaction: str, operation: Operation, caller: Caller, case: Case, change: RecordChange | None = None
    ) -> Act:
        """What is written down with a change, and told when the law says so."""
        patient_id, rule = case.file.patient_id, case.decision.rule.value
        kind = change.notice if change is not None else None
        notices = () if kind is None else (Notice(kind, caller.request_id),)
        return Act(
            trace=self.witness.trace(
                operation, Outcome.SUCCESS, caller, patient_id=patient_id, rule=rule, notices=notices
            ),
            event=self.witness.access(transaction, Outcome.SUCCESS, caller, patient_id=patient_id, objects=()),
        )

    def tell(self, transaction: str, operation: Operation, caller: Caller, case: Case) -> None:
        """Write a reading down, before its answer leaves. Raises AuditUnavailable."""
        act = self.act(transaction, operation, caller, case)
        self.audit.append(act.event, act.trace.as_json())


def refused(code: XdsErrorCode, text: str, rule: str) -> Refusal:
    """A refusal of the law that a decision does not know; `rule` is traced."""
    return Refusal([RegistryError(code, text)], decided_by=rule)
