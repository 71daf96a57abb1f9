"""The bytes of a message as text: MSH-18 says in which character set they are (HL7 v2.5 table 0211)."""

from __future__ import annotations

import re

from xds.hl7v2.faults import Condition, Fault

CHARSETS = {
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UNICODE": "utf-8",
    "8859/1": "iso-8859-1",
    "8859/15": "iso-8859-15",
}
"""Python's name by the code of table 0211; all of them hold ASCII as it is."""
_NAMES = {"utf-8": "UNICODE UTF-8", "iso-8859-1": "8859/1", "iso-8859-15": "8859/15"}
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that no text of HL7 v2 holds."""
_LONGEST_HEADER = 4096
_LONGEST_NAME = 40
_LOCATION = "MSH^1^18"


def decode(data: bytes) -> tuple[str, str, list[Fault]]:
    """The text, Python's name of its character set, and what is wrong with it. Never raises.

    Without MSH-18 it is UTF-8, or Latin 1 when it cannot be. What cannot be read as MSH-18 says is read as Latin 1, so
    that the rest of the message is still judged.
    """
    name = _named(data)
    encoding = CHARSETS.get(name)
    if name and encoding is None:
        text = f"found {name[:_LONGEST_NAME]}, expected one of {', '.join(CHARSETS)}"
        return data.decode("latin-1"), "iso-8859-1", [_fault(Condition.VALUE, "HL7-CHARSET", text)]
    try:
        return data.decode(encoding or "utf-8"), encoding or "utf-8", []
    except UnicodeDecodeError as error:
        if encoding is None:
            return data.decode("latin-1"), "iso-8859-1", []
        return (
            data.decode("latin-1"),
            "iso-8859-1",
            [_fault(Condition.DATA_TYPE, "HL7-ENCODING", f"bytes that are not {name}{_where(data, error.start)}")],
        )


def _where(data: bytes, at: int) -> str:
    """Where a byte is that cannot be read: it may be anywhere in a name or a text, so the byte itself is not shown."""
    before = data[:at]
    begin = before.rfind(b"\r") + 1
    segment, name = before.count(b"\r") + 1, data[begin : begin + 3].decode("latin-1")
    return f": segment {segment} ({name}), byte {at - begin + 1} of it"


def name_of(encoding: str) -> str:
    """What MSH-18 says of Python's encoding; empty for ASCII, which needs no name."""
    return _NAMES.get(encoding, "")


def _named(data: bytes) -> str:
    start = data[:_LONGEST_HEADER].split(b"\r", 1)[0].split(b"\n", 1)[0]
    separator = start[3:4] or b"|"
    fields = start.split(separator)
    return fields[17].split(b"~")[0].decode("latin-1").strip() if len(fields) > 17 else ""


def _fault(condition: Condition, rule: str, text: str) -> Fault:
    return Fault(condition=condition, location=_LOCATION, text=text, rule=rule)
