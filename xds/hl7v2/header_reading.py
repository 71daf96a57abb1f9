"""MSH as read (HL7 v2.5 §2.15.9)."""

from __future__ import annotations

import re

from xds.hl7v2.charsets import CONTROL
from xds.hl7v2.header import Header
from xds.hl7v2.segments import Segment

LONGEST_CONTROL_ID = 199
_CODE = re.compile(r"[A-Z][A-Z0-9]{2}")


def read_header(msh: Segment, encoding: str) -> Header:
    """What MSH says. What no acknowledgement could repeat is left out or cut: it is a fault anyway."""

    def raw(number: int) -> str:
        return CONTROL.sub("", msh.raw(number))

    def code(component: int) -> str:
        value = msh.text(9, component)
        return value if _CODE.fullmatch(value) else ""

    return Header(
        sender=(raw(3), raw(4)),
        receiver=(raw(5), raw(6)),
        time=msh.text(7),
        message_code=code(1),
        trigger=code(2),
        structure=CONTROL.sub("", msh.text(9, 3)),
        control_id=raw(10)[:LONGEST_CONTROL_ID],
        processing_id=msh.text(11)[:1],
        version=msh.text(12),
        profile=CONTROL.sub("", "^".join(msh.text(21, number) for number in (1, 2)).strip("^")),
        encoding=encoding,
    )
