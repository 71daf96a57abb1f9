"""ADT messages and their acknowledgements."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.feed import PATIENT, FaultKind, FeedEvent, FeedFault
from gateway.wire.hl7v2 import EVENTS, read_feed, write_ack
from samples.feed import adt, cx
from xds.hl7v2.header import Header
from xds.metadata.datatypes import Cx

NOW = datetime(2026, 3, 1, 10, 20, tzinfo=UTC)
A, B = Cx(identifier="A-1", authority="1.2.3"), Cx(identifier="B-2", authority="1.2.4")


def kinds(data: bytes) -> list[FaultKind]:
    return [fault.kind for fault in read_feed(data)[1].faults]


@pytest.mark.parametrize("version", ["2.3.1", "2.5"])
@pytest.mark.parametrize("event", ["A01", "A04", "A05", "A08"])
def test_a_patient_is_read_from_each_event(event: str, version: str) -> None:
    header, message = read_feed(adt(event, cx("A-1", "1.2.3"), version=version, msh10="42"))
    assert (message.name, message.event, message.patients) == (f"ADT^{event}", EVENTS[event], (A,))
    assert (header.control_id, header.version, message.faults) == ("42", version, ())


@pytest.mark.parametrize("version", ["2.3.1", "2.5"])
def test_a_merge_names_the_survivor_and_the_subsumed(version: str) -> None:
    _, message = read_feed(adt("A40", cx("A-1", "1.2.3"), subsumed=cx("B-2", "1.2.4"), version=version))
    assert (message.event, message.patients, message.subsumed, message.faults) == (FeedEvent.MERGE, (A,), (B,), ())


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("A-1^^^&1.2.3&ISO~B-2^^^NS&1.2.4&ISO^PI", (A, B)),
        ("L1^^^LOCAL~A-1^^^&1.2.3&ISO", (A,)),
        ("A-1^^^&1.2.3&ISO~A-1^^^X&1.2.3&ISO^MR", (A,)),
        ('""~A-1^^^&1.2.3&ISO', (A,)),
        ("A\\T\\1^^^&1.2.3&ISO", (Cx(identifier="A&1", authority="1.2.3"),)),
        ("~~A-1^^^&1.2.3&ISO~", (A,)),
        ("bad^^^&1.2.3&DNS~x^^^&notanoid&ISO~A-1^^^&1.2.3&ISO", (A,)),
    ],
)
def test_repetitions_that_have_an_oid_are_read_and_the_others_left(field: str, expected: tuple[Cx, ...]) -> None:
    _, message = read_feed(adt("A01", field))
    assert (message.patients, message.faults) == (expected, ())


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (adt("A01", ""), [FaultKind.MISSING]),
        (adt("A01", "A-1"), [FaultKind.DATA_TYPE]),
        (adt("A01", "A-1^^^HOSPITAL"), [FaultKind.DATA_TYPE]),
        (adt("A01", "A-1^^^&1.2.03&ISO"), [FaultKind.DATA_TYPE]),
        (adt("A01", "^^^&1.2.3&ISO"), [FaultKind.MISSING]),
        (adt("A01", "A&1^^^&1.2.3&ISO"), [FaultKind.DATA_TYPE]),
        (adt("A01", "A" * 300 + "^^^&1.2.3&ISO"), [FaultKind.DATA_TYPE]),
        (adt("A01", "A" * 3000), [FaultKind.DATA_TYPE]),
        (adt("A01", "~".join(["A^^^&1.2.3&ISO"] * 30)), [FaultKind.DATA_TYPE]),
        (adt("A01", cx("A"), PID=""), [FaultKind.MISSING]),
        (adt("A01", cx("A"), PID="PID"), [FaultKind.MISSING]),
        (adt("A01", cx("A"), PV1=f"PID|||{cx('B')}"), [FaultKind.SEQUENCE]),
        (adt("A40", cx("A")), [FaultKind.MISSING]),
        (adt("A40", cx("A"), subsumed=""), [FaultKind.MISSING]),
        (adt("A40", cx("A"), subsumed="B"), [FaultKind.DATA_TYPE]),
        (adt("A01", cx("A"), msh9="ORU^R01"), [FaultKind.MESSAGE_TYPE]),
        (adt("A01", cx("A"), msh9=""), [FaultKind.MISSING]),
        (adt("A01", cx("A"), msh9="ADT^A03"), [FaultKind.EVENT]),
        (adt("A01", cx("A"), msh10=""), [FaultKind.MISSING]),
        (adt("A01", cx("A"), msh10="9" * 200), [FaultKind.DATA_TYPE]),
        (adt("A01", cx("A"), msh11="X"), [FaultKind.PROCESSING]),
        (adt("A01", cx("A"), msh12="2.8"), [FaultKind.VERSION]),
        (adt("A01", cx("A"), msh18="EBCDIC"), [FaultKind.VALUE]),
        (adt("A01", cx("A"), msh18="ASCII", EVN="EVN|é"), [FaultKind.DATA_TYPE]),
        (adt("A01", cx("A\x01")), [FaultKind.DATA_TYPE]),
        (adt("A01", cx("A"), EVN="EVN|\0"), [FaultKind.DATA_TYPE]),
        (adt("A01", "", msh11="X", msh12="3"), [FaultKind.PROCESSING, FaultKind.VERSION, FaultKind.MISSING]),
        (b"", [FaultKind.HEADER]),
        (b"\xff\xfe\0", [FaultKind.HEADER]),
        (b"FHS|^~\\&|", [FaultKind.HEADER]),
        (b"MSH|^~\\&", [FaultKind.HEADER]),
        (b"MSH#^~\\&#A#", [FaultKind.HEADER]),
    ],
)
def test_every_fault_is_found(message: bytes, expected: list[FaultKind]) -> None:
    assert kinds(message) == expected


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_end_as_senders_end_them(end: str) -> None:
    assert kinds(adt("A01", cx("A")).replace(b"\r", end.encode())) == []


@pytest.mark.parametrize(
    ("charset", "encoding", "expected"),
    [
        ("UNICODE UTF-8", "utf-8", "utf-8"),
        ("8859/1", "latin-1", "iso-8859-1"),
        ("8859/15", "iso-8859-15", "iso-8859-15"),
        ("", "utf-8", "utf-8"),
        ("", "latin-1", "iso-8859-1"),
    ],
)
def test_ids_are_read_in_the_character_set_of_the_message(charset: str, encoding: str, expected: str) -> None:
    data = adt("A01", cx("É1", "1.2.3"), msh18=charset).decode().encode(encoding)
    header, message = read_feed(data)
    assert message.patients == (Cx(identifier="É1", authority="1.2.3"),)
    assert header.encoding == expected


def test_the_event_of_an_old_message_may_stand_in_evn_only() -> None:
    assert read_feed(adt("A40", cx("A"), subsumed=cx("B"), msh9="ADT"))[1].event is FeedEvent.MERGE


def test_a_huge_message_costs_little_and_is_read() -> None:
    data = adt("A01", cx("A"), ZZZ="ZZZ|" + "x" * 1_000_000)
    assert kinds(data) == []


HEADER = Header(
    sender=("SRC", "HOSP"),
    receiver=("ECLUSE", "HOUSE"),
    trigger="A01",
    control_id="42",
    processing_id="T",
    version="2.5",
)
FAULTS = [
    FeedFault(kind=FaultKind.VALUE, place=PATIENT, text="the authority is 1.2|3"),
    FeedFault(kind=FaultKind.MISSING, place="MSH^1^10", text="none"),
]


def lines(ack: bytes) -> list[str]:
    assert ack.endswith(b"\r")
    return ack.decode().rstrip("\r").split("\r")


def test_an_acknowledgement_goes_back_to_the_sender() -> None:
    msh, msa = lines(write_ack(HEADER, (), NOW))
    fields = msh.split("|")
    assert fields[2:6] == ["ECLUSE", "HOUSE", "SRC", "HOSP"]
    assert (fields[6], fields[8], fields[10:12]) == ("20260301102000+0000", "ACK^A01^ACK", ["T", "2.5"])
    assert msa == "MSA|AA|42"


def test_a_refusal_of_version_2_5_has_a_segment_for_each_fault() -> None:
    assert lines(write_ack(HEADER, FAULTS, NOW))[1:] == [
        "MSA|AE|42",
        "ERR||PID^1^3|103^Table value not found^HL70357|E||||the authority is 1.2\\F\\3",
        "ERR||MSH^1^10|101^Required field missing^HL70357|E||||none",
    ]


def test_a_refusal_of_version_2_3_1_has_all_in_one_segment() -> None:
    header = Header(trigger="A01", control_id="42", version="2.3.1")
    msh, *rest = lines(write_ack(header, FAULTS, NOW))
    assert "|ACK^A01|" in msh
    assert rest == [
        "MSA|AE|42|the authority is 1.2\\F\\3; none",
        "ERR|PID^1^3^103&Table value not found&HL70357~MSH^1^10^101&Required field missing&HL70357",
    ]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (FaultKind.HEADER, "AR"),
        (FaultKind.MESSAGE_TYPE, "AR"),
        (FaultKind.EVENT, "AR"),
        (FaultKind.PROCESSING, "AR"),
        (FaultKind.VERSION, "AR"),
        (FaultKind.UNAVAILABLE, "AR"),
        (FaultKind.REJECTED, "AR"),
        (FaultKind.SEQUENCE, "AE"),
        (FaultKind.MISSING, "AE"),
        (FaultKind.DATA_TYPE, "AE"),
        (FaultKind.VALUE, "AE"),
        (FaultKind.UNKNOWN_PATIENT, "AE"),
        (FaultKind.SAME_PATIENT, "AE"),
        (FaultKind.CLOSED_RECORD, "AE"),
        (FaultKind.INTERNAL, "AE"),
    ],
)
def test_circumstances_are_rejections_and_content_is_an_error(kind: FaultKind, code: str) -> None:
    ack = write_ack(HEADER, [FeedFault(kind=kind, place=PATIENT, text="x")], NOW)
    assert lines(ack)[1] == f"MSA|{code}|42"


def test_every_kind_of_fault_has_a_code() -> None:
    for kind in FaultKind:
        assert b"HL70357" in write_ack(HEADER, [FeedFault(kind=kind, place=PATIENT, text="x")], NOW)


def test_what_is_no_message_is_answered_without_control_id() -> None:
    header, message = read_feed(b"garbage")
    assert lines(write_ack(header, message.faults, NOW))[1].startswith("MSA|AR||")


def test_nothing_of_a_hostile_header_breaks_the_acknowledgement() -> None:
    header, message = read_feed(adt("A01", cx("A"), msh3="A\x0bB\x1cC", msh10="4\x0b2", msh9="ADT^A\x0b1"))
    ack = write_ack(header, message.faults, NOW)
    assert not set(b"\x0b\x1c\0") & set(ack)
    assert lines(ack)[1].startswith("MSA|AR|42")


@given(
    st.lists(
        st.text(alphabet="MSHPIDRGEVNA014|^~\\&\r\n.3\0\x0b é", max_size=60)
        | st.sampled_from(["PID|||", "MRG|", "\r"]),
        max_size=12,
    )
)
def test_nothing_makes_reading_or_answering_fail(pieces: list[str]) -> None:
    for start in ("", "MSH|^~\\&|A|B|C|D|2026||ADT^A40|1|P|2.5\r"):
        header, message = read_feed((start + "".join(pieces)).encode())
        ack = write_ack(header, message.faults, NOW)
        assert ack.startswith(b"MSH|^~\\&|")
        assert not set(b"\x0b\x1c") & set(ack)
        assert message.faults or (message.patients and message.subsumed)


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_or_answering_fail(data: bytes) -> None:
    header, message = read_feed(data)
    assert message.faults
    assert write_ack(header, message.faults, NOW)
