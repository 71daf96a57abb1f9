"""What may become of a document that is there, and who may do it: DMP TD3.3a to TD3.3d.

Professionals and structures stand in the functional rights matrix. The patient masks and unmasks, and has his own
documents archived or deleted; whoever represents a minor does the same for what he sees. The house makes visible what
waited long enough (CSP R1111-53), and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from xds.dmp.case import Case
from xds.dmp.decision import Decision, Rule
from xds.dmp.entries import HIDDEN_FROM_GUARDIANS, INVISIBLE, MASKED, ReadableEntry, is_author, is_the_patients
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import HOLDERS, Requester, RequesterKind
from xds.dmp.rights import decide
from xds.dmp.standing import record_fault
from xds.dmp.visibility import reading_fault


class Change(StrEnum):
    """What is done to a document."""

    MASK = "MASK"
    UNMASK = "UNMASK"
    MAKE_VISIBLE = "MAKE_VISIBLE"
    HIDE_AGAIN = "HIDE_AGAIN"
    SHOW_TO_GUARDIANS = "SHOW_TO_GUARDIANS"
    HIDE_FROM_GUARDIANS = "HIDE_FROM_GUARDIANS"
    ARCHIVE = "ARCHIVE"
    UNARCHIVE = "UNARCHIVE"
    DELETE = "DELETE"

    @property
    def operation(self) -> Operation:
        """The operation of the DMP that it is."""
        return _OPERATIONS[self]


_OPERATIONS: Mapping[Change, Operation] = MappingProxyType(
    {
        Change.MASK: Operation.MASK,
        Change.UNMASK: Operation.UNMASK,
        Change.MAKE_VISIBLE: Operation.MAKE_VISIBLE,
        Change.HIDE_AGAIN: Operation.MAKE_VISIBLE,
        Change.SHOW_TO_GUARDIANS: Operation.MAKE_VISIBLE,
        Change.HIDE_FROM_GUARDIANS: Operation.MAKE_VISIBLE,
        Change.ARCHIVE: Operation.ARCHIVE,
        Change.UNARCHIVE: Operation.ARCHIVE,
        Change.DELETE: Operation.DELETE,
    }
)
_ADDED: Mapping[str, Change] = MappingProxyType(
    {MASKED: Change.MASK, INVISIBLE: Change.HIDE_AGAIN, HIDDEN_FROM_GUARDIANS: Change.HIDE_FROM_GUARDIANS}
)
_REMOVED: Mapping[str, Change] = MappingProxyType(
    {MASKED: Change.UNMASK, INVISIBLE: Change.MAKE_VISIBLE, HIDDEN_FROM_GUARDIANS: Change.SHOW_TO_GUARDIANS}
)
_OF_HIS_OWN_DOCUMENTS = frozenset((Change.ARCHIVE, Change.UNARCHIVE, Change.DELETE))
_BY_PATIENTS = _OF_HIS_OWN_DOCUMENTS | {Change.MASK, Change.UNMASK}
_OF_MINORS = frozenset((Change.SHOW_TO_GUARDIANS, Change.HIDE_FROM_GUARDIANS))


class ChangeableEntry(ReadableEntry, Protocol):
    """A document as it stands now."""

    @property
    def read_by_patient(self) -> bool:
        """Whether the patient has read it."""
        ...


def changes_between(before: Collection[str], after: Collection[str]) -> tuple[Change, ...] | None:
    """What other confidentialityCodes amount to (codes without scheme); None: more than who sees the document."""
    added, removed = set(after) - set(before), set(before) - set(after)
    if not (added <= _ADDED.keys() and removed <= _REMOVED.keys()):
        return None
    return (*(_REMOVED[code] for code in sorted(removed)), *(_ADDED[code] for code in sorted(added)))


def may_change(
    change: Change,
    requester: Requester,
    record: Record | None,
    authorisation: Authorisation | None,
    now: datetime,
    entry: ChangeableEntry | None,
    *,
    parameters: Parameters,
) -> Decision:
    """Decide on one change of one document; `now` is a law time.

    Without `entry`, where no such document is: what is decided on the record. A refusal that `hides`, and a yes without
    document, are answered alike.
    """
    operation = change.operation
    if requester.kind is RequesterKind.SYSTEM:
        rule = record_fault(operation, record, parameters)
        if rule is None and change is not Change.MAKE_VISIBLE:
            rule = Rule.MATRIX
        return _answer(operation, rule)
    if requester.kind in HOLDERS:
        case = Case(requester=requester, record=record, authorisation=None, now=now, parameters=parameters, entry=entry)
        return _by_holder(change, case, entry)
    decision = decide(operation, requester, record, authorisation, now, parameters=parameters, entry=entry)
    if decision and entry is not None:
        rule = _further_fault(change, requester, record, now, entry, parameters)
        if rule is not None:
            return replace(decision, allowed=False, rule=rule, condition="")
    return decision


def _further_fault(
    change: Change,
    requester: Requester,
    record: Record | None,
    now: datetime,
    entry: ChangeableEntry,
    parameters: Parameters,
) -> Rule | None:
    """What the sheet has no row for.

    A document that was made visible is hidden again by its author only, and not once the patient has read it. What is
    said to be hidden from legal representatives is that of a minor.
    """
    if change is Change.HIDE_AGAIN:
        if not is_author(requester, entry):
            return Rule.CONDITION_OWN_DOCUMENT
        return Rule.READ_BY_PATIENT if entry.read_by_patient else None
    minor = record is not None and record.is_minor(now, parameters.majority_age)
    return Rule.NOT_A_MINOR if change is Change.HIDE_FROM_GUARDIANS and not minor else None


def _by_holder(change: Change, case: Case, entry: ChangeableEntry | None) -> Decision:
    rule = record_fault(change.operation, case.record, case.parameters) or _holder_fault(change, case)
    if rule is not None or entry is None:
        return _answer(change.operation, rule)
    rule = reading_fault(case, entry)
    if rule is not None:
        return _answer(change.operation, rule, hides=True)
    if change in _OF_HIS_OWN_DOCUMENTS and not is_the_patients(entry):
        rule = Rule.CONDITION_PATIENT_OWN_DOCUMENT
    return _answer(change.operation, rule)


def _holder_fault(change: Change, case: Case) -> Rule | None:
    record, now, parameters = case.record, case.now, case.parameters
    if case.requester.kind is RequesterKind.REPRESENTATIVE:
        if record is None or not record.may_be_represented(now, parameters):
            return Rule.NOT_REPRESENTED
        return None if change in _BY_PATIENTS else Rule.MATRIX
    if change in _OF_MINORS:
        minor = record is not None and record.is_minor(now, parameters.majority_age)
        return None if minor else Rule.NOT_A_MINOR
    return None if change in _BY_PATIENTS else Rule.MATRIX


def _answer(operation: Operation, rule: Rule | None, *, hides: bool = False) -> Decision:
    return Decision(allowed=rule is None, rule=rule or Rule.GRANTED, operation=operation, hides=hides)
