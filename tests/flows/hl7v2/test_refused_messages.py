"""What is wrong in a message is answered with its code, its rule and its place, and nothing is taken (G-03 to G-06)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from samples.documents.elements import new_oid
from samples.documents.laboratory_report import laboratory_report
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import mdm, oru

FLOWS = {"initial": ("NW", "F", "T02"), "replace": ("RO", "C", "T10"), "delete": ("CA", "D", "T04")}
PAIRS = [(one, other) for one in FLOWS for other in FLOWS if one != other]


def refused(bench: Any, message: Er7, condition: str, rule: str) -> None:
    """The message is answered AE with this condition of table 0357 and this rule; the inbox has nothing of it."""
    answer = bench.send(message)
    assert answer.code == "AE", answer.errors
    assert any(error.startswith(condition) and rule in error for error in answer.errors), answer.errors
    kept = bench.rows("SELECT count(*) FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10"))
    assert kept == [(0,)]


@pytest.mark.parametrize(("order", "result"), PAIRS)
def test_an_order_and_a_result_that_disagree_are_refused(bench: Any, patient: Any, order: str, result: str) -> None:
    good = oru(laboratory_report(patient), patient=patient)
    message = good.with_field("ORC^1^1", FLOWS[order][0]).with_field("OBX^1^11", FLOWS[result][1])
    refused(bench, message, "199", "H-01")


@pytest.mark.parametrize(("event", "rest"), PAIRS)
def test_an_event_that_disagrees_with_order_and_result_is_refused(
    bench: Any, patient: Any, event: str, rest: Any
) -> None:
    replaced = new_oid() if rest == "replace" else None
    good = mdm(laboratory_report(patient, replaces=replaced), flow=rest, patient=patient)
    refused(bench, good.with_component("MSH^1^9", 2, FLOWS[event][2]), "199", "H-01")


def test_a_report_for_the_dmp_has_a_sender(bench: Any, patient: Any) -> None:
    refused(bench, oru(laboratory_report(patient), patient=patient).without("PRT^1"), "101", "H-10-SENDER")


def test_a_report_for_the_dmp_has_a_type_of_the_dmp(bench: Any, patient: Any) -> None:
    good = oru(laboratory_report(patient), patient=patient)
    message = good.with_component("OBR^1^4", 1, "1-8").with_component("OBX^1^3", 1, "1-8")
    refused(bench, message, "103", "H-10-TYPE")


def test_a_document_for_the_dmp_has_no_extension_in_its_id(bench: Any, patient: Any) -> None:
    good = mdm(laboratory_report(patient), patient=patient)
    refused(bench, good.with_field("TXA^1^12", "58132^^1.2.250.1.213.99.3^ISO"), "102", "H-10-ID")


def test_a_patient_of_the_dmp_has_a_qualified_ins(bench: Any, patient: Any) -> None:
    good = oru(laboratory_report(patient), patient=patient)
    refused(bench, good.with_field("PID^1^32", "PROV"), "103", "H-10-QUALIFIED")
    ids = good.at("PID^1^3").split("~")
    refused(bench, good.with_field("PID^1^3", ids[0]), "101", "H-10-INS")


def test_metadata_have_an_order_all_their_codes_and_two_values(bench: Any, patient: Any) -> None:
    good = oru(laboratory_report(patient), patient=patient)
    first, second = good.place_of("MASQUE_PS"), good.place_of("INVISIBLE_PATIENT")
    refused(bench, good.moved(first, second), "100", "H-34")
    refused(bench, good.without(good.place_of("ACK_LECTURE_MSS")), "101", "H-33")
    refused(bench, good.metadata("MASQUE_PS", "y"), "103", "H-36")
    unknown = good.after("OBX^11", "OBX|12|CE|DESTPARIS^^MetaDMPMSS||N^^expandedYes-NoIndicator||||||F")
    refused(bench, unknown, "103", "H-35")


def _without_padding(field: str) -> str:
    assert field.endswith("=")
    return field.rstrip("=")


def _in_lines(field: str) -> str:
    start, _, data = field.rpartition("^")
    return f"{start}^" + "\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))


@pytest.mark.parametrize(
    ("edit", "remark"), [(_without_padding, "SBX_B64_PADDING"), (_in_lines, "SBX_B64_BREAKS")], ids=["padding", "lines"]
)
def test_base64_that_is_read_all_the_same_is_warned_of(bench: Any, patient: Any, edit: Any, remark: str) -> None:
    unique_id = new_oid()
    document = laboratory_report(patient, unique_id=unique_id)
    while len(document) % 3 == 0:
        document += b"\n"
    message = oru(document, patient=patient).edited("OBX^1^5", edit)

    answer = bench.send(message)

    assert answer.code == "AA", answer.errors
    assert any(remark in error for error in answer.errors)
    assert bench.settled(message) == ("DONE", "done", False)
    ((size,),) = bench.rows("SELECT size FROM ecluse.document_entries WHERE unique_id = %s", unique_id)
    assert size == len(document)


@pytest.mark.parametrize("wrong", ["*", "-", "_", "é", "=", "\\F\\"])
def test_a_character_that_is_none_of_base64_is_refused(bench: Any, patient: Any, wrong: str) -> None:
    message = oru(laboratory_report(patient), patient=patient)
    middle = len(message.at("OBX^1^5")) // 2
    refused(bench, message.edited("OBX^1^5", lambda field: field[:middle] + wrong + field[middle + 1 :]), "102", "H-02")


@pytest.mark.parametrize(("place", "behind"), [("PID^1", "PV1^1"), ("OBR^1", "OBX^1"), ("PV1^1", "OBR^1")])
def test_segments_in_another_order_are_refused(bench: Any, patient: Any, place: str, behind: str) -> None:
    refused(bench, oru(laboratory_report(patient), patient=patient).moved(place, behind), "100", "HL7-SE")


def test_of_several_faults_each_is_told_at_its_place(bench: Any, patient: Any) -> None:
    good = oru(laboratory_report(patient), patient=patient)
    message = good.with_field("ORC^1^1", "RO").with_field("PID^1^32", "PROV").metadata("MASQUE_PS", "y")

    answer = bench.send(message)

    for rule in ("H-01", "H-10-QUALIFIED", "H-36"):
        assert any(rule in error for error in answer.errors), (rule, answer.errors)


@pytest.mark.parametrize("kind", [("ORM", "O01", "ORM_O01"), ("QBP", "Q22", "QBP_Q21"), ("", "", "")])
def test_another_kind_of_message_is_not_supported(bench: Any, patient: Any, kind: tuple[str, str, str]) -> None:
    message = oru(laboratory_report(patient), patient=patient).with_field("MSH^1^9", "^".join(kind))

    answer = bench.send(message)

    assert answer.code in ("AE", "AR")
    assert answer.errors
    kept = bench.rows("SELECT count(*) FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10"))
    assert kept == [(0,)]


def test_a_document_of_another_patient_is_refused(bench: Any, patient: Any, admit: Any) -> None:
    other = admit(bench)
    stranger = b64encode(laboratory_report(other)).decode()
    message = oru(laboratory_report(patient), patient=patient)
    message = message.edited("OBX^1^5", lambda field: f"{field.rpartition('^')[0]}^{stranger}")
    refused(bench, message, "199", "H-60")
    assert bench.documents(patient) == bench.documents(other) == {}
