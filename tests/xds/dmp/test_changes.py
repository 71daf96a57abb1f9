"""Who may change what of a document, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import product
from uuid import uuid4

import pytest

from xds.dmp.changes import Change, changes_between, may_change
from xds.dmp.decision import Rule
from xds.dmp.outcomes import Outcome, outcome
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.errors import Refusal
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus as Status

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPORT, LETTER = Code("10", "1.2.250.1.213.1.1.4.1"), Code("11490-0", "2.16.840.1.113883.6.1")
OF_PATIENT = Code("90", "1.2.250.1.213.1.1.4.1")
MASKED, INVISIBLE, GUARDIANS = "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"
MINOR = Record(patient_key=uuid4(), status=RecordStatus.OPEN, key_id=uuid4(), birth_date=date(2010, 3, 2))
ADULT = replace(MINOR, birth_date=date(1970, 1, 1))
AUTHOR, STRUCTURE = "810000000007", "1750000007"
DOCTOR = Requester(kind=RequesterKind.PROFESSIONAL, national_id="810000000001", profession="10", specialties=("SM26",))
HOSPITAL = Requester(kind=RequesterKind.STRUCTURE, national_id=STRUCTURE, structure_id=STRUCTURE, mode="INDIRECTE")
VALID = Authorisation(professional_id=DOCTOR.national_id, status=AuthorisationStatus.VALIDE)
BLOCKED = replace(VALID, status=AuthorisationStatus.INTERDIT)


@dataclass(frozen=True, kw_only=True)
class Document:
    class_code: Code = REPORT
    type_code: Code = LETTER
    confidentiality_codes: tuple[str, ...] = ("N",)
    author_person_ids: tuple[str, ...] = (AUTHOR,)
    author_structure_ids: tuple[str, ...] = (STRUCTURE,)
    status: Status = Status.APPROVED
    depositor_id: str = STRUCTURE
    read_by_patient: bool = False
    mask_when_visible: bool = False


ACTORS: dict[str, tuple[Requester, Authorisation | None]] = {
    "author": (replace(DOCTOR, national_id=AUTHOR, structure_id=STRUCTURE), None),
    "doctor": (DOCTOR, VALID),
    "stranger": (DOCTOR, None),
    "blocked": (DOCTOR, BLOCKED),
    "MT": (DOCTOR, replace(VALID, medecin_traitant=True)),
    "hospital": (HOSPITAL, None),
    "other hospital": (replace(HOSPITAL, national_id="1750000001", structure_id="1750000001"), None),
    "patient": (Requester(kind=RequesterKind.PATIENT, national_id="INS"), None),
    "mother": (Requester(kind=RequesterKind.REPRESENTATIVE, national_id="MTH"), None),
    "time": (Requester(kind=RequesterKind.SYSTEM, national_id="SYSTEM"), None),
}
HIDDEN = {Change.UNMASK: MASKED, Change.MAKE_VISIBLE: INVISIBLE, Change.SHOW_TO_GUARDIANS: GUARDIANS}
# May somebody do it to a document of another that he sees? a: author, d: doctor, s: stranger, b: blocked, m: médecin
# traitant, h: hospital that deposited it, o: another one, p: patient, r: representative, t: time.
MAY = {
    Change.MASK: "admpr",
    Change.UNMASK: "ampr",
    Change.MAKE_VISIBLE: "admt",
    Change.HIDE_AGAIN: "a",
    Change.SHOW_TO_GUARDIANS: "admp",
    Change.HIDE_FROM_GUARDIANS: "admp",
    Change.ARCHIVE: "am",
    Change.UNARCHIVE: "am",
    Change.DELETE: "ah",
}
INITIALS = dict(zip(ACTORS, "adsbmhoprt", strict=True))


def document_for(change: Change) -> Document:
    codes = ("N", HIDDEN[change]) if change in HIDDEN else ("N",)
    status = Status.ARCHIVED if change is Change.UNARCHIVE else Status.APPROVED
    return Document(confidentiality_codes=codes, status=status)


@pytest.mark.parametrize(("change", "actor"), list(product(Change, ACTORS)))
def test_each_actor_does_what_is_his_to_do(change: Change, actor: str) -> None:
    requester, authorisation = ACTORS[actor]
    decision = may_change(change, requester, MINOR, authorisation, NOW, document_for(change), parameters=Parameters())
    assert decision.allowed is (INITIALS[actor] in MAY[change]), decision.rule
    assert decision.operation is change.operation


@pytest.mark.parametrize(("change", "actor"), list(product((Change.ARCHIVE, Change.DELETE), ACTORS)))
def test_a_document_of_the_patient_is_his_and_his_medecins_traitants(change: Change, actor: str) -> None:
    requester, authorisation = ACTORS[actor]
    for entry in (Document(class_code=OF_PATIENT), Document(type_code=Code("DOCPAT03", "x"))):
        decision = may_change(change, requester, MINOR, authorisation, NOW, entry, parameters=Parameters())
        assert decision.allowed is (actor in {"patient", "mother", "MT"})


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("change", list(Change))
def test_nothing_changes_in_a_closed_record(change: Change, actor: str) -> None:
    requester, authorisation = ACTORS[actor]
    for record in (replace(MINOR, status=RecordStatus.CLOSED), replace(MINOR, status=RecordStatus.SUSPENDED), None):
        assert not may_change(
            change, requester, record, authorisation, NOW, document_for(change), parameters=Parameters()
        )


@pytest.mark.parametrize("change", [Change.MASK, Change.UNMASK, Change.ARCHIVE, Change.MAKE_VISIBLE])
def test_who_does_not_see_a_document_is_answered_as_if_it_were_not_there(change: Change) -> None:
    masked = Document(confidentiality_codes=("N", MASKED))
    decision = may_change(change, DOCTOR, MINOR, VALID, NOW, masked, parameters=Parameters())
    assert not decision
    assert decision.hides
    patient, _ = ACTORS["patient"]
    waiting = Document(confidentiality_codes=("N", INVISIBLE))
    if change is not Change.MAKE_VISIBLE:
        assert may_change(change, patient, MINOR, None, NOW, waiting, parameters=Parameters()).hides


def test_a_stranger_gets_one_refusal_whether_the_document_is_there_or_not() -> None:
    for change in (Change.MASK, Change.ARCHIVE, Change.MAKE_VISIBLE):
        answers = {
            may_change(change, DOCTOR, MINOR, None, NOW, entry, parameters=Parameters()).errors()
            for entry in (None, document_for(change), Document(confidentiality_codes=("N", MASKED)))
        }
        assert len(answers) == 1


@pytest.mark.parametrize("purpose", ["centre_15", "bris_de_glace"])
def test_in_an_emergency_doctors_archive_any_document_and_nobody_changes_who_sees_one(purpose: str) -> None:
    doctor = replace(DOCTOR, purpose=purpose, reason="unconscious")
    for change in Change:
        decision = may_change(change, doctor, ADULT, None, NOW, document_for(change), parameters=Parameters())
        assert decision.allowed is (change in {Change.ARCHIVE, Change.UNARCHIVE})


@pytest.mark.parametrize(
    ("actor", "read", "rule"),
    [
        ("author", False, Rule.GRANTED),
        ("author", True, Rule.READ_BY_PATIENT),
        ("MT", False, Rule.CONDITION_OWN_DOCUMENT),
        ("patient", False, Rule.MATRIX),
    ],
)
def test_a_document_is_hidden_again_by_its_author_before_the_patient_read_it(
    actor: str, read: bool, rule: Rule
) -> None:
    requester, authorisation = ACTORS[actor]
    entry = Document(read_by_patient=read)
    decision = may_change(Change.HIDE_AGAIN, requester, ADULT, authorisation, NOW, entry, parameters=Parameters())
    assert decision.rule is rule


def test_nothing_is_hidden_from_the_representatives_of_an_adult() -> None:
    for actor in ("author", "doctor", "MT", "patient"):
        requester, authorisation = ACTORS[actor]
        decision = may_change(
            Change.HIDE_FROM_GUARDIANS, requester, ADULT, authorisation, NOW, Document(), parameters=Parameters()
        )
        assert decision.rule is Rule.NOT_A_MINOR
    mother, _ = ACTORS["mother"]
    decision = may_change(Change.MASK, mother, ADULT, None, NOW, Document(), parameters=Parameters())
    assert decision.rule is Rule.NOT_REPRESENTED


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (("N",), ("N", MASKED), (Change.MASK,)),
        (("N", MASKED), ("N",), (Change.UNMASK,)),
        (("N", INVISIBLE), ("N",), (Change.MAKE_VISIBLE,)),
        (("N",), ("N", INVISIBLE), (Change.HIDE_AGAIN,)),
        (("N", GUARDIANS), ("N",), (Change.SHOW_TO_GUARDIANS,)),
        (("N",), ("N", GUARDIANS), (Change.HIDE_FROM_GUARDIANS,)),
        (("N", INVISIBLE), ("N", MASKED), (Change.MAKE_VISIBLE, Change.MASK)),
        (("N",), ("N",), ()),
        (("N",), ("R",), None),
        (("N",), (), None),
        (("N",), ("N", "MASQUE_PT"), None),
    ],
)
def test_other_codes_are_changes_or_more_than_that(
    before: tuple[str, ...], after: tuple[str, ...], changes: tuple[Change, ...] | None
) -> None:
    assert changes_between(before, after) == changes


STATUSES = {
    Change.ARCHIVE: {Status.APPROVED: Status.ARCHIVED},
    Change.UNARCHIVE: {Status.ARCHIVED: Status.APPROVED},
    Change.DELETE: dict.fromkeys((Status.APPROVED, Status.DEPRECATED, Status.ARCHIVED), Status.DELETED),
}


@pytest.mark.parametrize(("change", "status"), list(product(STATUSES, Status)))
def test_each_status_has_its_followers(change: Change, status: Status) -> None:
    expected = STATUSES[change].get(status)
    entry = Document(status=status, confidentiality_codes=("N", MASKED))
    if expected is None:
        with pytest.raises(Refusal) as refusal:
            outcome(change, entry, Parameters())
        assert [error.code for error in refusal.value.errors] == ["XDSMetadataUpdateError"]
    else:
        assert outcome(change, entry, Parameters()) == Outcome(
            confidentiality_codes=(MASKED, "N"), status=expected, mask_when_visible=False
        )


@pytest.mark.parametrize(
    ("change", "codes", "after"),
    [
        (Change.MASK, ("N",), (MASKED, "N")),
        (Change.MASK, ("N", GUARDIANS), (GUARDIANS, MASKED, "N")),
        (Change.MASK, ("N", MASKED), "XDSMetadataUpdateError"),
        (Change.MASK, ("N", INVISIBLE), "XDSRegistryMetadataError"),
        (Change.UNMASK, ("N", MASKED), ("N",)),
        (Change.UNMASK, ("N",), "XDSMetadataUpdateError"),
        (Change.MAKE_VISIBLE, ("N", INVISIBLE, GUARDIANS), (GUARDIANS, "N")),
        (Change.MAKE_VISIBLE, ("N",), "XDSMetadataUpdateError"),
        (Change.HIDE_AGAIN, ("N",), (INVISIBLE, "N")),
        (Change.HIDE_AGAIN, ("N", MASKED), "XDSRegistryMetadataError"),
        (Change.HIDE_AGAIN, ("N", INVISIBLE), "XDSMetadataUpdateError"),
        (Change.HIDE_FROM_GUARDIANS, ("N", INVISIBLE), (INVISIBLE, GUARDIANS, "N")),
        (Change.SHOW_TO_GUARDIANS, ("N", GUARDIANS), ("N",)),
    ],
)
def test_who_sees_it_changes_once(change: Change, codes: tuple[str, ...], after: tuple[str, ...] | str) -> None:
    entry = Document(confidentiality_codes=codes)
    if isinstance(after, str):
        with pytest.raises(Refusal) as refusal:
            outcome(change, entry, Parameters())
        assert [error.code for error in refusal.value.errors] == [after]
    else:
        assert outcome(change, entry, Parameters()).confidentiality_codes == after
    with pytest.raises(Refusal):
        outcome(change, replace(entry, status=Status.DELETED), Parameters())


def test_masked_and_invisible_stand_together_by_parameter_only() -> None:
    allowed = outcome(
        Change.MASK, Document(confidentiality_codes=("N", INVISIBLE)), Parameters(mask_with_invisible=True)
    )
    assert allowed.confidentiality_codes == (INVISIBLE, MASKED, "N")


def test_a_mask_that_waited_is_put_on_when_the_patient_may_see_the_document() -> None:
    waiting = Document(confidentiality_codes=("N", INVISIBLE), mask_when_visible=True)
    assert outcome(Change.MAKE_VISIBLE, waiting, Parameters()) == Outcome(
        confidentiality_codes=(MASKED, "N"), status=Status.APPROVED, mask_when_visible=False
    )
