"""The order of the law: the first rule that applies wins, and what is said of it tells nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from uuid import uuid4

import pytest

from xds.dmp.access import effective
from xds.dmp.decision import Rule
from xds.dmp.operations import DISCREET, READING, Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.rights import LOT_SIGNATURE, assumed, decide, feeding, may_read
from xds.errors import Refusal, Severity
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus as Status

REPORT, LETTER = Code("10", "1.2.250.1.213.1.1.4.1"), Code("11490-0", "2.16.840.1.113883.6.1")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STRUCTURE = "1750000001"
ADULT = Record(patient_key=uuid4(), status=RecordStatus.OPEN, key_id=uuid4(), birth_date=date(1970, 1, 1))
CLOSED = replace(ADULT, status=RecordStatus.CLOSED)
SUSPENDED = replace(ADULT, status=RecordStatus.SUSPENDED)
MERGED = replace(ADULT, status=RecordStatus.MERGED)
MINOR = replace(ADULT, birth_date=date(2010, 3, 2))
DOCTOR = Requester(
    kind=RequesterKind.PROFESSIONAL,
    national_id="810000000001",
    structure_id=STRUCTURE,
    profession="10",
    specialties=("SM26",),
    is_linked=True,
)
NURSE = replace(DOCTOR, national_id="810000000002", profession="60", specialties=())
HOSPITAL = Requester(kind=RequesterKind.STRUCTURE, national_id=STRUCTURE, structure_id=STRUCTURE, mode="INDIRECTE")
SECRETARY = replace(HOSPITAL, mode="DIRECTE")
PATIENT = Requester(kind=RequesterKind.PATIENT, national_id="190000000000001")
MOTHER = Requester(kind=RequesterKind.REPRESENTATIVE, national_id="MTH")
GLASS = {"purpose": "bris_de_glace", "reason": "unconscious"}
VALID = Authorisation(professional_id=DOCTOR.national_id, status=AuthorisationStatus.VALIDE)
EXPIRED = replace(VALID, valid_until=NOW)
MARKED_EXPIRED = replace(VALID, status=AuthorisationStatus.EXPIRE)
BLOCKED = replace(VALID, status=AuthorisationStatus.INTERDIT)
OF_STRUCTURE = replace(VALID, professional_id=STRUCTURE)
OF_OTHER = replace(VALID, professional_id="810000000009")
TREATING = replace(VALID, medecin_traitant=True)


@dataclass(frozen=True, kw_only=True)
class Document:
    class_code: Code = REPORT
    type_code: Code = LETTER
    confidentiality_codes: tuple[str, ...] = ("N",)
    author_person_ids: tuple[str, ...] = ("810000000007",)
    author_structure_ids: tuple[str, ...] = ("1750000007",)
    status: Status = Status.APPROVED
    depositor_id: str = "1750000007"


ACCESS = [  # authorisation, what it is worth in the mode normal
    (VALID, Rule.GRANTED),
    (TREATING, Rule.GRANTED),
    (replace(VALID, valid_until=NOW + timedelta(microseconds=1)), Rule.GRANTED),
    (OF_STRUCTURE, Rule.GRANTED),
    (EXPIRED, Rule.AUTHORISATION_EXPIRED),
    (MARKED_EXPIRED, Rule.AUTHORISATION_EXPIRED),
    (BLOCKED, Rule.BLOCKED_BY_PATIENT),
    (replace(BLOCKED, professional_id=STRUCTURE), Rule.BLOCKED_BY_PATIENT),
    (OF_OTHER, Rule.NOT_AUTHORISED),
    (None, Rule.NOT_AUTHORISED),
]


@pytest.mark.parametrize(("operation", "case"), list(product(sorted(READING), ACCESS)))
def test_an_authorisation_opens_the_record_in_the_mode_normal(
    operation: Operation, case: tuple[Authorisation | None, Rule]
) -> None:
    authorisation, rule = case
    assert decide(operation, DOCTOR, ADULT, authorisation, NOW).rule is rule


@pytest.mark.parametrize(
    ("authorisation", "purpose", "consents"),
    list(
        product(
            [one for one, _ in ACCESS],
            ("centre_15", "bris_de_glace"),
            [EmergencyConsents(etreat=e, btg=b) for e, b in product((True, False), repeat=2)],
        )
    ),
)
def test_an_emergency_looks_at_consents_and_blocks_and_at_no_authorisation(
    authorisation: Authorisation | None, purpose: str, consents: EmergencyConsents
) -> None:
    doctor = replace(DOCTOR, purpose=purpose, reason="unconscious" if purpose == "bris_de_glace" else "")
    rule = decide(Operation.READ, doctor, replace(ADULT, emergency=consents), authorisation, NOW).rule
    if authorisation is not None and authorisation.status is AuthorisationStatus.INTERDIT:
        assert rule is Rule.BLOCKED_BY_PATIENT
    elif purpose == "centre_15":
        assert rule is (Rule.GRANTED if consents.etreat else Rule.REGULATION_DENIED)
    else:
        assert rule is (Rule.GRANTED if consents.btg else Rule.BREAK_GLASS_DENIED)


@pytest.mark.parametrize(
    ("reason", "allowed"),
    [("", False), ("  a  ", False), ("ab", False), ("abc", True), ("a" * 500, True), ("a" * 501, False)],
)
def test_who_breaks_the_glass_says_why(reason: str, allowed: bool) -> None:
    decision = decide(Operation.READ, replace(DOCTOR, purpose="bris_de_glace", reason=reason), ADULT, None, NOW)
    assert decision.rule is (Rule.GRANTED if allowed else Rule.REASON_MISSING)
    if not allowed:
        assert decision.errors()[0].context == "bris_de_glace needs a reason of 3 to 500 characters"


RECORDS = {"none": None, "open": ADULT, "closed": CLOSED, "suspended": SUSPENDED, "merged": MERGED}
U, C, S, F = Rule.RECORD_UNKNOWN, Rule.RECORD_CLOSED, Rule.RECORD_SUSPENDED, Rule.RECORD_FOUND
OK = Rule.GRANTED
STATES = {  # none, open, closed, suspended, merged
    Operation.EXISTENCE: (OK, OK, OK, S, OK),
    Operation.AUTHORISE_SELF: (U, OK, C, S, U),
    Operation.MY_RECORDS: (OK, OK, OK, OK, OK),
    Operation.CREATE: (OK, F, F, F, OK),
    Operation.REACTIVATE: (U, Rule.RECORD_OPEN, OK, S, U),
    Operation.READ_ADMINISTRATIVE: (U, OK, C, S, U),
    Operation.CHANGE_ADMINISTRATIVE: (U, OK, C, S, U),
    Operation.CLOSE: (U, OK, C, S, U),
    Operation.PATIENT_ACCESS: (U, OK, C, S, U),
    Operation.LIST_PROFESSIONALS: (U, OK, C, S, U),
    Operation.FEED: (U, OK, C, S, U),
    Operation.SEARCH: (U, OK, C, S, U),
    Operation.READ: (U, OK, C, S, U),
    Operation.MASK: (U, OK, C, S, U),
    Operation.DELETE: (U, OK, C, S, U),
}
SPOKEN = {
    Rule.RECORD_UNKNOWN: "XDSUnknownPatientId",
    Rule.RECORD_CLOSED: "DMPClosed",
    Rule.RECORD_SUSPENDED: "SBX_RECORD_SUSPENDED",
    Rule.RECORD_FOUND: "DMPFound",
    Rule.RECORD_OPEN: "DMPFound",
}


@pytest.mark.parametrize(("operation", "state"), list(product(STATES, RECORDS)))
def test_each_operation_wants_a_record_in_some_state(operation: Operation, state: str) -> None:
    record = RECORDS[state]
    expected = STATES[operation][list(RECORDS).index(state)]
    if record is not None:
        record = replace(record, attached_to_ens=False)
    decision = decide(operation, DOCTOR, record, VALID, NOW, parameters=Parameters(regime="dmp2018"))
    assert decision.rule is expected
    if not decision:
        denied = operation in DISCREET
        assert [str(error.code) for error in decision.errors()] == [
            "DMPAccessDeniedByRightsService" if denied else SPOKEN[expected]
        ]


@pytest.mark.parametrize(
    ("operation", "record", "regime", "rule"),
    [
        (Operation.CREATE, None, "mes2022", Rule.REGIME),
        (Operation.CREATE, ADULT, "mes2022", Rule.REGIME),
        (Operation.CHANGE_ADMINISTRATIVE, ADULT, "mes2022", Rule.ATTACHED_TO_ENS),
        (Operation.CLOSE, ADULT, "dmp2018", Rule.ATTACHED_TO_ENS),
        (Operation.PATIENT_ACCESS, ADULT, "mes2022", Rule.ATTACHED_TO_ENS),
        (Operation.CLOSE, replace(ADULT, attached_to_ens=False), "mes2022", Rule.GRANTED),
        (Operation.REACTIVATE, CLOSED, "mes2022", Rule.GRANTED),
        (Operation.READ_ADMINISTRATIVE, ADULT, "mes2022", Rule.GRANTED),
    ],
)
def test_what_the_regime_and_the_national_space_take_from_professionals(
    operation: Operation, record: Record | None, regime: str, rule: Rule
) -> None:
    parameters = Parameters(regime="dmp2018" if regime == "dmp2018" else "mes2022")
    assert decide(operation, DOCTOR, record, VALID, NOW, parameters=parameters).rule is rule


@pytest.mark.parametrize(
    ("operation", "requester", "record", "authorisation", "rule"),
    [
        (Operation.READ, replace(DOCTOR, purpose="bris_de_glace"), None, None, Rule.REASON_MISSING),
        (Operation.READ, SECRETARY, None, None, Rule.RECORD_UNKNOWN),
        (Operation.READ, SECRETARY, ADULT, BLOCKED, Rule.MATRIX),
        (Operation.READ, replace(DOCTOR, specialties=("SM25",)), ADULT, BLOCKED, Rule.MATRIX),
        (Operation.READ, replace(DOCTOR, mode="INDIRECTE"), ADULT, VALID, Rule.MATRIX),
        (Operation.READ, replace(DOCTOR, **GLASS), replace(ADULT, emergency=EmergencyConsents(btg=False)), BLOCKED,
         Rule.BLOCKED_BY_PATIENT),
        (Operation.AUTHORISE_SELF, DOCTOR, CLOSED, BLOCKED, Rule.RECORD_CLOSED),
        (Operation.AUTHORISE_SELF, DOCTOR, ADULT, BLOCKED, Rule.BLOCKED_BY_PATIENT),
        (Operation.REMOVE_SELF, DOCTOR, ADULT, BLOCKED, Rule.BLOCKED_BY_PATIENT),
        (Operation.AUTHORISE_SELF, DOCTOR, ADULT, MARKED_EXPIRED, Rule.GRANTED),
        (Operation.STOP_BEING_MT, DOCTOR, ADULT, VALID, Rule.MATRIX),
        (Operation.STOP_BEING_MT, DOCTOR, ADULT, TREATING, Rule.GRANTED),
        (Operation.STOP_BEING_MT, DOCTOR, ADULT, replace(TREATING, valid_until=NOW), Rule.MATRIX),
        (Operation.AUTHORISE_SELF, replace(SECRETARY, structure_id=None), ADULT, None, Rule.GRANTED),
        (Operation.FEED, DOCTOR, ADULT, BLOCKED, Rule.GRANTED),
        (Operation.FEED, DOCTOR, ADULT, None, Rule.GRANTED),
        (Operation.FEED, replace(DOCTOR, mode="INDIRECTE_RENFORCEE"), ADULT, VALID, Rule.MATRIX),
    ],
)  # fmt: skip
def test_the_first_rule_that_applies_wins(
    operation: Operation, requester: Requester, record: Record | None, authorisation: Authorisation | None, rule: Rule
) -> None:
    assert decide(operation, requester, record, authorisation, NOW).rule is rule


def test_a_deposit_is_told_by_who_brings_it() -> None:
    assert feeding(DOCTOR) is feeding(HOSPITAL) is Operation.FEED
    assert feeding(SECRETARY) is Operation.FEED_BY_CPE
    assert decide(feeding(SECRETARY), SECRETARY, ADULT, None, NOW)


def test_a_feed_in_an_emergency_that_the_patient_objects_to_is_taken_with_a_warning() -> None:
    decision = decide(
        Operation.FEED, replace(DOCTOR, **GLASS), replace(ADULT, emergency=EmergencyConsents(btg=False)), None, NOW
    )
    assert decision
    assert [warning.severity for warning in decision.warnings()] == [Severity.WARNING]
    assert decide(Operation.FEED, DOCTOR, ADULT, None, NOW).warnings() == ()


REFUSED_RECORDS = [
    (None, None), (CLOSED, VALID), (SUSPENDED, VALID), (MERGED, VALID), (ADULT, None), (ADULT, BLOCKED),
    (ADULT, EXPIRED), (ADULT, OF_OTHER), (replace(ADULT, emergency=EmergencyConsents(btg=False)), BLOCKED),
]  # fmt: skip


@pytest.mark.parametrize("operation", sorted(DISCREET))
@pytest.mark.parametrize("requester", [DOCTOR, NURSE, SECRETARY, HOSPITAL, replace(DOCTOR, specialties=("SM25",))])
def test_an_unknown_a_closed_and_a_forbidden_record_get_the_same_refusal(
    operation: Operation, requester: Requester
) -> None:
    answers = set()
    for record, authorisation in REFUSED_RECORDS:
        held = replace(authorisation, professional_id=requester.national_id) if authorisation else None
        decision = decide(operation, requester, record, None if authorisation is OF_OTHER else held, NOW)
        with pytest.raises(Refusal) as refusal:
            decision.or_refuse()
        answers.add(refusal.value.errors)
        assert refusal.value.decided_by == decision.rule
    assert len(answers) == 1
    assert [error.code for error in answers.pop()] == ["DMPAccessDeniedByRightsService"]


def test_of_several_authorisations_the_own_block_counts_first_then_what_is_valid() -> None:
    block_of_structure = replace(BLOCKED, professional_id=STRUCTURE)
    for known, expected in [
        ([], None),
        ([OF_OTHER], None),
        ([OF_STRUCTURE, VALID], VALID),
        ([OF_STRUCTURE, BLOCKED], BLOCKED),
        ([OF_STRUCTURE, EXPIRED], OF_STRUCTURE),
        ([block_of_structure, VALID], VALID),
        ([block_of_structure, EXPIRED], EXPIRED),
        ([block_of_structure], block_of_structure),
    ]:
        assert effective(DOCTOR, known, NOW) == expected
        assert effective(DOCTOR, list(reversed(known)), NOW) == expected


def test_the_structure_makes_nobody_medecin_traitant() -> None:
    masked = Document(confidentiality_codes=("N", "MASQUE_PS"))
    assert not may_read(DOCTOR, masked, ADULT, replace(TREATING, professional_id=STRUCTURE), NOW)
    assert may_read(DOCTOR, masked, ADULT, TREATING, NOW)


@pytest.mark.parametrize(
    ("requester", "record", "rule"),
    [
        (PATIENT, ADULT, Rule.GRANTED),
        (PATIENT, MINOR, Rule.GRANTED),
        (PATIENT, CLOSED, Rule.RECORD_CLOSED),
        (PATIENT, None, Rule.RECORD_UNKNOWN),
        (MOTHER, MINOR, Rule.GRANTED),
        (MOTHER, ADULT, Rule.NOT_REPRESENTED),
        (MOTHER, replace(MINOR, birth_date=date(2008, 3, 1)), Rule.NOT_REPRESENTED),
        (MOTHER, replace(MINOR, birth_date=None), Rule.NOT_REPRESENTED),
        (MOTHER, replace(ADULT, protected=True), Rule.GRANTED),
        (MOTHER, replace(MINOR, birth_date=date(2008, 3, 1), protected=True), Rule.GRANTED),
    ],
)
def test_patients_read_their_record_and_representatives_that_of_a_minor(
    requester: Requester, record: Record | None, rule: Rule
) -> None:
    assert decide(Operation.READ, requester, record, None, NOW).rule is rule
    assert not decide(Operation.FEED, requester, record, None, NOW)


@pytest.mark.parametrize("operation", list(Operation))
def test_what_an_answer_rests_on_is_the_same_whatever_the_record_holds(operation: Operation) -> None:
    for requester in (DOCTOR, NURSE, SECRETARY):
        words = {
            decide(operation, requester, record, authorisation, NOW).assumed
            for record, authorisation in [*REFUSED_RECORDS, (ADULT, VALID)]
        }
        assert words == {assumed(operation, requester)}


def test_unverified_rules_are_named() -> None:
    assert assumed(Operation.SEARCH, DOCTOR) == ("authorisation_days",)
    assert assumed(Operation.SEARCH, NURSE) == ("habilitation", "authorisation_days")
    assert assumed(Operation.CLOSE, DOCTOR) == ("rights",)
    assert assumed(Operation.EXISTENCE, DOCTOR) == ()


# Who sees a document, by what hides it. Columns: N, MASQUE_PS, INVISIBLE_PATIENT, INVISIBLE_REPRESENTANTS_LEGAUX.
HIDINGS = ((), ("MASQUE_PS",), ("INVISIBLE_PATIENT",), ("INVISIBLE_REPRESENTANTS_LEGAUX",))
EMERGENCY = replace(NURSE, **GLASS)
OPEN_MASKS = replace(MINOR, emergency=EmergencyConsents(masked=True))
VIEWERS = {
    "author": (replace(DOCTOR, national_id="810000000007"), MINOR, None, Parameters(), "1111"),
    "author in an emergency": (replace(EMERGENCY, national_id="810000000007"), MINOR, None, Parameters(), "1111"),
    "another of his structure": (replace(DOCTOR, structure_id="1750000007"), MINOR, VALID, Parameters(), "1011"),
    "another of his structure, by parameter": (
        replace(DOCTOR, structure_id="1750000007"), MINOR, VALID, Parameters(mask_author_scope="structure"), "1111",
    ),
    "médecin traitant": (DOCTOR, MINOR, TREATING, Parameters(), "1111"),
    "former médecin traitant": (DOCTOR, MINOR, replace(TREATING, valid_until=NOW), Parameters(), "1011"),
    "another professional": (NURSE, MINOR, VALID, Parameters(), "1011"),
    "emergency": (EMERGENCY, MINOR, None, Parameters(), "1011"),
    "emergency, masks permitted": (EMERGENCY, OPEN_MASKS, None, Parameters(), "1111"),
    "médecin traitant in an emergency": (replace(DOCTOR, **GLASS), MINOR, TREATING, Parameters(), "1011"),
    "normal, masks permitted in emergencies": (NURSE, OPEN_MASKS, VALID, Parameters(), "1011"),
    "occupational physician, in a list": (replace(DOCTOR, specialties=("SM25",)), MINOR, VALID, Parameters(), "1000"),
    "CPE": (SECRETARY, MINOR, None, Parameters(), "0000"),
    "certificate of a structure": (HOSPITAL, MINOR, None, Parameters(), "0000"),
    "patient": (PATIENT, MINOR, None, Parameters(), "1101"),
    "legal representative": (MOTHER, MINOR, None, Parameters(), "1100"),
}  # fmt: skip


@pytest.mark.parametrize(("viewer", "column"), list(product(VIEWERS, range(len(HIDINGS)))))
def test_each_viewer_sees_what_the_table_says(viewer: str, column: int) -> None:
    requester, record, authorisation, parameters, seen = VIEWERS[viewer]
    document = Document(confidentiality_codes=("N", *HIDINGS[column]))
    decision = may_read(requester, document, record, authorisation, NOW, parameters)
    assert decision.allowed is (seen[column] == "1")
    assert decision.hides is not decision.allowed


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("kept", [True, False])
def test_a_status_hides_nothing_but_a_deleted_document_by_parameter(status: Status, kept: bool) -> None:
    parameters = Parameters(retrieve_deleted=kept)
    for requester in (DOCTOR, PATIENT, replace(DOCTOR, national_id="810000000007")):
        decision = may_read(requester, Document(status=status), ADULT, VALID, NOW, parameters)
        assert decision.allowed is (kept or status is not Status.DELETED)


def test_occupational_physicians_find_only_what_is_current() -> None:
    physician = replace(DOCTOR, specialties=("SM25",))
    seen = {status for status in Status if may_read(physician, Document(status=status), ADULT, VALID, NOW)}
    assert Status.APPROVED in seen
    assert not seen & {Status.DEPRECATED, Status.ARCHIVED, Status.DELETED}


def test_the_signature_of_a_lot_is_its_authors_alone() -> None:
    signature = Document(type_code=LOT_SIGNATURE, confidentiality_codes=("N", "MASQUE_PS", "INVISIBLE_PATIENT"))
    for requester, authorisation in ((DOCTOR, TREATING), (NURSE, VALID), (PATIENT, None), (MOTHER, None)):
        assert may_read(requester, signature, MINOR, authorisation, NOW).rule is Rule.SIGNATURE_DOCUMENT
    assert may_read(replace(DOCTOR, national_id="810000000007"), signature, MINOR, None, NOW)


@pytest.mark.parametrize(
    ("requester", "type_code", "class_code", "seen"),
    [
        (DOCTOR, "ATTEST-RESID", "95", False),
        (NURSE, "75496-0", "10", False),
        (NURSE, "11490-0", "10", True),
        (replace(NURSE, profession="70"), "59284-0", "95", False),
        (replace(NURSE, profession=None), "11490-0", "10", False),
        (replace(NURSE, profession="41", profession_system="1.2.250.1.213.1.6.1.4"), "28653-4", "10", True),
        (replace(NURSE, profession="41", profession_system="1.2.250.1.213.1.6.1.4"), "11490-0", "10", False),
    ],
)
def test_a_profession_sees_its_types_and_an_author_his_documents(
    requester: Requester, type_code: str, class_code: str, seen: bool
) -> None:
    document = Document(type_code=Code(type_code, "x"), class_code=Code(class_code, "y"))
    assert may_read(requester, document, ADULT, VALID, NOW).rule is (Rule.GRANTED if seen else Rule.DOCUMENT_TYPE)
    own = replace(document, author_person_ids=(requester.national_id,))
    assert may_read(requester, own, ADULT, VALID, NOW)


@pytest.mark.parametrize("operation", sorted(READING))
def test_the_word_of_a_professional_makes_him_none_of_a_structure(operation: Operation) -> None:
    claiming = replace(DOCTOR, is_linked=False)
    assert decide(operation, claiming, ADULT, OF_STRUCTURE, NOW).rule is Rule.NOT_AUTHORISED
    masked = Document(confidentiality_codes=("N", "MASQUE_PS"), author_structure_ids=(STRUCTURE,))
    open_to_structures = Parameters(mask_author_scope="structure")
    assert may_read(DOCTOR, masked, ADULT, VALID, NOW, open_to_structures)
    assert not may_read(claiming, masked, ADULT, VALID, NOW, open_to_structures)
