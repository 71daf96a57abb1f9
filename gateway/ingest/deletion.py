"""Deletion of one's own documents, the use case: what ITI-57 is at this door (ITI TF-2 §3.57; DMP TD3.3c)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from conformance.checks.metadata_rule import Column, Subject, association_path
from conformance.checks.update import METADATA_RULES
from gateway.gate import Caller
from gateway.ingest import coherence
from gateway.ingest.own_documents import person_of
from gateway.ingest.reference_search import CHANNEL
from gateway.witness import Witness
from profiles.codes import Domain
from security.audit.event import Outcome
from xds.dmp import rights
from xds.dmp.lifecycle import may_follow
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.traces import Notice, NoticeKind
from xds.errors import Refusal, RegistryError, Severity, XdsErrorCode, disagreement
from xds.messages import RegistryResponse, SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import resolve
from xds.registry.availability import ChangedMeanwhile
from xds.registry.facts import OwnDocument, OwnDocuments
from xds.registry.identifiers import uuid_text
from xds.registry.receipts import RegistryReceipts
from xds.registry.refusals import unresolved_reference
from xds.registry.writer import RegistryWriter

TRANSACTION: Final = "ITI-57"
ATTEMPTS: Final = 5
_DELETED = AvailabilityStatus.DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteOwnDocuments:
    """(1) a deletion, no more  (2) own documents  (3) every rule  (4) write, trace, audit; again when it changed."""

    receipts: RegistryReceipts
    registry: RegistryWriter
    domain: Domain
    witness: Witness
    parameters: Parameters

    def __call__(self, request: SubmitObjectsRequest, caller: Caller) -> RegistryResponse:
        """Delete every document named, or raise Refusal with every error found; nothing is changed then.

        No authorisation is looked at. Any version of a document names it, and all its versions are deleted.
        """
        submission_set = _only_a_deletion(request)  # (1)
        for _ in range(ATTEMPTS):
            try:
                return self._attempt(request, submission_set, caller)
            except ChangedMeanwhile:
                continue
        text = "the record keeps changing meanwhile: send again later"
        raise Refusal([RegistryError(XdsErrorCode.REGISTRY_BUSY, text)])

    def _attempt(
        self, request: SubmitObjectsRequest, submission_set: SubmissionSet, caller: Caller
    ) -> RegistryResponse:
        own = self.receipts.own_documents(  # (2)
            patient_id=submission_set.patient_id,
            structure_id=caller.structure_id,
            person_id=person_of(caller),
            ids=[order.target for order in request.associations],
        )
        decision = self._decide(own, caller)
        findings = (*decision.errors(), *self._check(request, submission_set, own, caller))  # (3)
        if own.record is None or any(finding.severity is Severity.ERROR for finding in findings):
            raise Refusal(findings, decided_by="" if decision else decision.rule.value)
        lot = resolve(submission_set, (), request.associations, update=True)
        documents = tuple(dict.fromkeys(document.unique_id for document in own.documents))
        patient_id = submission_set.patient_id
        self.registry.delete_own(  # (4)
            revision=own.record.revision,
            patient_id=patient_id,
            structure_id=caller.structure_id,
            person_id=person_of(caller),
            entry_uuids=[document.entry_uuid for document in own.documents],
            submission_set=lot.submission_set,
            associations=lot.associations,
            event=self.witness.access(
                TRANSACTION,
                Outcome.SUCCESS,
                caller,
                patient_id=patient_id,
                objects=(submission_set.unique_id, *documents),
            ),
            trace=self.witness.trace(
                Operation.DELETE,
                Outcome.SUCCESS,
                caller,
                patient_id=patient_id,
                documents=documents,
                rule=decision.rule.value,
                notices=tuple(Notice(NoticeKind.DOCUMENT_DELETED, document) for document in documents),
            ),
        )
        return RegistryResponse.of(findings)

    def _decide(self, own: OwnDocuments, caller: Caller) -> rights.Decision:
        now = own.record.law_time(caller.now) if own.record is not None else caller.now
        return rights.decide(Operation.DELETE, caller.requester, own.record, None, now, parameters=self.parameters)

    def _check(
        self, request: SubmitObjectsRequest, submission_set: SubmissionSet, own: OwnDocuments, caller: Caller
    ) -> Iterator[RegistryError]:
        subject = Subject(request, self.domain, Column.REPOSITORY)
        for rule in METADATA_RULES:
            yield from rule.check(subject)
        yield from coherence.with_sender(request, submission_set, caller)
        known = {uuid_text(document.entry_uuid): document for document in own.documents}
        yield from _check_orders(request.associations, submission_set, known)


def _only_a_deletion(request: SubmitObjectsRequest) -> SubmissionSet:
    """The submission set of a message that deletes. Raises Refusal: it asks for something else, or cannot be read."""
    orders = request.associations
    kinds = {order.association_type for order in orders}
    wanted = {order.new_status for order in orders} - {None}
    other = kinds - {AssociationType.UPDATE_AVAILABILITY_STATUS} or wanted - {_DELETED.value}
    if request.entries or request.folders or other:
        text = "this door deletes the sender's own documents (NewStatus Deleted), and changes nothing else"
        raise Refusal([RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, text, rule="V-46")], decided_by=CHANNEL)
    if request.submission_set is None or request.errors or not orders:
        place, expected = "RegistryObjectList", "a SubmissionSet and one UpdateAvailabilityStatus for each document"
        nothing = disagreement("U1", place, "no order", expected, XdsErrorCode.METADATA_UPDATE_OPERATION)
        raise Refusal(request.errors or (nothing,))
    return request.submission_set


def _check_orders(
    orders: Sequence[Association], submission_set: SubmissionSet, own: Mapping[str, OwnDocument]
) -> Iterator[RegistryError]:
    """Each order is well-formed, names a document of the sender, and says the status it has (ITI TF-2 §3.57.4.1.3)."""
    counts = Counter(_spelled(order.target) for order in orders)
    for order in orders:
        operation = XdsErrorCode.METADATA_UPDATE_OPERATION
        if order.source != submission_set.entry_uuid:
            path = association_path(order, "@sourceObject")
            yield disagreement("U20", path, order.source or "nothing", "the SubmissionSet", operation)
        if order.new_status is None:
            yield disagreement("U20", association_path(order, "Slot[NewStatus]"), "nothing", _DELETED, operation)
        if (times := counts[_spelled(order.target)]) > 1:
            path, found = association_path(order, "@targetObject"), f"{order.target}, {times} times"
            yield disagreement("U3", path, found, "one order on each document", XdsErrorCode.METADATA_UPDATE)
        document = own.get(_spelled(order.target))
        if document is None:
            yield unresolved_reference(order.target)
            continue
        path = association_path(order, "Slot[OriginalStatus]")
        if order.original_status != document.status:
            found = order.original_status or "nothing"
            yield disagreement("U22", path, found, f"{document.status}, its status", XdsErrorCode.METADATA_UPDATE)
        elif not may_follow(document.status, _DELETED, TRANSACTION):
            expected = "a document that is not deleted yet"
            yield disagreement("U22", path, document.status, expected, XdsErrorCode.METADATA_UPDATE)


def _spelled(identifier: str) -> str:
    """The one spelling of an id; one that names nothing registered stays as it is."""
    try:
        return uuid_text(identifier)
    except ValueError:
        return identifier
