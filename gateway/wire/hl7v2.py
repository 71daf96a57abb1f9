r"""ADT messages of the patient identity feed, and their acknowledgements (HL7 v2.3.1, v2.5; ITI TF-2 §3.8).

The header is split by hand, because it says how the rest is written; the ids are read by hl7apy. Only what the registry
needs is read: it costs the same for a long message and a short one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_field

from gateway.wire.feed import PATIENT, SUBSUMED, FaultKind, FeedEvent, FeedFault, FeedMessage, usable_ids
from xds.metadata.datatypes import Cx
from xds.metadata.hl7 import escape, without_subcomponents

EVENTS = {
    "A01": FeedEvent.ADD,
    "A04": FeedEvent.ADD,
    "A05": FeedEvent.ADD,
    "A08": FeedEvent.REVISE,
    "A40": FeedEvent.MERGE,
}
VERSIONS = ("2.3.1", "2.5")
_SEPARATORS = "^~\\&"
_CHARSETS = {
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "8859/1": "iso-8859-1",
    "8859/15": "iso-8859-15",
}
_ENDS = re.compile("\r\n|\r|\n")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST_FIELD = 2048
_MOST_REPETITIONS = 20
_LONGEST_CONTROL_ID = 199
_LONGEST_TEXT = 80

ERROR_CODES = {
    FaultKind.HEADER: ("100", "Segment sequence error"),
    FaultKind.SEQUENCE: ("100", "Segment sequence error"),
    FaultKind.MISSING: ("101", "Required field missing"),
    FaultKind.DATA_TYPE: ("102", "Data type error"),
    FaultKind.VALUE: ("103", "Table value not found"),
    FaultKind.MESSAGE_TYPE: ("200", "Unsupported message type"),
    FaultKind.EVENT: ("201", "Unsupported event code"),
    FaultKind.PROCESSING: ("202", "Unsupported processing id"),
    FaultKind.VERSION: ("203", "Unsupported version id"),
    FaultKind.UNKNOWN_PATIENT: ("204", "Unknown key identifier"),
    FaultKind.SAME_PATIENT: ("205", "Duplicate key identifier"),
    FaultKind.CLOSED_RECORD: ("206", "Application record locked"),
    FaultKind.REJECTED: ("207", "Application internal error"),
    FaultKind.UNAVAILABLE: ("207", "Application internal error"),
    FaultKind.INTERNAL: ("207", "Application internal error"),
}
"""HL7 table 0357."""
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
_PLACES = {PATIENT: "PID^1^3", SUBSUMED: "MRG^1^1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What an acknowledgement needs of MSH; everything is empty when there was no MSH. `encoding` is Python's name."""

    sender: tuple[str, str] = ("", "")
    receiver: tuple[str, str] = ("", "")
    trigger: str = ""
    control_id: str = ""
    processing_id: str = ""
    version: str = ""
    encoding: str = "utf-8"


def read_feed(data: bytes) -> tuple[Header, FeedMessage]:
    """Read one message without its frame; segments end with CR, CRLF or LF. Never raises: faults are in the message."""
    text, encoding, faults = _decoded(data)
    segments = [segment for segment in _ENDS.split(text) if segment]
    if not segments or not segments[0].startswith(f"MSH|{_SEPARATORS}|"):
        fault = _fault(FaultKind.HEADER, "MSH^1^1", f"a message begins with MSH|{_SEPARATORS}|")
        return Header(encoding=encoding), FeedMessage(name="", event=FeedEvent.ADD, patients=(), faults=(fault,))
    if _CONTROL.search(text):
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
    old = header.version != "2.5"
    trigger = f"^{header.trigger}" if header.trigger else ""
    structure = "" if old or not trigger else "^ACK"
    time = (now or datetime.now(UTC)).strftime("%Y%m%d%H%M%S+0000")
    charset = {"utf-8": "UNICODE UTF-8", "iso-8859-1": "8859/1", "iso-8859-15": "8859/15"}.get(header.encoding, "")
    fields = (
        *header.receiver,
        *header.sender,
        time,
        "",
        f"ACK{trigger}{structure}",
        uuid.uuid4().hex[:20],
        header.processing_id or "P",
        header.version if header.version in VERSIONS else VERSIONS[0],
        *("" for _ in range(5)),
        charset,
    )
    code = "AA" if not faults else "AR" if any(fault.kind in REJECTIONS for fault in faults) else "AE"
    acknowledged = f"MSA|{code}|{header.control_id}"
    if faults and old:
        acknowledged += "|" + escape("; ".join(fault.text for fault in faults)[:_LONGEST_TEXT])
    lines = [f"MSH|{_SEPARATORS}|{'|'.join(fields)}".rstrip("|"), acknowledged, *_errors(faults, old=old)]
    return "".join(f"{line}\r" for line in lines).encode(header.encoding, "replace")


def _errors(faults: Sequence[FeedFault], *, old: bool) -> Iterable[str]:
    if old and faults:
        yield "ERR|" + "~".join(
            "^".join(
                [*_place(fault), *([""] * (3 - len(_place(fault)))), "&".join([*ERROR_CODES[fault.kind], "HL70357"])]
            )
            for fault in faults
        )
    elif not old:
        for fault in faults:
            code, name = ERROR_CODES[fault.kind]
            yield f"ERR||{'^'.join(_place(fault))}|{code}^{name}^HL70357|E||||{escape(fault.text)}"


def _place(fault: FeedFault) -> list[str]:
    return _PLACES.get(fault.place, fault.place).split("^")


def _decoded(data: bytes) -> tuple[str, str, list[FeedFault]]:
    """The text, in the character set that MSH-18 names. Without one UTF-8, or Latin 1 when it cannot be UTF-8."""
    start = data[:4096].split(b"\r", 1)[0].split(b"\n", 1)[0]
    fields = start.decode("latin-1").split("|")
    name = fields[17].split("~")[0].strip() if len(fields) > 17 else ""
    encoding = _CHARSETS.get(name)
    if name and encoding is None:
        text = f"a character set that is not one of {', '.join(_CHARSETS)}"
        return data.decode("latin-1"), "iso-8859-1", [_fault(FaultKind.VALUE, "MSH^1^18", text)]
    try:
        return data.decode(encoding or "utf-8"), encoding or "utf-8", []
    except UnicodeDecodeError:
        if encoding is None:
            return data.decode("latin-1"), "iso-8859-1", []
        text = f"bytes that are not {name}"
        return data.decode("latin-1"), "iso-8859-1", [_fault(FaultKind.DATA_TYPE, "MSH^1^18", text)]


def _read_header(segments: Sequence[str], encoding: str, faults: list[FeedFault]) -> tuple[Header, FeedEvent]:
    fields = ["MSH", "|", *(_CONTROL.sub("", field) for field in segments[0].split("|")[1:]), *([""] * 21)]
    fields.pop(0)  # MSH-1 is the separator: from here on, MSH-n is fields[n - 1]
    kind, trigger, *_ = (*fields[8].split("^"), "", "")
    if not trigger:
        trigger = next((line.split("|")[1] for line in segments if line.startswith("EVN|")), "")[:3]
    header = Header(
        sender=(fields[2], fields[3]),
        receiver=(fields[4], fields[5]),
        trigger=trigger if re.fullmatch(r"[A-Z]\w\w", trigger, re.ASCII) else "",
        control_id=fields[9][:_LONGEST_CONTROL_ID],
        processing_id=fields[10].split("^")[0][:1],
        version=fields[11].split("^")[0],
        encoding=encoding,
    )
    if not kind:
        faults.append(_fault(FaultKind.MISSING, "MSH^1^9", "no message type"))
    elif kind != "ADT":
        faults.append(_fault(FaultKind.MESSAGE_TYPE, "MSH^1^9", "the message type is not ADT"))
    elif trigger not in EVENTS:
        faults.append(_fault(FaultKind.EVENT, "MSH^1^9", f"the event is not one of {', '.join(EVENTS)}"))
    if not header.control_id:
        faults.append(_fault(FaultKind.MISSING, "MSH^1^10", "no message control id"))
    elif len(fields[9]) > _LONGEST_CONTROL_ID:
        text = f"a message control id of {len(fields[9])} characters, at most {_LONGEST_CONTROL_ID}"
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
    if _CONTROL.search(field):
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
