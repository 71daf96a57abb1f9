r"""ADT messages of the patient identity feed, and their acknowledgements (HL7 v2.3.1, v2.5; ITI TF-2 §3.8).

The header is split by hand, because it says how the rest is written; the ids are read by hl7apy. Only what the registry
needs is read: it costs the same for a long message and a short one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_field

from gateway.wire.feed import PATIENT, SUBSUMED, FaultKind, FeedEvent, FeedFault, FeedMessage, usable_ids
from xds.hl7v2 import acknowledgement
from xds.hl7v2.charsets import CONTROL, decode
from xds.hl7v2.faults import Condition, Fault
from xds.hl7v2.header import Header
from xds.hl7v2.header_reading import LONGEST_CONTROL_ID, read_header
from xds.hl7v2.segments import Delimiters, split_segments
from xds.metadata.datatypes import Cx
from xds.metadata.hl7 import without_subcomponents

EVENTS = {
    "A01": FeedEvent.ADD,
    "A04": FeedEvent.ADD,
    "A05": FeedEvent.ADD,
    "A08": FeedEvent.REVISE,
    "A40": FeedEvent.MERGE,
}
VERSIONS = ("2.3.1", "2.5")
_ENDS = re.compile("\r\n|\r|\n")
_LONGEST_FIELD = 2048
_MOST_REPETITIONS = 20

CONDITIONS = {
    FaultKind.HEADER: Condition.SEQUENCE,
    FaultKind.SEQUENCE: Condition.SEQUENCE,
    FaultKind.MISSING: Condition.MISSING,
    FaultKind.DATA_TYPE: Condition.DATA_TYPE,
    FaultKind.VALUE: Condition.VALUE,
    FaultKind.MESSAGE_TYPE: Condition.MESSAGE_TYPE,
    FaultKind.EVENT: Condition.EVENT,
    FaultKind.PROCESSING: Condition.PROCESSING,
    FaultKind.VERSION: Condition.VERSION,
    FaultKind.UNKNOWN_PATIENT: Condition.UNKNOWN_KEY,
    FaultKind.SAME_PATIENT: Condition.DUPLICATE_KEY,
    FaultKind.CLOSED_RECORD: Condition.LOCKED,
    FaultKind.REJECTED: Condition.APPLICATION,
    FaultKind.UNAVAILABLE: Condition.APPLICATION,
    FaultKind.INTERNAL: Condition.APPLICATION,
}
REJECTIONS = frozenset(
    (
        FaultKind.HEADER,
        FaultKind.MESSAGE_TYPE,
        FaultKind.EVENT,
        FaultKind.PROCESSING,
        FaultKind.VERSION,
        FaultKind.REJECTED,
        FaultKind.UNAVAILABLE,
    )
)
"""Faults of circumstances, not of content: AR, the others AE (HL7 v2.5 §2.9.2.2)."""
_KINDS = {
    Condition.VALUE: FaultKind.VALUE,
    Condition.DATA_TYPE: FaultKind.DATA_TYPE,
}
"""What is wrong with a character set, as a fault of the feed."""
_PLACES = {PATIENT: "PID^1^3", SUBSUMED: "MRG^1^1"}


def read_feed(data: bytes) -> tuple[Header, FeedMessage]:
    """Read one message without its frame; segments end with CR, CRLF or LF. Never raises: faults are in the message."""
    text, encoding, wrong = decode(data)
    faults = [_fault(_KINDS[one.condition], one.location, one.text) for one in wrong]
    segments = [segment for segment in _ENDS.split(text) if segment]
    if not segments or not segments[0].startswith(f"MSH|{acknowledgement.SEPARATORS}|"):
        fault = _fault(FaultKind.HEADER, "MSH^1^1", f"a message begins with MSH|{acknowledgement.SEPARATORS}|")
        return Header(encoding=encoding), FeedMessage(name="", event=FeedEvent.ADD, patients=(), faults=(fault,))
    if CONTROL.search(text):
        faults.append(_fault(FaultKind.DATA_TYPE, "MSH^1", "the message has a control character"))
    header, event = _read_header(segments, encoding, faults)
    message = FeedMessage(
        name=f"ADT^{header.trigger}",
        event=event,
        patients=_read_ids(segments, "PID", 3, PATIENT, faults),
        subsumed=_read_ids(segments, "MRG", 1, SUBSUMED, faults) if event is FeedEvent.MERGE else (),
    )
    return header, replace(message, faults=tuple(faults))


def write_ack(header: Header, faults: Sequence[FeedFault], now: datetime | None = None) -> bytes:
    """Acknowledge a message, without a frame: AA, or AE or AR with every fault (HL7 v2.5 §2.9; v2.3.1 §2.13)."""
    if header.version not in VERSIONS:
        header = replace(header, version=VERSIONS[0])
    return acknowledgement.write_ack(header, [_spelled(fault) for fault in faults], now)


def _spelled(fault: FeedFault) -> Fault:
    return Fault(
        condition=CONDITIONS[fault.kind],
        location=_PLACES.get(fault.place, fault.place),
        text=fault.text,
        rejects=fault.kind in REJECTIONS,
    )


def _read_header(segments: Sequence[str], encoding: str, faults: list[FeedFault]) -> tuple[Header, FeedEvent]:
    msh = next(split_segments([segments[0]], Delimiters()))
    header = read_header(msh, encoding)
    kind, trigger = CONTROL.sub("", msh.text(9)), CONTROL.sub("", msh.text(9, 2))
    if not trigger:
        trigger = next((line.split("|")[1] for line in segments if line.startswith("EVN|")), "")[:3]
        header = replace(header, trigger=trigger if re.fullmatch(r"[A-Z]\w\w", trigger, re.ASCII) else "")
    if not kind:
        faults.append(_fault(FaultKind.MISSING, "MSH^1^9", "no message type"))
    elif kind != "ADT":
        faults.append(_fault(FaultKind.MESSAGE_TYPE, "MSH^1^9", "the message type is not ADT"))
    elif trigger not in EVENTS:
        faults.append(_fault(FaultKind.EVENT, "MSH^1^9", f"the event is not one of {', '.join(EVENTS)}"))
    if not header.control_id:
        faults.append(_fault(FaultKind.MISSING, "MSH^1^10", "no message control id"))
    elif len(msh.raw(10)) > LONGEST_CONTROL_ID:
        text = f"a message control id of {len(msh.raw(10))} characters, at most {LONGEST_CONTROL_ID}"
        faults.append(_fault(FaultKind.DATA_TYPE, "MSH^1^10", text))
    if header.processing_id not in ("P", "T", "D"):
        faults.append(_fault(FaultKind.PROCESSING, "MSH^1^11", "the processing id is not P, T or D"))
    if header.version not in VERSIONS:
        faults.append(_fault(FaultKind.VERSION, "MSH^1^12", f"the version is not one of {', '.join(VERSIONS)}"))
    return header, EVENTS.get(trigger, FeedEvent.ADD)


def _read_ids(segments: Sequence[str], name: str, number: int, place: str, faults: list[FeedFault]) -> tuple[Cx, ...]:
    """The ids of field `number` of the only segment of that name."""
    lines = [line for line in segments if line.split("|", 1)[0] == name]
    if len(lines) != 1:
        text = f"{len(lines)} segments {name}, one expected"
        faults.append(_fault(FaultKind.SEQUENCE if lines else FaultKind.MISSING, f"{name}^1", text))
        return ()
    fields = lines[0].split("|", number + 1)
    field = fields[number] if len(fields) > number else ""
    if len(field) > _LONGEST_FIELD or field.count("~") >= _MOST_REPETITIONS:
        text = f"more than {_LONGEST_FIELD} characters or {_MOST_REPETITIONS} ids"
        faults.append(_fault(FaultKind.DATA_TYPE, place, text))
        return ()
    if CONTROL.search(field):
        return ()
    ids, wrong = usable_ids(_candidates(name, number, field), place)
    faults += wrong
    return ids


def _candidates(name: str, number: int, field: str) -> Iterable[tuple[str, str]]:
    """Identifier and OID of each repetition; an authority that is not an OID (ISO) counts as none."""
    for repetition in field.split("~"):
        try:
            cx = parse_field(repetition, f"{name}_{number}", version="2.5", validation_level=VALIDATION_LEVEL.TOLERANT)
            identifier, authority = cx.cx_1.to_er7(), cx.cx_4
            if identifier in ("", '""'):
                continue
            yield (
                without_subcomponents(identifier, "the id"),
                authority.hd_2.to_er7() if authority.hd_3.to_er7() == "ISO" else "",
            )
        except (HL7apyException, ValueError):
            yield "", ""


def _fault(kind: FaultKind, place: str, text: str) -> FeedFault:
    return FeedFault(kind=kind, place=place, text=text)
