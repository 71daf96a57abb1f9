"""Interactions of the patient identity feed in HL7 v3, and their acknowledgement (ITI TF-2 §3.44, Appendix O)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape as escape_text

from lxml import etree

from gateway.wire.feed import PATIENT, SUBSUMED, FaultKind, FeedEvent, FeedFault, FeedMessage, usable_ids
from xds.metadata.datatypes import Cx

HL7: Final = "urn:hl7-org:v3"
INTERACTIONS: Final = "2.16.840.1.113883.1.6"
ACKNOWLEDGEMENT: Final = "MCCI_IN000002UV01"
EVENTS: Final = {
    "PRPA_IN201301UV02": FeedEvent.ADD,
    "PRPA_IN201302UV02": FeedEvent.REVISE,
    "PRPA_IN201304UV02": FeedEvent.MERGE,
}
_DETAILS: Final = "2.16.840.1.113883.5.1100"
_EVENT = "controlActProcess/subject/registrationEvent"
_PLACES = {
    PATIENT: f"{_EVENT}/subject1/patient/id",
    SUBSUMED: f"{_EVENT}/replacementOf/priorRegistration/subject1/priorRegisteredRole/id",
}
_PATHS = {place: "/".join(f"{{{HL7}}}{step}" for step in path.split("/")) for place, path in _PLACES.items()}
DETAIL_CODES = {
    FaultKind.MISSING: "SYN105",
    FaultKind.DATA_TYPE: "SYN102",
    FaultKind.VALUE: "SYN103",
    FaultKind.SEQUENCE: "SYN110",
    FaultKind.EVENT: "NS200",
    FaultKind.PROCESSING: "NS202",
    FaultKind.UNKNOWN_PATIENT: "KEY204",
    FaultKind.SAME_PATIENT: "KEY205",
    FaultKind.CLOSED_RECORD: "KEY206",
}
"""HL7 AcknowledgementDetailCode; what is not here is INTERR."""
OF_THE_MESSAGE = frozenset(
    (FaultKind.MISSING, FaultKind.DATA_TYPE, FaultKind.VALUE, FaultKind.SEQUENCE, FaultKind.EVENT, FaultKind.PROCESSING)
)
_LONGEST = 128
_MOST_IDS = 20

Identifier = tuple[str, str]
"""`@root` and `@extension`; the extension may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """What an acknowledgement needs of the transmission wrapper; what was not there is empty."""

    message_id: Identifier = ("", "")
    sender: Identifier = ("", "")
    receiver: Identifier = ("", "")
    processing_code: str = "P"


def read_feed(body: etree._Element) -> tuple[Wrapper, FeedMessage]:
    """Read one interaction, whose root was recognised by its name. Never raises: faults are in the message."""
    name = etree.QName(body).localname
    faults = list(_wrapper_faults(body, name))
    wrapper = Wrapper(
        message_id=_identifier(body.find(f"{{{HL7}}}id")),
        sender=_identifier(body.find(f"{{{HL7}}}sender/{{{HL7}}}device/{{{HL7}}}id")),
        receiver=_identifier(body.find(f"{{{HL7}}}receiver/{{{HL7}}}device/{{{HL7}}}id")),
        processing_code=_attribute(body, "processingCode", "code") or "P",
    )
    event = EVENTS[name]
    faults += _content_faults(body)
    patients, wrong = _ids(body, PATIENT)
    faults += wrong
    subsumed: tuple[Cx, ...] = ()
    if event is FeedEvent.MERGE:
        subsumed, wrong = _ids(body, SUBSUMED)
        faults += wrong
    message = FeedMessage(name=name, event=event, patients=patients, subsumed=subsumed, faults=tuple(faults))
    return wrapper, message


def write_ack(wrapper: Wrapper, faults: Sequence[FeedFault], now: datetime | None = None) -> bytes:
    """Acknowledge an interaction: CA, CE for faults of the message itself, AE for what cannot be done, with details."""
    code = "CA"
    if faults:
        code = "CE" if all(fault.kind in OF_THE_MESSAGE for fault in faults) else "AE"
    time = (now or datetime.now(UTC)).strftime("%Y%m%d%H%M%S+0000")
    details = "".join(
        '<acknowledgementDetail typeCode="E">'
        f'<code code="{DETAIL_CODES.get(fault.kind, "INTERR")}" codeSystem="{_DETAILS}"/>'
        f"<text>{_escape(fault.text)}</text><location>{_escape(_PLACES.get(fault.place, fault.place))}</location>"
        "</acknowledgementDetail>"
        for fault in faults
    )
    return (
        f'<{ACKNOWLEDGEMENT} xmlns="{HL7}" ITSVersion="XML_1.0"><id root="{uuid.uuid4()}"/>'
        f'<creationTime value="{time}"/><interactionId root="{INTERACTIONS}" extension="{ACKNOWLEDGEMENT}"/>'
        f'<processingCode code="{_escape(wrapper.processing_code)}"/><processingModeCode code="T"/>'
        f'<acceptAckCode code="NE"/>{_device("receiver", "RCV", wrapper.sender)}'
        f"{_device('sender', 'SND', wrapper.receiver)}"
        f'<acknowledgement><typeCode code="{code}"/><targetMessage>{_id(wrapper.message_id)}</targetMessage>{details}'
        f"</acknowledgement></{ACKNOWLEDGEMENT}>"
    ).encode()


def _wrapper_faults(body: etree._Element, name: str) -> Iterator[FeedFault]:
    root, extension = _identifier(body.find(f"{{{HL7}}}id"))
    if not root:
        yield _fault(FaultKind.MISSING, "id", "no message id")
    elif max(len(root), len(extension)) > _LONGEST:
        yield _fault(FaultKind.DATA_TYPE, "id", f"a message id of more than {_LONGEST} characters")
    if not _attribute(body, "creationTime", "value"):
        yield _fault(FaultKind.MISSING, "creationTime", "no creation time")
    if _identifier(body.find(f"{{{HL7}}}interactionId"))[1] != name:
        yield _fault(FaultKind.EVENT, "interactionId", f"the interaction id is not that of the root element, {name}")
    if _attribute(body, "processingCode", "code") not in ("P", "T", "D"):
        yield _fault(FaultKind.PROCESSING, "processingCode", "the processing code is not P, T or D")
    if _attribute(body, "processingModeCode", "code") != "T":
        yield _fault(FaultKind.PROCESSING, "processingModeCode", "the processing mode is not T")


def _content_faults(body: etree._Element) -> Iterator[FeedFault]:
    events = body.findall("/".join(f"{{{HL7}}}{step}" for step in _EVENT.split("/")))
    if len(events) != 1:
        kind = FaultKind.SEQUENCE if events else FaultKind.MISSING
        yield _fault(kind, _EVENT, f"{len(events)} registration events, one expected")
        return
    patients = events[0].findall(f"{{{HL7}}}subject1/{{{HL7}}}patient")
    if len(patients) != 1:
        kind = FaultKind.SEQUENCE if patients else FaultKind.MISSING
        yield _fault(kind, f"{_EVENT}/subject1/patient", f"{len(patients)} patients, one expected")
        return
    for parent, place in ((events[0], _EVENT), (patients[0], f"{_EVENT}/subject1/patient")):
        if parent.find(f"{{{HL7}}}statusCode") is not None and _attribute(parent, "statusCode", "code") != "active":
            yield _fault(FaultKind.VALUE, f"{place}/statusCode", "the status is not active")


def _ids(body: etree._Element, place: str) -> tuple[tuple[Cx, ...], tuple[FeedFault, ...]]:
    """The ids of a place. Their number is bounded, as in HL7 v2: each of them costs a record and its keys."""
    found = [(element.get("extension", ""), element.get("root", "")) for element in body.iterfind(_PATHS[place])]
    if len(found) > _MOST_IDS:
        return (), (_fault(FaultKind.DATA_TYPE, place, f"{len(found)} ids, at most {_MOST_IDS} are read"),)
    return usable_ids(found, place)


def _attribute(parent: etree._Element, child: str, name: str) -> str:
    found = parent.find(f"{{{HL7}}}{child}")
    return "" if found is None else found.get(name, "").strip()


def _identifier(element: etree._Element | None) -> Identifier:
    return ("", "") if element is None else (element.get("root", "").strip(), element.get("extension", "").strip())


def _device(element: str, code: str, identifier: Identifier) -> str:
    return (
        f'<{element} typeCode="{code}"><device classCode="DEV" determinerCode="INSTANCE">{_id(identifier)}'
        f"</device></{element}>"
    )


def _id(identifier: Identifier) -> str:
    root, extension = (text[:_LONGEST] for text in identifier)
    if not root:
        return '<id nullFlavor="UNK"/>'
    return f'<id root="{_escape(root)}"' + (f' extension="{_escape(extension)}"' if extension else "") + "/>"


def _escape(text: str) -> str:
    """Make a text fit for an element and for an attribute in double quotes."""
    return escape_text(text, {'"': "&quot;"})


def _fault(kind: FaultKind, place: str, text: str) -> FeedFault:
    return FeedFault(kind=kind, place=place, text=text)
