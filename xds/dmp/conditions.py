"""Conditions of the functional rights matrix, by their letters in the sheet (DMP rights sheet PDT-INF-526).

A condition that fails names its rule. `b`, `c` and `e` without a document limit what is answered, and never fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from profiles.dmp.rights import Column
from xds.dmp.case import Case
from xds.dmp.decision import Rule
from xds.dmp.entries import ReadableEntry, is_author, is_of_structure, is_own, is_the_patients
from xds.dmp.requester import RequesterKind


def unmet(condition: str, case: Case, entry: ReadableEntry | None) -> Rule | None:
    """The rule of the condition that fails; None when the cell says yes. Without a document, those on one are met.

    On a document of the patient, where the sheet says so (`*`), only that counts.
    """
    if "*" in condition and entry is not None and is_the_patients(entry):
        return None if case.column is Column.MEDECIN_TRAITANT else Rule.CONDITION_PATIENT_DOCUMENT
    for letter in condition.replace("*", ""):
        rule = _CONDITIONS[letter](case, entry)
        if rule is not None:
            return rule
    return None


def _known_structure(case: Case, entry: ReadableEntry | None) -> Rule | None:
    known = case.requester.structure_id is not None or case.requester.kind is RequesterKind.STRUCTURE
    return None if known else Rule.CONDITION_STRUCTURE


def _limited_list(case: Case, entry: ReadableEntry | None) -> Rule | None:
    return None


def _of_the_structure(case: Case, entry: ReadableEntry | None) -> Rule | None:
    if entry is None or is_of_structure(case.requester, entry):
        return None
    return Rule.CONDITION_OWN_STRUCTURE


def _own_although_masked(case: Case, entry: ReadableEntry | None) -> Rule | None:
    if entry is None or is_own(case.requester, entry, case.parameters):
        return None
    return Rule.DOCUMENT_MASKED


def _permitted_although_masked(case: Case, entry: ReadableEntry | None) -> Rule | None:
    permitted = case.record is not None and case.record.emergency.masked
    return None if permitted else _own_although_masked(case, entry)


def _own(case: Case, entry: ReadableEntry | None) -> Rule | None:
    if entry is None or is_author(case.requester, entry):
        return None
    return Rule.CONDITION_OWN_DOCUMENT


_CONDITIONS: Mapping[str, Callable[[Case, ReadableEntry | None], Rule | None]] = MappingProxyType(
    {
        "a": _known_structure,
        "b": _limited_list,
        "c": _limited_list,
        "d": _known_structure,
        "e": _of_the_structure,
        "f": _own_although_masked,
        "g": _permitted_although_masked,
        "h": _own,
        "i": _of_the_structure,
    }
)
