"""One requester before one record: what he may do, which documents he finds and reads, and the rule that decided each.

Nothing is decided here: these are the answers of `rights` and `changes`, asked for everything at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from xds.dmp import rights
from xds.dmp.changes import Change, ChangeableEntry, may_change
from xds.dmp.decision import Decision
from xds.dmp.entries import HIDDEN_FROM_GUARDIANS, INVISIBLE, MASKED
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester
from xds.metadata.document_entry import AvailabilityStatus

Entry = TypeVar("Entry", bound=ChangeableEntry)

_TOGGLES = (
    (MASKED, Change.UNMASK, Change.MASK),
    (INVISIBLE, Change.MAKE_VISIBLE, Change.HIDE_AGAIN),
    (HIDDEN_FROM_GUARDIANS, Change.SHOW_TO_GUARDIANS, Change.HIDE_FROM_GUARDIANS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks about which record, with the authorisation that counts, at a law time."""

    requester: Requester
    record: Record | None
    authorisation: Authorisation | None
    now: datetime
    parameters: Parameters

    def decide(self, operation: Operation) -> Decision:
        """Steps 5 to 8."""
        return rights.decide(
            operation, self.requester, self.record, self.authorisation, self.now, parameters=self.parameters
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDocument(Generic[Entry]):
    """One document. `found`: a search that asks for its status lists it (TD3.1); `read`: it is retrieved (TD3.2).

    `changes` are those that its state leaves possible, and whether the requester may make them.
    """

    entry: Entry
    found: Decision
    read: Decision
    changes: Mapping[Change, Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Generic[Entry]):
    """Every operation, and every document, in the order given."""

    operations: tuple[Decision, ...]
    documents: tuple[ExplainedDocument[Entry], ...]

    @property
    def assumed(self) -> tuple[str, ...]:
        """Unverified rules that any of it rests on."""
        return tuple(dict.fromkeys(word for one in self.operations for word in one.assumed))


def explain(asking: Asking, entries: Iterable[Entry]) -> Explanation[Entry]:
    """Ask for everything. Without a record there are no documents."""
    operations = {operation: asking.decide(operation) for operation in Operation}
    search, read = operations[Operation.SEARCH], operations[Operation.READ]
    documents = [_document(asking, entry, search, read) for entry in entries] if asking.record is not None else []
    return Explanation(operations=tuple(operations.values()), documents=tuple(documents))


def possible_changes(entry: ChangeableEntry) -> Iterator[Change]:
    """What could become of a document, from its codes and its status (DMP TD3.3)."""
    if entry.status is AvailabilityStatus.DELETED:
        return
    if entry.status is not AvailabilityStatus.DEPRECATED:
        for code, without, added in _TOGGLES:
            yield without if code in entry.confidentiality_codes else added
        yield Change.UNARCHIVE if entry.status is AvailabilityStatus.ARCHIVED else Change.ARCHIVE
    yield Change.DELETE


def _document(asking: Asking, entry: Entry, search: Decision, read: Decision) -> ExplainedDocument[Entry]:
    """A refusal of the record comes first; then what hides the document from whoever may consult."""
    record = asking.record
    if record is None:
        raise LookupError("documents are those of a record")
    seen = rights.may_read(asking.requester, entry, record, asking.authorisation, asking.now, asking.parameters)
    return ExplainedDocument(
        entry=entry,
        found=search if not search else replace(seen, operation=Operation.SEARCH),
        read=read if not read else seen,
        changes={
            change: may_change(
                change,
                asking.requester,
                record,
                asking.authorisation,
                asking.now,
                entry,
                parameters=asking.parameters,
            )
            for change in possible_changes(entry)
        },
    )
