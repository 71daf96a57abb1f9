"""ACK written: AA, or AE or AR with every fault found (HL7 v2.5 §2.9, §2.15.5; v2.3.1 §2.13; CI-SIS, HL7 v2, 2.1)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from xds.hl7v2.charsets import CONTROL, name_of
from xds.hl7v2.faults import CIRCUMSTANCES, Fault, Severity
from xds.hl7v2.header import Header
from xds.hl7v2.received_acknowledgement import AckCode
from xds.metadata.hl7 import escape

SEPARATORS = "^~\\&"
VERSIONS = ("2.3.1", "2.5", "2.6")
"""Versions of HL7 that are answered in their own; any other is answered in that of its message, else in the first."""
RULES = "ecluseRule"
"""What ERR-5 names as the table of our rules."""
_LONGEST_TEXT = 80
_BREAKS = re.compile("[\r\n\x85\u2028\u2029]+")
_SPELLED = {"ORU": "2.5", "MDM": "2.6", "ZAM": "2.6"}
"""Messages of the CI-SIS, whose ERR-3 names table 0357 in words, and the version of each."""


def code_of(faults: Iterable[Fault]) -> AckCode:
    """AA when nothing is an error; AR when an error is one of circumstances, AE when all are of content."""
    errors = [fault for fault in faults if fault.severity is Severity.ERROR]
    if not errors:
        return AckCode.AA
    return AckCode.AR if any(one.rejects or one.condition in CIRCUMSTANCES for one in errors) else AckCode.AE


def write_ack(header: Header, faults: Sequence[Fault], now: datetime | None = None) -> bytes:
    """Acknowledge a message, without a frame. Warnings are told too, with AA as with others (ERR-4 is W)."""
    version = header.version if header.version in VERSIONS else _SPELLED.get(header.message_code, VERSIONS[0])
    old = version == VERSIONS[0]
    code = code_of(faults)
    acknowledged = f"MSA|{code}|{header.control_id}"
    if faults and old:
        acknowledged += "|" + escape("; ".join(fault.text for fault in faults)[:_LONGEST_TEXT])
    trigger = f"^{header.trigger}" if header.trigger else ""
    lines = [
        write_header(
            Header(
                sender=header.receiver,
                receiver=header.sender,
                message_code="ACK",
                trigger=header.trigger,
                structure="ACK" if trigger and not old else "",
                control_id=new_control_id(),
                processing_id=header.processing_id or "P",
                version=version,
                encoding=header.encoding,
            ),
            now,
            country="FRA" if header.message_code in _SPELLED else "",
        ),
        acknowledged,
        *(_old_errors(faults) if old else _errors(header, faults)),
    ]
    return write_segments(lines, header.encoding)


def new_control_id() -> str:
    """An MSH-10 of 20 characters that no other message has."""
    return uuid.uuid4().hex[:20]


def write_header(header: Header, now: datetime | None = None, *, country: str = "") -> str:
    """Spell MSH. Its time is `now`, by default the clock's, in UTC."""
    fields = (
        *header.sender,
        *header.receiver,
        (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%d%H%M%S+0000"),
        "",
        "^".join(part for part in (header.message_code, header.trigger, header.structure) if part),
        header.control_id,
        header.processing_id,
        header.version,
        *("" for _ in range(4)),
        country,
        name_of(header.encoding),
        "",
        "",
        header.profile,
    )
    return f"MSH|{SEPARATORS}|{'|'.join(fields)}".rstrip("|")


def write_segments(lines: Iterable[str], encoding: str) -> bytes:
    """The bytes of a message: each segment ends with CR; what the character set lacks becomes a question mark.

    A line break that a value brought along is a blank here: it would begin a segment.
    """
    clean = (CONTROL.sub("", _BREAKS.sub(" ", line)) for line in lines)
    return "".join(f"{line}\r" for line in clean).encode(encoding, "replace")


def write_error(fault: Fault, table: str) -> str:
    """Spell one ERR (HL7 v2.5 §2.15.5)."""
    code = f"{fault.condition}^{fault.condition.display}^{table}"
    application = fault.application
    if application is not None:
        specific = "^".join(map(escape, (application.code, application.display, application.scheme)))
    else:
        specific = f"{fault.rule}^^{RULES}" if fault.rule else ""
    return f"ERR||{fault.location}|{code}|{fault.severity}|{specific}|||{escape(fault.text)}"


def _errors(header: Header, faults: Iterable[Fault]) -> Iterable[str]:
    table = "messageErrorCondition" if header.message_code in _SPELLED else "HL70357"
    return [write_error(fault, table) for fault in faults]


def _old_errors(faults: Sequence[Fault]) -> Iterable[str]:
    """One ERR for all (HL7 v2.3.1 §2.24.3)."""
    if faults:
        yield "ERR|" + "~".join(
            "^".join([*_three(fault.location), f"{fault.condition}&{fault.condition.display}&HL70357"])
            for fault in faults
        )


def _three(location: str) -> list[str]:
    return (location.split("^") + [""] * 3)[:3]
