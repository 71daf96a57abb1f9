"""Steps 9 to 11: who sees a document, from the profession, its confidentiality codes and its status (CSP R1111-49).

A document that is not seen is absent: from a search, from a retrieve, from whatever names it (DMP TD3.1, TD3.2).
"""

from __future__ import annotations

from profiles.dmp.habilitation import may_profession_read
from profiles.dmp.rights import DocumentKind
from xds.dmp.case import Case
from xds.dmp.conditions import unmet
from xds.dmp.decision import Rule
from xds.dmp.entries import (
    HIDDEN_FROM_GUARDIANS,
    INVISIBLE,
    ReadableEntry,
    is_author,
    is_lot_signature,
    is_own,
    special_kinds,
)
from xds.dmp.operations import Operation
from xds.dmp.requester import HOLDERS, RequesterKind
from xds.metadata.document_entry import AvailabilityStatus

_RULES = {DocumentKind.MASKED: Rule.DOCUMENT_MASKED, DocumentKind.INVISIBLE: Rule.DOCUMENT_INVISIBLE}


def reading_fault(case: Case, entry: ReadableEntry) -> Rule | None:
    """The rule that hides a document from a requester who may consult its record; None when he sees it.

    Its author sees it whatever hides it from others. INVISIBLE_PATIENT and INVISIBLE_REPRESENTANTS_LEGAUX hide nothing
    from professionals, but from occupational physicians, who read nothing and find only what nothing hides.
    """
    if entry.status is AvailabilityStatus.DELETED and not case.parameters.retrieve_deleted:
        return Rule.DOCUMENT_STATUS
    if case.requester.kind in HOLDERS:
        return _fault_of_holders(case, entry)
    if is_author(case.requester, entry):
        return None
    return Rule.SIGNATURE_DOCUMENT if is_lot_signature(entry) else _fault_of_others(case, entry)


def _fault_of_others(case: Case, entry: ReadableEntry) -> Rule | None:
    requester = case.requester
    if not may_profession_read(
        requester.profession,
        entry.class_code.code,
        entry.type_code.code,
        profession_system=requester.profession_system,
    ):
        return Rule.DOCUMENT_TYPE
    for kind in () if is_own(requester, entry, case.parameters) else special_kinds(entry):
        cell = case.cell(Operation.READ, kind)
        if cell is None or not cell.allowed or unmet(cell.condition, case, entry) is not None:
            return _RULES.get(kind, Rule.DOCUMENT_STATUS)
    return None


def _fault_of_holders(case: Case, entry: ReadableEntry) -> Rule | None:
    """The patient sees all but what waits for its announcement; who represents a minor, not what the minor hides."""
    if is_lot_signature(entry):
        return Rule.SIGNATURE_DOCUMENT
    codes = entry.confidentiality_codes
    hidden = INVISIBLE in codes
    if case.requester.kind is RequesterKind.REPRESENTATIVE:
        hidden = hidden or HIDDEN_FROM_GUARDIANS in codes
    return Rule.DOCUMENT_INVISIBLE if hidden else None
