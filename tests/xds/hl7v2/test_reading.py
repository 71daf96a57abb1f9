"""Messages of HL7 v2 as read: character sets, ends of lines, delimiters, documents lifted out, values typed."""

from __future__ import annotations

import tracemalloc
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import CLAIRE, IPP_ISSUER, TEST_NIR
from samples.documents.professionals import BIOLOGIST
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import mdm, oru, pam
from xds.hl7v2.acknowledgement import write_ack
from xds.hl7v2.consent_message import ConsentMessage, Consultation, Feeding
from xds.hl7v2.document_message import DocumentMessage, Flow, Instructions
from xds.hl7v2.fields import check_fields
from xds.hl7v2.payloads import Payload, decode_payload, lift
from xds.hl7v2.reading import MOST_SEGMENTS, read_message
from xds.hl7v2.segments import Delimiters, split_segments

REPORT = laboratory_report()


def document_message(message: Er7) -> DocumentMessage:
    read = read_message(message.bytes).message
    assert isinstance(read, DocumentMessage)
    return read


def consent_message(message: Er7) -> ConsentMessage:
    read = read_message(message.bytes).message
    assert isinstance(read, ConsentMessage)
    return read


def test_an_oru_is_read_whole() -> None:
    message = document_message(oru(REPORT, said={"ACK_LECTURE_MSS": "Y"}, mailboxes=["a@b.fr"], to_patient=True))
    assert [one.content for one in message.documents] == [REPORT]
    assert message.flow is Flow.INITIAL
    assert message.instructions == Instructions(destdmp=True, ack_reception=True, ack_lecture_mss=True)
    assert message.patient.ins is not None
    assert (message.patient.ins.value, message.patient.ins.authority) == (CLAIRE.ins, TEST_NIR)
    assert message.patient.ipp is not None
    assert (message.patient.ipp.value, message.patient.ipp.authority) == (CLAIRE.local_id, IPP_ISSUER)
    assert message.patient.patient_id == CLAIRE.cx
    assert message.patient.birth_name is not None
    assert message.patient.birth_name.all_given == "CLAIRE ODETTE"
    assert (message.patient.birth_place, message.patient.is_qualified) == (CLAIRE.birth_place, True)
    assert message.visit.number is not None
    assert message.sender is not None
    assert message.sender.person is not None
    assert message.sender.person.identifier == BIOLOGIST.national_id
    assert [one.address for one in message.recipients] == ["a@b.fr", f"{CLAIRE.ins}@patient.mssante.fr"]
    assert [one.is_patient for one in message.recipients] == [False, True]
    assert message.type is not None
    assert (message.type.code, message.type.scheme) == ("11502-2", "2.16.840.1.113883.6.1")


def test_the_ids_of_an_mdm_are_those_of_its_documents() -> None:
    message = document_message(mdm(laboratory_report(unique_id="1.2.3.4", replaces="1.2.3.3"), flow="replace"))
    assert (message.document_id, message.parent_id) == ("1.2.3.4", "1.2.3.3")
    assert message.flow is Flow.REPLACE


def test_two_documents_of_one_report_are_read_in_order() -> None:
    reports = (laboratory_report(), laboratory_report())
    assert tuple(one.content for one in document_message(oru(*reports)).documents) == reports
    assert read_message(oru(*reports).bytes).accepted


@pytest.mark.parametrize("charset", ["UNICODE UTF-8", "8859/1", "8859/15"])
def test_accents_are_read_in_each_character_set(charset: str) -> None:
    message = oru(charset=charset).with_component("PRT^1^8", 1, "Hôpital d'été")
    organization = document_message(message).sender
    assert organization is not None
    assert organization.organization is not None
    assert organization.organization.name == "Hôpital d'été"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\n\n"])
def test_segments_end_as_senders_end_them(end: str) -> None:
    reading = read_message(replace(oru(REPORT), end=end).bytes)
    assert reading.faults == ()
    assert isinstance(reading.message, DocumentMessage)
    assert reading.message.documents[0].content == REPORT


def test_other_delimiters_are_read_and_refused() -> None:
    data = oru(REPORT).bytes
    other = data.replace(b"|^~\\&|", b"#!*\\&#").replace(b"|", b"#").replace(b"~", b"*").replace(b"^", b"!")
    reading = read_message(other)
    assert [fault.rule for fault in reading.faults] == ["H-21"]
    assert isinstance(reading.message, DocumentMessage)
    assert reading.message.documents[0].content == REPORT
    assert write_ack(reading.header, reading.faults).startswith(b"MSH|^~\\&|ECLUSE|HOPITAL|LABO|LABORATOIRE|")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"A\T\B", "A&B"),
        (r"A\F\\S\\R\\E\B", "A|^~\\B"),
        (r"A\.br\B", "A\nB"),
        (r"\H\A\N\B", "AB"),
        (r"A\Z\B", r"A\Z\B"),
        ("A\\", "A\\"),
        ("  A\N{NO-BREAK SPACE} ", "A"),
        ('""', ""),
    ],
)
def test_escapes_and_blanks(written: str, read: str) -> None:
    segment = next(iter(split_segments([f"NTE|{written}"], Delimiters())))
    assert segment.text(1) == read


@pytest.mark.parametrize(
    "field",
    ["^^X.400^a@b.fr", "^NET^X.400^a@b.fr", "^^PH^0123~^^X.400^a@b.fr", "^^X.400^a@b.fr\N{NO-BREAK SPACE}"],
)
@pytest.mark.parametrize("number", [14, 15])
def test_an_address_is_found_where_senders_put_it(field: str, number: int) -> None:
    message = oru(mailboxes=["x@y.fr"]).with_field("PRT^2^15", "").with_field(f"PRT^2^{number}", field)
    assert document_message(message).recipients[0].address == "a@b.fr"


def test_fin_is_said_of_the_mailbox_of_the_patient_only() -> None:
    message = oru()
    behind = message.after(message.place_of("DESTMSSANTEPAT"), "NTE|1|||FIN")
    elsewhere = message.after(message.place_of("DESTMSSANTEPS"), "NTE|1|||FIN")
    assert document_message(behind).instructions.fin
    assert not document_message(elsewhere).instructions.fin


def test_a_body_of_mail_is_read() -> None:
    data = b64encode("Cher confrère".encode()).decode()
    message = oru().after("OBX^11", f"OBX|12|ED|CORPSMAIL_PS^Corps^MetaDMPMSS||^TEXT^^Base64^{data}||||||F")
    assert document_message(message).instructions.corpsmail_ps == "Cher confrère"


@pytest.mark.parametrize("data", [b"", b"MSH", b"MSH|", b"hello", b"MSH|^~\\&", b"\x0bMSH|^~\\&|", b"MSH\r\n"])
def test_what_is_no_message_is_rejected(data: bytes) -> None:
    reading = read_message(data)
    assert not reading.accepted
    assert b"MSA|A" in write_ack(reading.header, reading.faults)


def test_results_without_a_document_have_one_fault_of_the_profile() -> None:
    message = oru()
    for code in ("MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX", "CONNEXION_SECRETE", "MODIF_CONF_CODE"):
        message = message.without(message.place_of(code))
    for code in ("DESTDMP", "DESTMSSANTEPS", "DESTMSSANTEPAT", "ACK_RECEPTION", "ACK_LECTURE_MSS"):
        message = message.without(message.place_of(code))
    results = message.without("PRT^1").with_field("OBX^1^2", "NM").with_field("OBX^1^5", "7.2")
    assert [fault.rule for fault in read_message(results.bytes).faults] == ["H-05"]


def test_an_adt_without_consent_is_no_fault() -> None:
    reading = read_message(pam().without("ZFA^1").bytes)
    assert (reading.message, reading.faults) == (None, ())


def test_a_consent_is_read_whole() -> None:
    message = consent_message(pam("IO", "INC", date="20260301090000"))
    assert (message.feeding, message.feeding_date) == (Feeding.OPPOSITION, "20260301090000")
    assert (message.consultation, message.consultation_date) == (Consultation.REFUSAL, "20260301090000")
    assert (message.structure, message.record_status) == ("LABORATOIRE", "ACTIF")
    assert (message.ins_obtained, message.ins_obtained_date) == ("INSI", "20260101")
    assert message.movement is not None


def test_the_key_of_a_message_tells_a_resend_from_a_control_id_used_again() -> None:
    first, again = oru(REPORT, control_id="015").bytes, oru(control_id="015").bytes
    header = read_message(first).header
    assert header.key(first) == read_message(first).header.key(first)
    assert header.key(first) != read_message(again).header.key(again)


def test_more_segments_than_anybody_sends_are_refused() -> None:
    data = oru().bytes + b"NTE|1\r" * MOST_SEGMENTS
    assert "HL7-LIMIT" in [fault.rule for fault in read_message(data).faults]


def payload_of(data: bytes) -> tuple[bytes, list[str]]:
    content, faults = decode_payload(data, Payload(1, 0, len(data)))
    return content, [fault.rule for fault in faults]


@given(st.binary(min_size=1, max_size=300), st.booleans(), st.integers(1, 90))
def test_base64_is_read_with_or_without_padding_and_breaks(content: bytes, padded: bool, width: int) -> None:
    data = b64encode(content)
    told = []
    if not padded and data.endswith(b"="):
        data, told = data.rstrip(b"="), ["SBX_B64_PADDING"]
    if width < len(data):
        data = b"\r\n".join(data[at : at + width] for at in range(0, len(data), width))
        told = [*told, "SBX_B64_BREAKS"]
    assert payload_of(data) == (content, told)


def test_line_breaks_that_are_escaped_are_line_breaks() -> None:
    assert payload_of(b"QUJD\\.br\\REVG\\X0D0A\\R0hJ") == (b"ABCDEFGHI", ["SBX_B64_BREAKS"])


@pytest.mark.parametrize("data", [b"QU*D", b"QUJD=", b"QUI=QUJD", b"QUJDR", b"QU-_", b"====", b"", b"  ", b"QU\\F\\D"])
def test_what_is_not_base64_is_an_error(data: bytes) -> None:
    assert payload_of(data) == (b"", ["H-02"])


def test_breaks_at_the_end_of_a_piece_are_seen() -> None:
    piece = b"QUJD" * (1 << 18)
    content, told = payload_of(piece + b"\n" + piece)
    assert (len(content), told) == (len(piece) // 2 * 3, ["SBX_B64_BREAKS"])


def test_a_message_of_many_megabytes_costs_its_document_and_little_more() -> None:
    size = 24 << 20
    data = oru(REPORT).with_field("OBX^1^5", "^TEXT^XML^Base64^" + "QUJD" * (size // 4)).bytes
    tracemalloc.start()
    try:
        reading = read_message(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert reading.accepted
    assert peak < 1.1 * len(data)


@given(
    st.lists(
        st.text(alphabet="MSHPIDOBXRTZFA014|^~\\&\r\n.é\0 ", max_size=60)
        | st.sampled_from(
            [
                "PID|1||",
                "OBX|1|ED|",
                "OBX|1|ED|x^y^MetaDMPMSS||^TEXT^XML^Base64^",
                "PRT||UC||SB|",
                "ORC|NW",
                "\r",
                "TXA|1|",
            ]
        ),
        max_size=14,
    ),
    st.sampled_from(["ORU^R01^ORU_R01|1|P|2.5", "MDM^T10^MDM_T02|1|P|2.6", "ADT^A01^ADT_A01|1|P|2.5^FRA^2.11", "X"]),
)
def test_nothing_makes_reading_or_answering_fail(pieces: list[str], kind: str) -> None:
    data = (f"MSH|^~\\&|A|B|C|D|2026||{kind}\r" + "".join(pieces)).encode()
    reading = read_message(data)
    ack = write_ack(reading.header, reading.faults)
    assert ack.startswith(b"MSH|^~\\&|")
    assert not set(b"\x0b\x1c\0") & set(ack)


@pytest.mark.parametrize("place", [("PID", 7), ("PID", 3), ("PID", 8), ("OBX", 1), ("OBX", 11), ("OBR", 4), ("MSH", 6)])
@given(
    value=st.text(alphabet='0129F~^&\\ "+-.T', max_size=9) | st.sampled_from(["20240229", "20230229", "F~C", "99999"])
)
def test_an_empty_component_more_changes_no_verdict_on_a_field(place: tuple[str, int], value: str) -> None:
    name, number = place

    def judged(text: str) -> list[tuple[str, str]]:
        lines = ["MSH|^~\\&" + "|" * 5, name + "|" * number + text]
        if name == "MSH":
            lines = ["MSH|^~\\&|A|B|C|" + text]
        found = check_fields(list(split_segments(lines, Delimiters())), "ORU_R01", "2.5")
        return [(one.rule, one.location) for one in found]

    assert judged(value) == judged(value + "^" if value else "")


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    for start in (b"", b"MSH|^~\\&|", oru(REPORT).bytes[:200]):
        reading = read_message(start + data)
        assert write_ack(reading.header, reading.faults)


def test_a_lifted_message_keeps_the_form_of_its_fields() -> None:
    data = b"MSH|^~\\&|A\rOBX|1|ED|X||^TEXT^XML^Base64^QUJD||||||F\rOBX|2|ED|Y||^T^X^Base64^QQ==^more|z\n"
    lifted = lift(data, at_most=9, longest=999)
    assert lifted.lines[1:] == (b"OBX|1|ED|X||^TEXT^XML^Base64^||||||F", b"OBX|2|ED|Y||^T^X^Base64^^more|z")
    assert [data[one.start : one.end] for one in lifted.payloads] == [b"QUJD", b"QQ=="]


@pytest.mark.parametrize("value", [r"Z\.br\MSA|AA|1", "Z\x0bY", "Z\x1cY", "Z\u2028Y", "Z\x85Y", "Z" * 5000])
@pytest.mark.parametrize("place", ["MSH^1^3", "MSH^1^10", "MSH^1^9", "PV1^1^2", "ORC^1^1", "MSH^1^21", "OBX^1^11"])
def test_no_value_breaks_out_of_an_acknowledgement(place: str, value: str) -> None:
    reading = read_message(oru(REPORT).with_field(place, value).bytes)
    ack = write_ack(reading.header, reading.faults).decode(reading.header.encoding)
    assert sum(line.startswith("MSA|") for line in ack.split("\r")) == 1
    assert not set("\x0b\x1c\n") & set(ack)
    assert all(line[:4] in ("MSH|", "MSA|", "ERR|") for line in ack.rstrip("\r").split("\r"))
    assert all(len(line) < 6000 for line in ack.split("\r"))


@pytest.mark.parametrize(
    "data",
    [
        oru().with_field("PID^1^3", "~".join(["1^^^A&1.2.3&ISO^PI"] * 20_000)).bytes,
        oru().with_field("PRT^1^15", "~" * 900_000).bytes,
        oru().with_field("PV1^1^2", "^" * 900_000).bytes,
        oru().with_field("PV1^1^2", "&" * 900_000).bytes,
        oru().with_field("PV1^1^2", "\\" * 900_000).bytes,
        oru().with_field("OBX^1^5", "^" * 900_000).bytes,
        oru().bytes + b"\n" * 5_000_000,
        oru().bytes + b"PRT||\r" * 4_000,
        oru().bytes + b"OBX|1|ED|X||^TEXT^XML^Base64^*||||||F\r" * 4_000,
    ],
    ids=range(9),
)
def test_a_hostile_message_is_answered_in_little_space(data: bytes) -> None:
    reading = read_message(data)
    assert len(write_ack(reading.header, reading.faults)) < 400_000


def test_any_number_of_warnings_hides_no_error() -> None:
    message = oru().with_field("OBX^1^5", "^TEXT^PDF^Base64^PGE+")
    for number in range(600):
        message = message.after("OBX^11", f"OBX|{number + 12}|ST|1-8^Autre^LN||x||||||Q")

    reading = read_message(message.bytes)

    assert len(reading.faults) == 500
    assert not reading.accepted
