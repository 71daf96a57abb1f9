"""Every cell of the functional rights matrix, through the law: what it says is what is decided."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import product
from uuid import uuid4

import pytest

from profiles.dmp.rights import CellKey, Column, DocumentKind, cells
from xds.dmp.decision import Decision, Rule
from xds.dmp.operations import CHANGING, Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.rights import decide
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus as Status

REPORT, LETTER = Code("10", "1.2.250.1.213.1.1.4.1"), Code("11490-0", "2.16.840.1.113883.6.1")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERSON, STRUCTURE, OTHER = "810000000001", "1750000001", "810000000009"
LEGACY = Parameters(regime="dmp2018")
RECORD = Record(
    patient_key=uuid4(),
    status=RecordStatus.OPEN,
    key_id=uuid4(),
    attached_to_ens=False,
    birth_date=date(1970, 1, 1),
    emergency=EmergencyConsents(masked=False),
)
OPERATIONS = sorted({key.operation for key in cells()})
OF_DOCUMENTS = CHANGING | {Operation.READ, Operation.REFERENCE_SEARCH}


@dataclass(frozen=True, kw_only=True)
class Document:
    class_code: Code = REPORT
    type_code: Code = LETTER
    confidentiality_codes: tuple[str, ...] = ("N",)
    author_person_ids: tuple[str, ...] = (OTHER,)
    author_structure_ids: tuple[str, ...] = ("1750000009",)
    status: Status = Status.APPROVED
    depositor_id: str = "1750000009"


KINDS = {
    "": Document(),
    "NOT_MASKED": Document(),
    "MASKED": Document(confidentiality_codes=("N", "MASQUE_PS")),
    "INVISIBLE": Document(confidentiality_codes=("N", "INVISIBLE_PATIENT")),
    "ARCHIVED": Document(status=Status.ARCHIVED),
    "OBSOLETE": Document(status=Status.DEPRECATED),
    "DELETED": Document(status=Status.DELETED),
}


def requester_of(key: CellKey) -> Requester:
    """Somebody who stands in the column of a cell."""
    person = Requester(
        kind=RequesterKind.PROFESSIONAL if key.column in "PMWT" else RequesterKind.STRUCTURE,
        national_id=PERSON if key.column in "PMWT" else STRUCTURE,
        structure_id=STRUCTURE,
        mode=key.authentication,
        purpose=key.mode,
        reason="unconscious" if key.mode == "bris_de_glace" else "",
    )
    roles = {"P": ("60", ()), "M": ("10", ("SM26",)), "W": ("10", ("SM25",)), "T": ("10", ("SM26",))}
    if key.column in roles:
        profession, specialties = roles[key.column]
        return replace(person, profession=profession, specialties=specialties)
    return person


def decision_on(key: CellKey, document: Document | None, record: Record | None = RECORD) -> Decision:
    operation = Operation(key.operation)
    if operation is Operation.CREATE:
        record = None
    if operation is Operation.REACTIVATE:
        record = replace(RECORD, status=RecordStatus.CLOSED)
    requester = requester_of(key)
    valid = Authorisation(
        professional_id=requester.national_id,
        status=AuthorisationStatus.VALIDE,
        medecin_traitant=key.column == "T",
    )
    return decide(operation, requester, record, valid, NOW, parameters=LEGACY, entry=document)


def document_of(key: CellKey) -> Document | None:
    return KINDS[key.document] if Operation(key.operation) in OF_DOCUMENTS else None


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_cell_that_says_no_refuses_by_the_matrix(operation: str) -> None:
    for key, cell in cells().items():
        if key.operation == operation and not cell.allowed:
            decision = decision_on(key, document_of(key))
            assert (decision.allowed, decision.rule) == (False, Rule.MATRIX), key
            assert [error.code for error in decision.errors()] == ["DMPAccessDeniedByRightsService"], key


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_cell_that_says_yes_allows_the_author(operation: str) -> None:
    for key, cell in cells().items():
        if key.operation == operation and cell.allowed:
            document = document_of(key)
            if document is not None:
                document = replace(document, author_person_ids=(PERSON,), author_structure_ids=(STRUCTURE,))
            decision = decision_on(key, document)
            assert (decision.allowed, decision.rule) == (True, Rule.GRANTED), key
            assert decision.errors() == (), key
            assert operation == "TD3.2" or decision.condition == cell.condition, key


REFUSED_TO_OTHERS = {
    "": Rule.GRANTED,
    "*": Rule.GRANTED,
    "f": Rule.DOCUMENT_MASKED,
    "g": Rule.DOCUMENT_MASKED,
    "h": Rule.CONDITION_OWN_DOCUMENT,
    "h*": Rule.CONDITION_OWN_DOCUMENT,
}
OPEN_CELLS = [(key, cell) for key, cell in cells().items() if cell.allowed and Operation(key.operation) in OF_DOCUMENTS]


def test_a_condition_holds_for_the_document_of_somebody_else() -> None:
    for key, cell in OPEN_CELLS:
        decision = decision_on(key, document_of(key))
        if cell.condition in {"e", "i", "i*"}:
            assert not decision, key
            assert decision.hides, key
        else:
            assert decision.rule is REFUSED_TO_OTHERS[cell.condition], key


def test_a_masked_document_is_open_in_an_emergency_when_the_patient_permits() -> None:
    permitting = replace(RECORD, emergency=EmergencyConsents(masked=True))
    for key, cell in OPEN_CELLS:
        if cell.condition == "g":
            assert decision_on(key, KINDS["MASKED"], permitting), key


def test_a_document_of_the_patient_is_archived_or_deleted_by_the_medecin_traitant_only() -> None:
    mine = Document(class_code=Code("90", "x"), author_person_ids=(PERSON,), author_structure_ids=(STRUCTURE,))
    for key, cell in OPEN_CELLS:
        if "*" in cell.condition:
            expected = Rule.GRANTED if key.column == "T" else Rule.CONDITION_PATIENT_DOCUMENT
            assert decision_on(key, mine).rule is expected, key


def test_what_no_sheet_has_is_refused() -> None:
    places = product(Column, ("DIRECTE", "INDIRECTE", "INDIRECTE_RENFORCEE"), ("normal", "centre_15", "bris_de_glace"))
    of_mode = {"DIRECTE": Column.CPE, "INDIRECTE": Column.STRUCTURE, "INDIRECTE_RENFORCEE": Column.NOT_A_PROFESSIONAL}
    for operation, (column, authentication, mode) in product(Operation, list(places)):
        if column in of_mode.values() and column is not of_mode[authentication]:
            continue
        if (column, mode) == (Column.MEDECIN_TRAITANT, "centre_15"):  # a doctor there
            continue
        kind = "NOT_MASKED" if operation is Operation.READ else ""
        key = CellKey(operation.value, kind, column.value, authentication, mode)
        if key not in cells():
            assert decision_on(key, None).rule is Rule.MATRIX, key


def test_the_kinds_of_documents_are_those_of_the_sheet() -> None:
    assert {key.document for key in cells()} - {""} == {kind.value for kind in DocumentKind}
