"""Interactions of ITI-44 and their acknowledgement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from gateway.wire.addressing import ITI_44_ADD, ITI_44_MERGE, ITI_44_REVISE
from gateway.wire.feed import PATIENT, SUBSUMED, FaultKind, FeedEvent, FeedFault
from gateway.wire.hl7v3 import EVENTS, Wrapper, read_feed, write_ack
from samples.feed import interaction
from xds.metadata.datatypes import Cx

NOW = datetime(2026, 3, 1, 10, 20, tzinfo=UTC)
V3 = "{urn:hl7-org:v3}"
A, B = Cx(identifier="A-1", authority="1.2.3"), Cx(identifier="B-2", authority="1.2.4")


def parse(data: bytes) -> etree._Element:
    return etree.fromstring(data)


@pytest.mark.parametrize("event", ["add", "revise"])
def test_a_patient_is_read_from_each_interaction(event: str) -> None:
    body = parse(interaction(event, ("A-1", "1.2.3"), ("B-2", "1.2.4")))
    wrapper, message = read_feed(body)
    assert (message.event, message.patients, message.faults) == (FeedEvent(event), (A, B), ())
    assert wrapper.message_id == (body.find(f"{V3}id").get("root"), "")
    assert wrapper.sender == ("1.2.250.1.999.8", "SOURCE")


def test_a_merge_names_the_survivor_and_the_obsolete_id() -> None:
    _, message = read_feed(parse(interaction("merge", ("A-1", "1.2.3"), subsumed=(("B-2", "1.2.4"),))))
    assert (message.event, message.patients, message.subsumed, message.faults) == (FeedEvent.MERGE, (A,), (B,), ())


def test_the_three_interactions_are_three_transactions_of_one_name() -> None:
    for each, name in zip((ITI_44_ADD, ITI_44_REVISE, ITI_44_MERGE), EVENTS, strict=True):
        assert each.name == "ITI-44"
        assert (each.action, each.body) == (f"urn:hl7-org:v3:{name}", f"{V3}{name}")
        assert each.reply_action == "urn:hl7-org:v3:MCCI_IN000002UV01"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b'processingCode code="P"', b'processingCode code="X"', [FaultKind.PROCESSING]),
        (b'processingModeCode code="T"', b'processingModeCode code="A"', [FaultKind.PROCESSING]),
        (b'extension="PRPA_IN201301UV02"', b'extension="PRPA_IN201302UV02"', [FaultKind.EVENT]),
        (b"creationTime", b"madeAt", [FaultKind.MISSING]),
        (b'extension="A-1"', b'extension=""', [FaultKind.DATA_TYPE]),
        (b'extension="A-1"', b"", [FaultKind.DATA_TYPE]),
        (b'extension="A-1"', b'extension="A&#9;1"', [FaultKind.DATA_TYPE]),
        (b'extension="A-1"', b'extension="' + b"A" * 300 + b'"', [FaultKind.DATA_TYPE]),
        (b'root="1.2.3"', b'root="HOSPITAL"', [FaultKind.DATA_TYPE]),
        (b'<id root="1.2.3" extension="A-1"/>', b"", [FaultKind.MISSING]),
        (b"registrationEvent", b"otherEvent", [FaultKind.MISSING, FaultKind.MISSING]),
        (
            b'<statusCode code="active"/><patientPerson',
            b'<statusCode code="nullified"/><patientPerson',
            [FaultKind.VALUE],
        ),
        (
            b"<subject1 ",
            b'<subject1><patient><id root="1.2.3" extension="C"/></patient></subject1><subject1 ',
            [FaultKind.SEQUENCE],
        ),
        (b'<id root="', b'<id nullFlavor="NA" other="', [FaultKind.MISSING, FaultKind.DATA_TYPE]),
    ],
)
def test_every_fault_is_found(old: bytes, new: bytes, expected: list[FaultKind]) -> None:
    data = interaction("add", ("A-1", "1.2.3"))
    assert old in data
    assert [fault.kind for fault in read_feed(parse(data.replace(old, new)))[1].faults] == expected


def test_a_merge_without_an_obsolete_id_is_a_fault() -> None:
    _, message = read_feed(parse(interaction("merge", ("A-1", "1.2.3"))))
    assert [(fault.kind, fault.place) for fault in message.faults] == [(FaultKind.MISSING, SUBSUMED)]


WRAPPER = Wrapper(message_id=('1.2"', "<7>"), sender=("1.9", "S"), receiver=("1.8", ""), processing_code="T")


def fault(kind: FaultKind, place: str = PATIENT) -> FeedFault:
    return FeedFault(kind=kind, place=place, text="what <was> found & expected")


def test_an_acknowledgement_says_what_it_answers_and_goes_back() -> None:
    root = parse(write_ack(WRAPPER, (), NOW))
    assert [etree.QName(child).localname for child in root] == [
        "id",
        "creationTime",
        "interactionId",
        "processingCode",
        "processingModeCode",
        "acceptAckCode",
        "receiver",
        "sender",
        "acknowledgement",
    ]
    assert root.tag == f"{V3}MCCI_IN000002UV01"
    assert root.find(f"{V3}receiver/{V3}device/{V3}id").attrib == {"root": "1.9", "extension": "S"}
    assert root.find(f"{V3}sender/{V3}device/{V3}id").attrib == {"root": "1.8"}
    acknowledgement = root.find(f"{V3}acknowledgement")
    assert acknowledgement.find(f"{V3}typeCode").get("code") == "CA"
    assert acknowledgement.find(f"{V3}targetMessage/{V3}id").attrib == {"root": '1.2"', "extension": "<7>"}
    assert acknowledgement.find(f"{V3}acknowledgementDetail") is None


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ([FaultKind.MISSING], "CE"),
        ([FaultKind.DATA_TYPE, FaultKind.EVENT], "CE"),
        ([FaultKind.UNKNOWN_PATIENT], "AE"),
        ([FaultKind.CLOSED_RECORD], "AE"),
        ([FaultKind.UNAVAILABLE], "AE"),
    ],
)
def test_a_refusal_says_why(kinds: list[FaultKind], code: str) -> None:
    root = parse(write_ack(WRAPPER, [fault(kind) for kind in kinds], NOW))
    assert root.find(f"{V3}acknowledgement/{V3}typeCode").get("code") == code
    details = root.findall(f"{V3}acknowledgement/{V3}acknowledgementDetail")
    assert [detail.findtext(f"{V3}text") for detail in details] == ["what <was> found & expected"] * len(kinds)
    assert details[0].findtext(f"{V3}location") == "controlActProcess/subject/registrationEvent/subject1/patient/id"
    assert all(detail.get("typeCode") == "E" and detail.find(f"{V3}code").get("code") for detail in details)


def test_a_message_that_had_no_id_is_acknowledged_without() -> None:
    root = parse(write_ack(Wrapper(), [fault(FaultKind.MISSING)], NOW))
    assert root.find(f"{V3}acknowledgement/{V3}targetMessage/{V3}id").get("nullFlavor") == "UNK"


_STEPS = ["controlActProcess", "subject", "registrationEvent", "subject1", "patient", "id", "statusCode", "sender", "x"]


@given(
    st.recursive(
        st.just(()), lambda inner: st.lists(st.tuples(st.sampled_from(_STEPS), inner), max_size=4), max_leaves=20
    )
)
def test_no_tree_makes_reading_or_answering_fail(tree: object) -> None:
    for name in EVENTS:
        root = etree.Element(f"{V3}{name}")
        _grow(root, tree)
        wrapper, message = read_feed(root)
        assert message.faults
        assert parse(write_ack(wrapper, message.faults, NOW)).tag == f"{V3}MCCI_IN000002UV01"


def _grow(parent: etree._Element, tree: object) -> None:
    parent.append(etree.Comment("between"))
    for name, inner in tree:  # type: ignore[attr-defined]
        _grow(etree.SubElement(parent, f"{V3}{name}", root="1.2", extension="y", code="Z"), inner)
