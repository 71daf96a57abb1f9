"""The law, as tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from xds.dmp.record import Authorisation, AuthorisationStatus, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.rights import LOT_SIGNATURE, Rule, may_consult, may_deposit, may_read
from xds.errors import Refusal
from xds.metadata.codes import Code

REPORT_CLASS, LETTER = Code("10", "1.2.250.1.213.1.1.4.1"), Code("11490-0", "2.16.840.1.113883.6.1")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPEN = Record(patient_key=uuid4(), status=RecordStatus.OPEN, key_id=uuid4())
CLOSED = replace(OPEN, status=RecordStatus.CLOSED)
DOCTOR = Requester(kind=RequesterKind.PROFESSIONAL, national_id="810000000001", profession="10", specialties=("SM26",))
HOSPITAL = Requester(kind=RequesterKind.STRUCTURE, national_id="1750000001", mode="INDIRECTE")
VALID = Authorisation(professional_id=DOCTOR.national_id, status=AuthorisationStatus.VALIDE, valid_until=None)


@dataclass(frozen=True, kw_only=True)
class Document:
    class_code: Code = REPORT_CLASS
    type_code: Code = LETTER
    confidentiality_codes: tuple[str, ...] = ("N",)
    author_person_ids: tuple[str, ...] = ("810000000007",)


@pytest.mark.parametrize(
    ("requester", "record", "rule"),
    [
        (HOSPITAL, OPEN, Rule.GRANTED),
        (DOCTOR, OPEN, Rule.GRANTED),
        (HOSPITAL, None, Rule.RECORD_UNKNOWN),
        (HOSPITAL, CLOSED, Rule.RECORD_CLOSED),
        (replace(DOCTOR, mode="INDIRECTE_RENFORCEE"), OPEN, Rule.MATRIX),
    ],
)
def test_deposit(requester: Requester, record: Record | None, rule: Rule) -> None:
    decision = may_deposit(requester, record)
    assert (decision.allowed, decision.rule) == (rule is Rule.GRANTED, rule)


@pytest.mark.parametrize(
    ("requester", "record", "authorisation", "rule"),
    [
        (DOCTOR, OPEN, VALID, Rule.GRANTED),
        (replace(DOCTOR, mode="INDIRECTE_RENFORCEE"), OPEN, VALID, Rule.GRANTED),
        (DOCTOR, OPEN, replace(VALID, valid_until=NOW + timedelta(seconds=1)), Rule.GRANTED),
        (DOCTOR, OPEN, replace(VALID, valid_until=NOW), Rule.AUTHORISATION_EXPIRED),
        (DOCTOR, OPEN, replace(VALID, status=AuthorisationStatus.EXPIRE), Rule.AUTHORISATION_EXPIRED),
        (DOCTOR, OPEN, replace(VALID, status=AuthorisationStatus.INTERDIT), Rule.BLOCKED_BY_PATIENT),
        (DOCTOR, OPEN, None, Rule.NOT_AUTHORISED),
        (DOCTOR, OPEN, replace(VALID, professional_id="810000000009"), Rule.NOT_AUTHORISED),
        (DOCTOR, CLOSED, VALID, Rule.RECORD_CLOSED),
        (DOCTOR, None, None, Rule.RECORD_UNKNOWN),
        (HOSPITAL, OPEN, VALID, Rule.MATRIX),
        (replace(DOCTOR, mode="INDIRECTE"), OPEN, VALID, Rule.MATRIX),
        (replace(DOCTOR, purpose="bris_de_glace"), OPEN, VALID, Rule.MATRIX),
        (replace(DOCTOR, purpose="centre_15"), None, None, Rule.MATRIX),
        (replace(DOCTOR, specialties=("SM25",)), OPEN, VALID, Rule.MATRIX),
    ],
)
def test_consult(requester: Requester, record: Record | None, authorisation: Authorisation | None, rule: Rule) -> None:
    decision = may_consult(requester, record, authorisation, NOW)
    assert (decision.allowed, decision.rule) == (rule is Rule.GRANTED, rule)


def test_an_unknown_a_closed_and_a_forbidden_record_get_the_same_refusal() -> None:
    answers = set()
    for record, authorisation in (
        (None, None),
        (CLOSED, VALID),
        (OPEN, None),
        (OPEN, replace(VALID, status=AuthorisationStatus.INTERDIT)),
        (OPEN, replace(VALID, valid_until=NOW)),
    ):
        with pytest.raises(Refusal) as refusal:
            may_consult(DOCTOR, record, authorisation, NOW).or_refuse()
        answers.add(refusal.value.errors)
    assert len(answers) == 1
    assert [error.code for error in answers.pop()] == ["DMPAccessDeniedByRightsService"]


@pytest.mark.parametrize(
    ("record", "code"), [(None, "XDSUnknownPatientId"), (CLOSED, "DMPClosed")], ids=["unknown", "closed"]
)
def test_a_refused_deposit_says_why(record: Record | None, code: str) -> None:
    with pytest.raises(Refusal) as refusal:
        may_deposit(HOSPITAL, record).or_refuse()
    assert [str(error.code) for error in refusal.value.errors] == [code]


AUTHOR = (DOCTOR.national_id,)
MASKED = ("N", "MASQUE_PS")


@pytest.mark.parametrize(
    ("requester", "document", "rule"),
    [
        (DOCTOR, Document(), Rule.GRANTED),
        (DOCTOR, Document(confidentiality_codes=MASKED), Rule.DOCUMENT_MASKED),
        (DOCTOR, Document(confidentiality_codes=MASKED, author_person_ids=AUTHOR), Rule.GRANTED),
        (DOCTOR, Document(confidentiality_codes=("N", "INVISIBLE_PATIENT")), Rule.GRANTED),
        (DOCTOR, Document(confidentiality_codes=("N", "INVISIBLE_REPRESENTANTS_LEGAUX")), Rule.GRANTED),
        (DOCTOR, Document(type_code=LOT_SIGNATURE), Rule.SIGNATURE_DOCUMENT),
        (DOCTOR, Document(type_code=LOT_SIGNATURE, author_person_ids=AUTHOR), Rule.GRANTED),
        (DOCTOR, Document(type_code=Code("ATTEST-RESID", "1.2.250.1.213.1.1.4.12")), Rule.DOCUMENT_TYPE),
    ],
)
def test_read(requester: Requester, document: Document, rule: Rule) -> None:
    decision = may_read(requester, document)
    assert (decision.allowed, decision.rule) == (rule is Rule.GRANTED, rule)


@pytest.mark.parametrize(
    ("profession", "class_code", "type_code", "allowed"),
    [
        ("10", "10", "11490-0", True),
        ("10", "95", "59284-0", True),
        ("10", "95", "ATTEST-RESID", False),
        ("60", "10", "11490-0", True),
        ("60", "10", "75496-0", False),
        ("60", "52", "89601-9", False),
        ("21", "42", "57833-6", True),
        ("40", "44", "80788-3", False),
        ("70", "10", "11502-2", True),
        ("70", "95", "59284-0", False),
        ("70", "11", "68599-0", False),
        ("99", "10", "11490-0", False),
        (None, "10", "11490-0", False),
    ],
)
def test_a_profession_reads_the_types_of_its_rows(
    profession: str | None, class_code: str, type_code: str, allowed: bool
) -> None:
    document = Document(class_code=Code(class_code, "x"), type_code=Code(type_code, "y"))
    assert may_read(replace(DOCTOR, profession=profession), document).allowed is allowed
