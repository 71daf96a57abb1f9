"""Bytes to a message: `read_message` finds everything that is wrong with it at once, and never raises.

Source: CI-SIS, CDA documents in HL7 v2, 2.1; PAM-FR 2.11; HL7 v2.5 §2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xds.hl7v2.charsets import CONTROL, decode
from xds.hl7v2.consent_message import ConsentMessage
from xds.hl7v2.consent_reading import read_consent
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.document_reading import read_document_message
from xds.hl7v2.faults import Condition, Fault, has_errors
from xds.hl7v2.header import Header
from xds.hl7v2.header_reading import read_header
from xds.hl7v2.payloads import lift
from xds.hl7v2.segments import Delimiters, Segment, split_segments

MOST_SEGMENTS = 5_000
LONGEST_TEXT = 1 << 20
"""Bytes of a message besides its documents."""
_START = re.compile(rb"MSH[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read. `message` is None for a message of another kind, or none at all.

    With a fault that is an error, `message` holds what could be read all the same, so that later checks can add theirs;
    nothing may be done with it.
    """

    header: Header
    message: DocumentMessage | ConsentMessage | None
    faults: tuple[Fault, ...] = ()
    segments: tuple[Segment, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether responsibility for the message may be taken: no fault is an error."""
        return not has_errors(self.faults)


def read_message(data: bytes) -> Reading:
    """Read one message, without its frame; segments end with CR, CRLF or LF."""
    if not _START.match(data):
        fault = Fault(
            condition=Condition.SEQUENCE,
            location="MSH^1",
            text="a message begins with MSH and its delimiters",
            rejects=True,
        )
        return Reading(header=Header(), message=None, faults=(fault,))
    lifted = lift(data, at_most=MOST_SEGMENTS, longest=LONGEST_TEXT)
    text, encoding, faults = decode(b"\r".join(lifted.lines))
    delimiters = Delimiters.of(text)
    segments = tuple(split_segments(text.split("\r"), delimiters))
    header = read_header(segments[0], encoding)
    if CONTROL.search(text):
        faults.append(
            Fault(condition=Condition.DATA_TYPE, location="MSH^1", text="the message has a control character")
        )
    message: DocumentMessage | ConsentMessage | None = None
    if header.message_code in ("ORU", "MDM"):
        message, found = read_document_message(header, segments, data, lifted.payloads)
        faults += found
    elif header.message_code == "ADT":
        message, found = read_consent(header, segments)
        faults += found
    return Reading(header=header, message=message, faults=tuple(faults), segments=segments)
