"""What a message asks of documents of the DMP, of which of them, and what its sender sees there (DMP TD3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance.checks.document_change import STATUSES
from gateway.gate import Caller
from xds.dmp import rights
from xds.dmp.changes import Change, changes_between, may_change
from xds.dmp.decision import Decision
from xds.dmp.entries import is_author, is_of_structure
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import RequesterKind
from xds.messages import SubmitObjectsRequest
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.registry.registered import RegisteredFacts
from xds.registry.registered_documents import RegisteredDocument

STATUS_ORDER = AssociationType.UPDATE_AVAILABILITY_STATUS


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One thing asked of one document. `change` is None when the message does not say which."""

    change: Change | None
    document: RegisteredDocument | None

    @property
    def operation(self) -> Operation:
        """What it is to the law; who does not say is asked for the first row of the sheet."""
        return (self.change or Change.MASK).operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and what the law knows of him on this record."""

    caller: Caller
    record: Record | None
    authorisation: Authorisation | None
    parameters: Parameters

    def decide(self, change: Change, document: RegisteredDocument | None) -> Decision:
        """The law's answer on one change; without document, on the record alone."""
        now = self.record.law_time(self.caller.now) if self.record is not None else self.caller.now
        return may_change(
            change,
            self.caller.requester,
            self.record,
            self.authorisation,
            now,
            document,
            parameters=self.parameters,
        )

    def hidden_by(self, change: Change, document: RegisteredDocument) -> Decision | None:
        """What keeps him from seeing a document, whatever he asks of it; None when he sees it."""
        requester, record = self.caller.requester, self.record
        if record is None:
            return None
        now = record.law_time(self.caller.now)
        if change is Change.DELETE and requester.kind is RequesterKind.STRUCTURE:
            if is_of_structure(requester, document):
                return None
        elif not is_author(requester, document):
            search = rights.decide(
                Operation.SEARCH, requester, record, self.authorisation, now, parameters=self.parameters
            )
            if not search:
                return search
        sight = rights.may_read(requester, document, record, self.authorisation, now, self.parameters)
        return None if sight else sight


def orders_of(
    request: SubmitObjectsRequest,
    documents: Mapping[str, RegisteredDocument],
    facts: RegisteredFacts,
    asker: Asker,
) -> tuple[tuple[Order, ...], tuple[Decision, ...]]:
    """What is asked, of documents that he sees; and what hides the others."""
    hidden: list[Decision] = []

    def seen(change: Change | None, logical_id: str) -> Order:
        document = documents.get(logical_id)
        reason = asker.hidden_by(change or Change.MASK, document) if document is not None else None
        if reason is not None:
            hidden.append(reason)
            # Which change it is depends on what it is now.
            return Order(change=change if change in STATUSES.values() else None, document=None)
        return Order(change=change, document=document)

    orders = []
    for one in request.associations:
        if one.association_type is STATUS_ORDER:
            target = facts.objects.get(one.target)
            change = STATUSES.get((one.original_status, one.new_status))
            orders.append(seen(change, target.logical_id if target is not None else ""))
    orders += [seen(_change_of(entry, documents), entry.logical_id or "") for entry in request.entries]
    return tuple(orders), tuple(hidden)


def _change_of(entry: DocumentEntry, documents: Mapping[str, RegisteredDocument]) -> Change | None:
    """The one change of visibility that a new version is; None when it is none, or several."""
    document = documents.get(entry.logical_id or "")
    if document is None:
        return None
    after = [code.code for code in entry.confidentiality_codes]
    changes = changes_between(document.confidentiality_codes, after)
    return changes[0] if changes is not None and len(changes) == 1 else None


def among(facts: RegisteredFacts, seen: Mapping[str, RegisteredDocument], record: Record | None) -> RegisteredFacts:
    """The facts of what is seen: of another record, or hidden, is not there."""
    key = record.patient_key if record is not None else None
    return replace(
        facts,
        objects={
            identifier: one
            for identifier, one in facts.objects.items()
            if one.patient_key == key and one.logical_id in seen
        },
        links={},
    )


def law_of(request: SubmitObjectsRequest) -> Operation:
    """What a message that nobody looked into yet asks for, as far as it says."""
    for one in request.associations:
        change = STATUSES.get((one.original_status, one.new_status))
        if one.association_type is STATUS_ORDER and change is not None:
            return change.operation
    return Operation.ARCHIVE if not request.entries else Operation.MASK
