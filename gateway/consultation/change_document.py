"""Changes of documents by professionals, the use case: ITI-57 in the DMP (ITI TF-2 §3.57; DMP TD3.3a to DMP TD3.3d)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.checks.document_change import check_document_change
from gateway.consultation.change_orders import STATUS_ORDER, Asker, Order, among, orders_of
from gateway.consultation.change_sender import author_errors, patient_errors
from gateway.gate import Caller
from gateway.witness import Witness
from profiles.codes import Domain
from security.audit.event import Outcome
from security.vihf.model import Purpose
from xds.dmp.access import effective
from xds.dmp.changes import Change
from xds.dmp.decision import Decision, Rule
from xds.dmp.entries import INVISIBLE
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.dmp.traces import Notice, NoticeKind, Trace
from xds.errors import Refusal, RegistryError, Severity
from xds.messages import RegistryResponse, SubmitObjectsRequest
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import UUID_URN
from xds.mhd.constants import OID
from xds.registry.amendments import Amendments, until_unchanged
from xds.registry.change_plan import ChangePlan, WantedChange, plan_changes
from xds.registry.document_changes import becoming
from xds.registry.record_office import RecordOffice
from xds.registry.registered import RegisteredFacts
from xds.registry.registered_documents import RegisteredDocument, RegisteredDocuments
from xds.registry.registered_reader import RegisteredReader

TRANSACTION = "ITI-57"
_EMERGENCIES = (Purpose.BREAK_GLASS, Purpose.REGULATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDocuments:
    """(1) the record, and who asks  (2) what he sees there  (3) the law  (4) every rule  (5) plan  (6) write, trace.

    Again when the record changed meanwhile. A document that he may not see is one that is not registered, from (2) on.
    """

    office: RecordOffice
    registered: RegisteredReader
    documents: RegisteredDocuments
    amendments: Amendments
    domain: Domain
    witness: Witness
    parameters: Parameters

    def __call__(self, request: SubmitObjectsRequest, caller: Caller) -> RegistryResponse:
        """Do every change of the message, or raise Refusal with every error found and change nothing."""
        return until_unchanged(lambda: self._attempt(request, caller))

    def seen(self, names: Iterable[str], caller: Caller) -> tuple[RegisteredDocument, ...]:
        """The documents of the record that uniqueIds or `urn:uuid:` name, in their last version, if he sees them.

        What hides a document is what hides it from an order. Raises Refusal: he may change nothing in the record.
        """
        asker = self._asker_on(caller.vihf.patient or "", caller)
        sent = tuple(names)
        uuids = [name.lower() for name in sent if name.startswith(UUID_URN)]
        unique_ids = [name.removeprefix(OID) for name in sent if not name.startswith(UUID_URN)]
        found: Mapping[str, RegisteredDocument] = {}
        if asker.record is not None:
            found = self.documents.ask(asker.record.patient_key, ids=uuids, logical_ids=uuids, unique_ids=unique_ids)
        seen = tuple(one for one in found.values() if asker.hidden_by(Change.MASK, one) is None)
        decision = asker.decide(Change.MASK, None)
        if not seen and not decision:
            raise Refusal(decision.errors(), decided_by=decision.rule.value, operation=decision.operation.value)
        return seen

    def _attempt(self, request: SubmitObjectsRequest, caller: Caller) -> RegistryResponse:
        submission_set = request.submission_set
        if submission_set is None:
            raise Refusal(request.errors)
        asker = self._asker(submission_set, caller)  # (1)
        documents, facts = self._facts(request, submission_set, asker.record)
        orders, hidden = orders_of(request, documents, facts, asker)  # (2)
        decisions = self._decide(orders, asker)  # (3)
        seen = {order.document.logical_id: order.document for order in orders if order.document is not None}
        findings = (  # (4)
            *request.errors,
            *author_errors(submission_set, caller),
            *check_document_change(request, among(facts, seen, asker.record), seen, self.domain),
            *(error for decision in decisions for error in decision.errors()),
        )
        refused = next((decision for decision in (*decisions, *hidden) if not decision), None)
        if refused is not None or any(finding.severity is Severity.ERROR for finding in findings):
            raise Refusal(findings, decided_by=refused.rule.value if refused else "", operation=_first(orders))
        wanted = self._wanted(orders)
        if asker.record is None:
            raise LookupError("the law refuses what concerns no record")
        plan = plan_changes(submission_set, wanted, facts)  # (5)
        unique_ids = tuple(one.document.unique_id for one in wanted)
        self.amendments.change(  # (6)
            plan,
            patient_key=asker.record.patient_key,
            revision=asker.record.revision,
            depositor_id=caller.structure_id,
            event=self.witness.access(
                TRANSACTION,
                Outcome.SUCCESS,
                caller,
                patient_id=submission_set.patient_id,
                objects=(submission_set.unique_id, *unique_ids),
            ),
            traces=self._traces(orders, plan, asker),
        )
        return RegistryResponse.of(findings)

    def _asker(self, submission_set: SubmissionSet, caller: Caller) -> Asker:
        errors = tuple(patient_errors(submission_set, caller))
        if errors:
            raise Refusal(errors)
        return self._asker_on(submission_set.patient_id, caller)

    def _asker_on(self, patient_id: str, caller: Caller) -> Asker:
        requester = caller.requester
        file = self.office.file(patient_id, requester.national_id, requester.structure_id)
        return Asker(
            caller=caller,
            record=file.record,
            authorisation=effective(requester, file.authorisations.values(), file.law_time(caller.now)),
            parameters=self.parameters,
        )

    def _facts(
        self, request: SubmitObjectsRequest, submission_set: SubmissionSet, record: Record | None
    ) -> tuple[Mapping[str, RegisteredDocument], RegisteredFacts]:
        """The documents that the message names, by logicalID, and what is registered around them."""
        targets = [one.target for one in request.associations if one.association_type is STATUS_ORDER]
        logical_ids = [one.logical_id for one in request.entries if one.logical_id]
        facts = self.registered.ask(
            ids=targets,
            logical_ids=logical_ids,
            unique_ids=[submission_set.unique_id],
            patient_ids=[submission_set.patient_id],
        )
        if record is None:
            return {}, facts
        return self.documents.ask(record.patient_key, ids=targets, logical_ids=logical_ids), facts

    def _decide(self, orders: tuple[Order, ...], asker: Asker) -> tuple[Decision, ...]:
        """What the law says of each change. Raises Refusal: the record, or this requester, admits none."""
        decisions = []
        for order in orders or (Order(change=None, document=None),):
            decision = on_the_record = asker.decide(order.change or Change.MASK, None)
            if order.document is not None and order.change is not None:
                decision = asker.decide(order.change, order.document)
                decisions.append(decision)
            if not decision and not on_the_record:
                rule, operation = decision.rule.value, on_the_record.operation.value
                raise Refusal(on_the_record.errors(), decided_by=rule, operation=operation)
        return tuple(decisions)

    def _wanted(self, orders: tuple[Order, ...]) -> tuple[WantedChange, ...]:
        """What each document becomes. Raises Refusal: what the law has no outcome for."""
        wanted: list[WantedChange] = []
        errors: list[RegistryError] = []
        for order in orders:
            if order.change is None or order.document is None:
                raise LookupError("every rule passed")
            try:
                wanted.append(becoming(order.change, order.document, self.parameters))
            except Refusal as refusal:
                errors += refusal.errors
        if errors:
            raise Refusal(errors, operation=_first(orders))
        return tuple(wanted)

    def _traces(self, orders: tuple[Order, ...], plan: ChangePlan, asker: Asker) -> Iterator[Trace]:
        """One trace for each kind of change: the patient is told of what he may see."""
        becomes = {one.previous: one.entry.confidentiality_codes for one in plan.versions}
        for operation in dict.fromkeys(order.operation for order in orders):
            concerned = [order.document for order in orders if order.operation is operation and order.document]
            visible = [
                one
                for one in concerned
                if all(code.code != INVISIBLE for code in becomes.get(one.entry_uuid, one.entry.confidentiality_codes))
            ]
            yield self.witness.trace(
                operation,
                Outcome.SUCCESS,
                asker.caller,
                patient_id=plan.submission_set.patient_id,
                documents=tuple(one.unique_id for one in concerned),
                rule=Rule.GRANTED.value,
                notices=tuple(_notices(operation, visible, plan, asker)),
            )


def _notices(
    operation: Operation, visible: list[RegisteredDocument], plan: ChangePlan, asker: Asker
) -> Iterator[Notice]:
    if operation is Operation.DELETE:
        yield from (Notice(NoticeKind.DOCUMENT_DELETED, one.unique_id) for one in visible)
    elif visible:
        yield Notice(NoticeKind.DOCUMENT_CHANGED, plan.submission_set.unique_id)
    requester, record = asker.caller.requester, asker.record
    if requester.purpose in _EMERGENCIES and record is not None:
        day = record.law_time(asker.caller.now)
        yield Notice(NoticeKind.EMERGENCY_ACCESS, f"{requester.national_id} {requester.purpose} {day:%Y-%m-%d}")


def _first(orders: tuple[Order, ...]) -> str:
    """What the record keeps of a refusal: the first thing asked."""
    return orders[0].operation.value if orders else Change.MASK.operation.value
