"""Every rule catches its own fault and no other; messages of the agency get the verdicts they deserve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from operator import attrgetter
from pathlib import Path

import pytest

from profiles.hl7v2.tables import rules
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import mdm, oru, pam
from samples.hl7v2.twins import TERMS, TWINS, Twin
from xds.hl7v2.acknowledgement import code_of
from xds.hl7v2.consent_message import Consultation, Feeding
from xds.hl7v2.document_message import Flow
from xds.hl7v2.faults import Condition, Severity
from xds.hl7v2.reading import read_message
from xds.hl7v2.terms import Terms

OFFICIAL = Path(__file__).parents[3].parent / "shared" / "samples-fr" / "hl7v2"
BOTH = {"DESTMSSANTEPS": "Y", "DESTMSSANTEPAT": "Y"}


def found(data: bytes, terms: Terms = TERMS) -> list[str]:
    return [fault.rule for fault in read_message(data, terms).faults]


@pytest.mark.parametrize("twin", TWINS, ids=attrgetter("rule"))
def test_each_rule_catches_its_own_fault_and_no_other(twin: Twin) -> None:
    faults = Counter(found(twin.content(), twin.terms))
    assert set(faults) == {twin.rule} | twin.also
    assert faults[twin.rule] == 1


def test_every_rule_of_a_message_alone_has_its_twin() -> None:
    alone = {row.rule for row in rules().values() if row.scope not in ("agreement", "use-case")}
    assert alone == {twin.rule for twin in TWINS}
    assert len(TWINS) == len(alone)


@pytest.mark.parametrize("twin", TWINS, ids=attrgetter("rule"))
def test_a_fault_has_a_place_a_condition_and_words(twin: Twin) -> None:
    for fault in read_message(twin.content(), twin.terms).faults:
        segment, number, *rest = fault.location.split("^")
        assert segment.isalnum()
        assert number.isdigit()
        assert all(part.isdigit() for part in rest)
        assert fault.text


@pytest.mark.parametrize("row", rules().values(), ids=attrgetter("rule"))
def test_a_row_of_a_rule_is_whole(row: object) -> None:
    for name in ("rule", "scope", "severity", "condition", "source", "message", "message_en", "hint", "hint_en"):
        assert getattr(row, name)
    assert Severity(row.severity)  # type: ignore[attr-defined]
    assert Condition(row.condition)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "message",
    [
        oru,
        mdm,
        pam,
        lambda: oru(flow="replace"),
        lambda: oru(flow="delete"),
        lambda: mdm(flow="replace"),
        lambda: mdm(flow="delete"),
        lambda: mdm(charset="8859/15"),
        lambda: mdm(charset="8859/1"),
        lambda: pam("NA", "NA"),
        lambda: pam("IO", "INC", event="A31"),
        lambda: oru(said=BOTH, mailboxes=["a@b.mssante.fr"], to_patient=True),
        lambda: replace(oru(), end="\n"),
        lambda: replace(oru(), end="\r\n"),
    ],
)
def test_a_good_message_has_no_fault(message: Callable[[], Er7]) -> None:
    assert found(message().bytes) == []


@pytest.mark.parametrize("terms", [Terms(mss_matrix="warn"), Terms(mss_matrix="strict")])
@pytest.mark.parametrize(
    ("said", "refused"),
    [
        (BOTH, False),
        ({"DESTMSSANTEPS": "Y", "INVISIBLE_PATIENT": "Y"}, False),
        ({"DESTMSSANTEPAT": "Y", "DESTDMP": "N", "MASQUE_PS": "Y"}, False),
        ({}, False),
        ({"DESTMSSANTEPS": "Y"}, True),
        ({"DESTMSSANTEPAT": "Y"}, True),
        (BOTH | {"MASQUE_PS": "Y"}, True),
    ],
)
def test_the_matrix_of_mssante_warns_or_refuses(said: dict[str, str], refused: bool, terms: Terms) -> None:
    data = oru(said=said, mailboxes=["a@b.mssante.fr"], to_patient=True).bytes
    reading = read_message(data, terms)
    assert [fault.rule for fault in reading.faults] == (["H-20"] if refused else [])
    assert reading.accepted is (not refused or terms.mss_matrix == "warn")


def test_a_house_may_allow_both_hidings() -> None:
    data = oru(said={"MASQUE_PS": "Y", "INVISIBLE_PATIENT": "Y"}).bytes
    assert found(data, Terms(may_cumulate=True)) == []


@pytest.mark.parametrize(
    ("orc", "status", "trigger"),
    [
        ("RO", "F", "T02"),
        ("CA", "F", "T02"),
        ("NW", "C", "T10"),
        ("CA", "C", "T10"),
        ("NW", "D", "T04"),
        ("RO", "D", "T04"),
    ],
)
def test_each_pair_of_flows_that_disagree_is_an_error(orc: str, status: str, trigger: str) -> None:
    flow = {"F": "initial", "C": "replace", "D": "delete"}[status]
    reading = read_message(mdm(flow=flow).with_field("ORC^1^1", orc).bytes, TERMS)  # type: ignore[arg-type]
    assert reading.header.trigger == trigger
    assert [fault.rule for fault in reading.faults] == ["H-01"]
    assert code_of(reading.faults) == "AE"


@pytest.mark.parametrize(
    ("rule", "place", "value", "found", "expected"),
    [
        ("H-35", "OBX^2^3", "MASQUE^x^MetaDMPMSS", "MASQUE", None),
        ("H-36", "OBX^2^5", "y^^expandedYes-NoIndicator", "y", "Y, N"),
        ("H-37", "OBX^2^2", "ST", "ST", "CE"),
        ("H-38", "OBX^2^11", "C", "C", "F"),
        ("H-06", "OBX^1^5", "^APPLICATION^PDF^Base64^UA==", "APPLICATION^PDF^BASE64", "TEXT^XML^BASE64"),
    ],
)
def test_a_wrong_code_is_told_as_it_was_found(
    rule: str, place: str, value: str, found: str, expected: str | None
) -> None:
    told = [one for one in read_message(oru().with_field(place, value).bytes).faults if one.rule == rule]
    assert [(one.found, one.expected) for one in told] == [(found, expected)]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    message = oru().with_field("MSH^1^17", "").with_field("PV1^1^19", "").with_field("ORC^1^1", "CA")
    assert set(found(message.without("PRT^1").bytes)) == {"H-23", "H-29", "H-01", "H-10-SENDER"}


official = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the examples of the agency are not here")
CASES = {
    "mdm_t02_cr_radio_init_n1.er7": (Flow.INITIAL, ["H-12-ADULT", "H-20"]),
    "mdm_t10_cr_radio_rplc_n1.er7": (Flow.REPLACE, ["H-12-ADULT", "H-20"]),
    "mdm_t04_cr_radio_del_n1.er7": (Flow.DELETE, ["SBX_B64_PADDING", "H-12-ADULT", "H-20"]),
    "oru_r01_cr_bio_init_n3_segur.hl7": (Flow.INITIAL, ["H-42"]),
    "oru_r01_cr_bio_rplc_n3_segur.hl7": (Flow.REPLACE, ["SBX_B64_PADDING", "H-42"]),
    "oru_r01_cr_bio_del_n3_segur.hl7": (Flow.DELETE, ["H-42"]),
}


@official
@pytest.mark.parametrize("name", CASES)
def test_the_messages_of_the_agency_are_taken_with_the_warnings_they_deserve(name: str) -> None:
    reading = read_message((OFFICIAL / name).read_bytes(), Terms(today=date(2026, 11, 22)))
    flow, rules_broken = CASES[name]
    assert [fault.rule for fault in reading.faults] == rules_broken
    assert reading.accepted
    assert reading.message is not None
    assert reading.message.flow is flow  # type: ignore[union-attr]
    assert reading.message.documents[0].content.rstrip().endswith(b"</ClinicalDocument>")  # type: ignore[union-attr]


@official
@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("mdm")])
def test_a_strict_house_refuses_the_combinations_of_the_agency(name: str) -> None:
    assert not read_message((OFFICIAL / name).read_bytes(), Terms(mss_matrix="strict")).accepted


@official
@pytest.mark.parametrize(
    ("name", "feeding", "consultation"),
    [
        ("pam_a01_consentement_consultation_non_opposition.er7", Feeding.NO_OPPOSITION, Consultation.CONSENT),
        ("pam_a01_non_consentement_opposition.er7", Feeding.OPPOSITION, Consultation.REFUSAL),
    ],
)
def test_the_consents_of_the_agency_are_read(name: str, feeding: Feeding, consultation: Consultation) -> None:
    reading = read_message((OFFICIAL / name).read_bytes(), TERMS)
    assert reading.faults == ()
    assert (reading.message.feeding, reading.message.consultation) == (feeding, consultation)  # type: ignore[union-attr]


def spelled(old: bytes, new: bytes) -> bytes:
    return oru().bytes.replace(old, new, 1)


WHERE_FOUND_EXPECTED = {
    "ORC behind OBR": (
        oru().moved("ORC^1", "OBR^1").bytes,
        {
            ("HL7-SEQUENCE", "OBR^1", "found OBR, expected ORC"),
            ("HL7-SEQUENCE", "ORC^1", "found ORC, expected OBX"),
            ("HL7-SEQUENCE", "OBX^1", "found OBX, expected OBR"),
        },
    ),
    "an OBR without an ORC of its own": (
        oru().after("OBX^11", "OBR|2|||11502-2^CR^LN").after("OBR^2", "OBX|12|ST|1-8^X^LN||x||||||F").bytes,
        {("HL7-SEQUENCE", "OBR^2", "found OBR, expected ORC")},
    ),
    "EVN behind PID": (
        pam().moved("EVN^1", "PID^1").bytes,
        {("HL7-SEQUENCE", "PID^1", "found PID, expected EVN"), ("HL7-SEQUENCE", "EVN^1", "found EVN")},
    ),
    "another type": (
        oru().with_field("MSH^1^9", "OUL^R22^OUL_R22").bytes,
        {("HL7-MESSAGE", "MSH^1^9", "found OUL^R22^OUL_R22")},
    ),
    "another event": (
        pam().with_field("MSH^1^9", "ADT^A60^ADT_A60").bytes,
        {("HL7-EVENT", "MSH^1^9", "found ADT^A60^ADT_A60")},
    ),
    "another version": (
        oru().with_field("MSH^1^12", "2.3").bytes,
        {("HL7-VERSION", "MSH^1^12", "found 2.3, expected 2.5")},
    ),
    "no version of the profile": (
        oru().with_field("MSH^1^21", "").bytes,
        {("H-25", "MSH^1^21", "found nothing, expected 2.1^CISIS_CDA_HL7_V2")},
    ),
    "another character set": (
        spelled(b"UNICODE UTF-8", b"UNICODE UTF-16"),
        {("HL7-CHARSET", "MSH^1^18", "found UNICODE UTF-16, expected one of ASCII")},
    ),
    "a byte of another character set": (
        spelled(b"PV1|1", b"PV1|\xe9"),
        {("HL7-ENCODING", "MSH^1^18", "segment 3 (PV1), byte 5 of it")},
    ),
    "a control character": (
        spelled(b"PV1|1|", b"PV1|1\x01|"),
        {("HL7-CONTROL", "PV1^1", "holds no control character")},
    ),
    "no base64": (
        spelled(b"^Base64^", b"^Base64^ab#d"),
        {("H-02", "OBX^1^5^1^5", "found byte 23 at 3")},
    ),
}


@pytest.mark.parametrize(("message", "expected"), WHERE_FOUND_EXPECTED.values(), ids=WHERE_FOUND_EXPECTED.keys())
def test_a_fault_says_where_it_is_what_was_found_and_what_was_expected(
    message: bytes, expected: set[tuple[str, str, str]]
) -> None:
    faults = read_message(message, TERMS).faults
    for rule, place, words in expected:
        assert [one.text for one in faults if (one.rule, one.location) == (rule, place) and words in one.text]
    assert "HL7-SEGMENT" not in {one.rule for one in faults}
