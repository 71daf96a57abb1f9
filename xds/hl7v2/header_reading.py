"""MSH as read (HL7 v2.5 §2.15.9)."""

from __future__ import annotations

import re
from dataclasses import replace

from xds.hl7v2.charsets import CONTROL
from xds.hl7v2.header import Header
from xds.hl7v2.segments import Delimiters, Segment
from xds.metadata.hl7 import escape

LONGEST_CONTROL_ID = 199
_CODE = re.compile(r"[A-Z][A-Z0-9]{2}")


def read_header(msh: Segment, encoding: str) -> Header:
    """What MSH says. What no acknowledgement could repeat is left out or cut: it is a fault anyway."""
    msh = replace(msh, fields=tuple(CONTROL.sub("", field) for field in msh.fields))

    def code(component: int) -> str:
        value = msh.text(9, component)
        return value if _CODE.fullmatch(value) else ""

    return Header(
        sender=(_field(msh, 3), _field(msh, 4)),
        receiver=(_field(msh, 5), _field(msh, 6)),
        time=msh.text(7),
        message_code=code(1),
        trigger=code(2),
        structure=msh.text(9, 3),
        control_id=_field(msh, 10)[:LONGEST_CONTROL_ID],
        processing_id=msh.text(11)[:1],
        version=msh.text(12),
        profile="^".join((msh.text(21), msh.text(21, 2))).rstrip("^"),
        encoding=encoding,
    )


def _field(msh: Segment, number: int) -> str:
    """A field as it can be repeated in another message: with the delimiters that everybody uses."""
    raw = msh.raw(number)
    if msh.delimiters == Delimiters() or not raw:
        return raw
    first = msh.repetitions(number)[:1]
    return "^".join(escape(one.text(at + 1)) for one in first for at in range(len(one.components())))
