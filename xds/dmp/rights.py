"""May this be done to this record, to this document? Pure functions of their arguments, in the order of the DMP.

Steps 1 to 4 (certificate, assertion, structure, patient) are the gate's. Here: 5 the record, 6 the functional rights
matrix, 7 whom the patient blocked, 8 authorisation or emergency; then, for one document, 9 the profession, 10 the
visibility, 11 the status. Steps 7 to 11 govern reading: feeding needs no authorisation (DMP TD2.1).
"""

from __future__ import annotations

from datetime import UTC, datetime

from profiles.dmp.rights import Cell
from xds.dmp.access import access_fault, is_blocked, reason_fault
from xds.dmp.assumptions import assumptions
from xds.dmp.case import Case
from xds.dmp.columns import BREAK_GLASS
from xds.dmp.conditions import unmet
from xds.dmp.decision import Decision, Rule
from xds.dmp.entries import LOT_SIGNATURE, ReadableEntry, is_author, is_of_structure
from xds.dmp.operations import CHANGING, DISCREET, READING, Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import HOLDERS, Requester, RequesterKind
from xds.dmp.standing import record_fault
from xds.dmp.visibility import reading_fault

__all__ = [
    "LOT_SIGNATURE",
    "Decision",
    "ReadableEntry",
    "Rule",
    "assumed",
    "decide",
    "feeding",
    "may_read",
]

_STANDARD = Parameters()
_ANY_TIME = datetime.min.replace(tzinfo=UTC)
_ABOUT_SELF = frozenset((Operation.AUTHORISE_SELF, Operation.REMOVE_SELF, Operation.STOP_BEING_MT))
_FEEDING = frozenset((Operation.FEED, Operation.FEED_BY_CPE))
_WITHOUT_AUTHORISATION = frozenset((Operation.DELETE, Operation.REFERENCE_SEARCH))


def decide(
    operation: Operation,
    requester: Requester,
    record: Record | None,
    authorisation: Authorisation | None,
    now: datetime,
    *,
    parameters: Parameters = _STANDARD,
    entry: ReadableEntry | None = None,
) -> Decision:
    """Decide on an operation; the first rule that applies wins. `now` is a law time.

    `authorisation` is the requester's, or his structure's (`access.effective`). Without `entry`: steps 5 to 8. With it:
    those, then 9 to 11 and the conditions of the matrix on that document. A change (DMP TD3.3) is asked with its
    document: to what one deposited oneself no authorisation is needed. Where there is no such document, ask without it,
    and answer a yes as one answers a refusal that `hides`.
    """
    case = Case(
        requester=requester,
        record=record,
        authorisation=authorisation,
        now=now,
        parameters=parameters,
        entry=entry,
    )
    cell = case.cell(operation)
    rule = _record_level_fault(operation, case, cell)
    hides = False
    if rule is None and entry is not None:
        rule, hides = _document_fault(operation, case, cell, entry)
    return Decision(
        allowed=rule is None,
        rule=rule or Rule.GRANTED,
        operation=operation,
        condition=cell.condition if cell is not None and rule is None else "",
        told=_told(operation, case, rule),
        hides=hides,
        warning=_warning(operation, case) if rule is None else "",
        assumed=assumptions(operation, requester, cell),
    )


def may_read(
    requester: Requester,
    entry: ReadableEntry,
    record: Record,
    authorisation: Authorisation | None,
    now: datetime,
    parameters: Parameters = _STANDARD,
) -> Decision:
    """Steps 9 to 11 alone, for one document of a record that may be consulted: a silent filter."""
    case = Case(
        requester=requester, record=record, authorisation=authorisation, now=now, parameters=parameters, entry=entry
    )
    rule = reading_fault(case, entry)
    return Decision(allowed=rule is None, rule=rule or Rule.GRANTED, operation=Operation.READ, hides=rule is not None)


def assumed(operation: Operation, requester: Requester) -> tuple[str, ...]:
    """What an answer to this requester rests on that nobody could verify: of the record it tells nothing."""
    case = Case(requester=requester, record=None, authorisation=None, now=_ANY_TIME, parameters=_STANDARD)
    return assumptions(operation, requester, case.cell(operation))


def feeding(requester: Requester) -> Operation:
    """What a deposit by this requester is to the law: TD2.2 by a CPE, TD2.1 by all others."""
    by_cpe = requester.kind is RequesterKind.STRUCTURE and requester.mode == "DIRECTE"
    return Operation.FEED_BY_CPE if by_cpe else Operation.FEED


def _record_level_fault(operation: Operation, case: Case, cell: Cell | None) -> Rule | None:
    """Steps 5 to 8."""
    requester = case.requester
    rule = reason_fault(requester, case.parameters) or record_fault(operation, case.record, case.parameters)
    if rule is not None:
        return rule
    if requester.kind in HOLDERS:
        return _holder_fault(operation, case)
    if cell is None or not cell.allowed:
        return Rule.MATRIX
    if case.entry is None:
        rule = unmet(cell.condition, case, None)
    if rule is None and operation in _ABOUT_SELF and is_blocked(requester, case.authorisation):
        rule = Rule.BLOCKED_BY_PATIENT
    if rule is None and (operation in READING or (operation in DISCREET and not _is_author(case))):
        rule = access_fault(case)
    return rule


def _is_author(case: Case) -> bool:
    return case.entry is not None and is_author(case.requester, case.entry)


def _holder_fault(operation: Operation, case: Case) -> Rule | None:
    """The patient reads his own record, and his legal representative while he is a minor."""
    if operation not in READING:
        return Rule.MATRIX
    if case.requester.kind is RequesterKind.PATIENT:
        return None
    represented = case.record is not None and case.record.may_be_represented(case.now, case.parameters)
    return None if represented else Rule.NOT_REPRESENTED


def _document_fault(
    operation: Operation, case: Case, cell: Cell | None, entry: ReadableEntry
) -> tuple[Rule | None, bool]:
    """Steps 9 to 11 and the conditions of the matrix on one document; and whether it must look absent."""
    requester = case.requester
    if operation in _WITHOUT_AUTHORISATION:
        if not (is_author(requester, entry) or is_of_structure(requester, entry)):
            rule = access_fault(case) or reading_fault(case, entry)
            if rule is not None:
                return rule, True
    elif operation in READING | CHANGING:
        rule = reading_fault(case, entry)
        if rule is not None:
            return rule, True
    return (unmet(cell.condition, case, entry) if cell is not None else None), False


def _told(operation: Operation, case: Case, rule: Rule | None) -> str:
    """What may be said of a refusal because it depends on the requester alone; empty when nothing."""
    if rule is None or case.requester.kind in HOLDERS:
        return ""
    if rule is Rule.REASON_MISSING:
        shortest, longest = case.parameters.reason_shortest, case.parameters.reason_longest
        return f"{BREAK_GLASS} needs a reason of {shortest} to {longest} characters"
    if rule is not Rule.MATRIX and operation not in DISCREET:
        return ""
    alone = Case(requester=case.requester, record=None, authorisation=None, now=case.now, parameters=case.parameters)
    cell = alone.cell(operation)
    if cell is not None and cell.allowed:
        return ""
    return f"{operation.transaction} is not open to this requester in the purpose {case.requester.purpose}"


def _warning(operation: Operation, case: Case) -> str:
    refused = case.record is not None and not case.record.emergency.btg
    if operation in _FEEDING and case.requester.purpose == BREAK_GLASS and refused:
        return "the patient objects to emergency access by professionals: fed all the same"
    return ""
