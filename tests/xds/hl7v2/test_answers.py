"""Acknowledgements and ZAM, written and read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import mdm, oru, pam
from xds.hl7v2.acknowledgement import write_ack
from xds.hl7v2.acknowledgement_reading import NotAnAcknowledgement, read_acknowledgement
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.faults import Condition, Fault, Severity
from xds.hl7v2.reading import read_message
from xds.hl7v2.zam import Zam, dmp_receipt, mss_reading, mss_receipt, write_zam
from xds.metadata.codes import Code

NOW = datetime(2026, 3, 1, 10, 20, tzinfo=UTC)


def answered(message: Er7) -> list[str]:
    reading = read_message(message.bytes)
    return write_ack(reading.header, reading.faults, NOW).decode(reading.header.encoding).rstrip("\r").split("\r")


def sent(message: Er7) -> DocumentMessage:
    read = read_message(message.bytes).message
    assert isinstance(read, DocumentMessage)
    return read


@pytest.mark.parametrize(
    ("message", "version", "kind"),
    [
        (oru(control_id="42"), "2.5", "ACK^R01^ACK"),
        (mdm(control_id="42"), "2.6", "ACK^T02^ACK"),
        (mdm(flow="replace", control_id="42"), "2.6", "ACK^T10^ACK"),
        (mdm(flow="delete", control_id="42"), "2.6", "ACK^T04^ACK"),
        (pam(control_id="42"), "2.5", "ACK^A01^ACK"),
    ],
)
def test_a_good_message_is_accepted_in_its_own_version(message: Er7, version: str, kind: str) -> None:
    msh, msa = answered(message)
    fields = msh.split("|")
    assert fields[2:6] == ["ECLUSE", "HOPITAL", "LABO", "LABORATOIRE"]
    assert (fields[6], fields[8], fields[10], fields[11]) == ("20260301102000+0000", kind, "T", version)
    assert msa == "MSA|AA|42"


def test_every_error_of_a_message_has_its_err() -> None:
    _, msa, *errors = answered(oru(control_id="42").with_field("PV1^1^19", "").with_field("ORC^1^1", "CA"))
    assert msa == "MSA|AE|42"
    assert [error.split("|")[2:6] for error in errors] == [
        ["ORC^1^1", "199^Other HL7 Error^messageErrorCondition", "E", "H-01^^ecluseRule"],
        ["PV1^1^19", "101^Required field missing^messageErrorCondition", "E", "H-29^^ecluseRule"],
    ]
    assert errors[0].split("|")[8].endswith("(found CA, expected NW)")


def test_a_warning_is_told_and_the_message_accepted() -> None:
    _, msa, error = answered(oru(control_id="42").with_field("MSH^1^17", "BEL"))
    assert msa == "MSA|AA|42"
    assert error.split("|")[4] == "W"


@pytest.mark.parametrize("place", ["MSH^1^11", "MSH^1^12"])
def test_what_a_message_is_rejects_it(place: str) -> None:
    assert answered(oru(control_id="42").with_field(place, "9"))[1] == "MSA|AR|42"


def test_the_code_of_an_application_stands_in_err_5() -> None:
    fault = Fault(
        condition=Condition.APPLICATION,
        location="TXA^1^13",
        text="wrong version",
        rule="H-16",
        application=Code("900", "applicationErrorCondition", "Mauvaise version"),
    )
    header = read_message(mdm().bytes).header
    error = write_ack(header, [fault], NOW).decode().split("\r")[2]
    assert error.split("|")[5] == "900^Mauvaise version^applicationErrorCondition"


def zam_lines(zam: Zam) -> list[str]:
    return write_zam(zam, NOW).decode().rstrip("\r").split("\r")


def test_a_document_that_the_dmp_took_is_told() -> None:
    message = sent(oru(control_id="42"))
    msh, evn, obx = zam_lines(dmp_receipt(message))
    fields = msh.split("|")
    assert fields[2:6] == ["ECLUSE", "HOPITAL", "LABO", "LABORATOIRE"]
    assert (fields[8], fields[11], fields[16], fields[20]) == ("ZAM^Z01^ZAM_Z01", "2.6", "FRA", "2.1^CISIS_CDA_HL7_V2")
    assert evn == "EVN||20260301102000+0000"
    assert obx == (
        "OBX|1|CWE|ACK_RECEPTION_DMP^Accusé de réception DMP^AckMetierZAM|42|Y^^expandedYes-NoIndicator||||||F"
    )


def test_a_document_that_the_dmp_refused_is_told_with_its_code() -> None:
    *_, obx, err = zam_lines(dmp_receipt(sent(oru()), ("DMPClosed", "DMP fermé")))
    assert obx.split("|")[5].startswith("N^")
    assert err == ("ERR|||207^Application internal error^messageErrorCondition|E|DMPClosed^DMP fermé^DMP_ERROR_CODE")


def test_all_that_a_document_was_refused_for_stands_behind_its_code() -> None:
    receipt = dmp_receipt(sent(oru()), ("InvalidDocumentContent", "A"), "A; found a|b")
    err = zam_lines(receipt)[-1].split("|")
    assert err[5] == "InvalidDocumentContent^A^DMP_ERROR_CODE"
    assert err[8] == "A; found a\\F\\b"


def test_what_became_of_a_mail_is_told_for_each_recipient() -> None:
    _, _, obx, recipient, err = zam_lines(mss_receipt(sent(oru()).header, "a@b.fr", ("550", "Boîte inconnue")))
    assert obx.split("|")[3].startswith("ACK_RECEPTION_MSS^")
    assert recipient == "OBX|2|XTN|DESTINATAIRE_MSS^Destinataire MSSanté^AckMetierZAM||^^X.400^a@b.fr||||||F"
    assert err.split("|")[5] == "550^Boîte inconnue^SMTPERRORCODE"
    _, _, obx, reader, err = zam_lines(mss_reading(sent(oru()).header, "a@b.fr", "902"))
    assert obx.split("|")[3].startswith("ACK_LECTURE_MSS^")
    assert reader.split("|")[3].startswith("LECTEUR_MSS^")
    assert err.split("|")[5] == "902^Patient inconnu^applicationErrorCondition"


def test_codes_that_no_table_has_are_not_written() -> None:
    with pytest.raises(ValueError, match="SMTPERRORCODE"):
        mss_receipt(sent(oru()).header, "a@b.fr", ("999", "?"))
    with pytest.raises(ValueError, match="applicationErrorCondition"):
        mss_reading(sent(oru()).header, "a@b.fr", "999")


def test_the_character_set_of_the_sender_is_kept() -> None:
    data = write_zam(dmp_receipt(sent(oru(charset="8859/15")), ("DMPClosed", "DMP fermé")), NOW)
    assert "fermé".encode("iso-8859-15") in data
    assert b"|8859/15|" in data


@pytest.mark.parametrize("code", ["AA", "AE", "AR"])
def test_an_acknowledgement_of_a_zam_is_read(code: str) -> None:
    data = f"MSH|^~\\&|LABO|L|ECLUSE|H|2026||ACK^Z01^ACK|9|P|2.6\rMSA|{code}|42\rERR|||207^x^y|E|900^Mauvaise\r"
    answer = read_acknowledgement(data.encode())
    assert (answer.code, answer.acknowledged, answer.header.control_id) == (code, "42", "9")
    assert answer.errors == ("207 x 900 Mauvaise",)


def test_our_own_acknowledgements_are_read() -> None:
    reading = read_message(oru(control_id="42").with_field("ORC^1^1", "CA").bytes)
    answer = read_acknowledgement(write_ack(reading.header, reading.faults, NOW))
    assert (answer.code, answer.acknowledged) == ("AE", "42")
    assert len(answer.errors) == 1


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"MSH|^~\\&|A", b"MSH|^~\\&|A\rMSA|XX|1", b"MSH|^~\\&|A\rMSA||1", b"MSH" + b"x" * 70000]
)
def test_what_is_no_acknowledgement_is_told(data: bytes) -> None:
    with pytest.raises(NotAnAcknowledgement):
        read_acknowledgement(data)


def test_warnings_alone_accept() -> None:
    fault = Fault(condition=Condition.VALUE, location="MSH^1^17", text="x", severity=Severity.WARNING)
    assert b"MSA|AA|" in write_ack(read_message(oru().bytes).header, [fault], NOW)
