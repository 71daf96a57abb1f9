"""An acknowledgement as read: what a receiver of ZAM answers (HL7 v2.5 §2.9)."""

from __future__ import annotations

import re

from xds.hl7v2.charsets import decode
from xds.hl7v2.header_reading import read_header
from xds.hl7v2.received_acknowledgement import AckCode, Acknowledgement
from xds.hl7v2.segments import Delimiters, Segment, first, split_segments

_ENHANCED = {"CA": AckCode.AA, "CE": AckCode.AE, "CR": AckCode.AR}
_LONGEST = 64 * 1024


class NotAnAcknowledgement(ValueError):
    """The bytes are no acknowledgement. The text may be logged."""


def read_acknowledgement(data: bytes) -> Acknowledgement:
    """Read an ACK, without its frame; a commit acknowledgement counts as one.

    Raises NotAnAcknowledgement: no MSH, no MSA, or an MSA-1 that is no code.
    """
    if not data.startswith(b"MSH") or len(data) > _LONGEST:
        raise NotAnAcknowledgement(f"{len(data)} bytes that are no acknowledgement")
    text, encoding, _ = decode(data)
    delimiters = Delimiters.of(text)
    lines = [line for line in re.split("[\r\n]+", text) if line.strip()]
    segments = tuple(split_segments(lines, delimiters))
    msa = first(segments, "MSA")
    if msa is None:
        raise NotAnAcknowledgement("no MSA")
    said = msa.text(1)
    code = _ENHANCED.get(said)
    if code is None and said not in tuple(AckCode):
        raise NotAnAcknowledgement("MSA-1 is no code of table 0008")
    return Acknowledgement(
        header=read_header(segments[0], encoding),
        code=code or AckCode(said),
        acknowledged=msa.text(2),
        errors=tuple(_told(one) for one in segments if one.name == "ERR"),
    )


def _told(err: Segment) -> str:
    """What an ERR says, in short: code, application code, text."""
    return " ".join(filter(None, (err.text(3), err.text(3, 2), err.text(5), err.text(5, 2), err.text(8))))
