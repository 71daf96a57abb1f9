"""Times of a message with their offset, which MSH-7 gives where they have none (HL7 v2.5 §2.15.9.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cda.times import to_utc
from conformance.laboratory.remarks import Remarks

_DTM = re.compile(r"(\d{4}(?:\d\d){0,5})(?:\.\d{1,4})?([+-]\d{4})?", re.ASCII)
_HOUR = 10
_MINUTE = 12
_SECOND = 14


@dataclass(frozen=True, slots=True)
class Clock:
    """Reads times of one message; `zone` is the offset of its MSH-7, empty when it has none."""

    zone: str
    remarks: Remarks

    @classmethod
    def of(cls, sent: str, remarks: Remarks) -> Clock:
        """The clock of a message sent at `sent`."""
        matched = _DTM.fullmatch(sent)
        return cls((matched[2] or "") if matched else "", remarks)

    def read(self, text: str, location: str) -> str | None:
        """A time as a TS, to the precision given. None: none was sent, or it is none, which is then an error."""
        if not text:
            return None
        matched = _DTM.fullmatch(text)
        if matched is None or to_utc(matched[1] + (matched[2] or "")) is None:
            self.remarks.tell("RES-TIME", location)
            return None
        digits, zone = matched[1], matched[2] or self.zone
        if len(digits) < _HOUR:
            return digits
        if not zone:
            self.remarks.tell("RES-OFFSET", "MSH^1^7")
            return None
        return digits + zone

    def to_the_second(self, text: str, location: str) -> str | None:
        """A time that has minutes at least, to the second. None: none was sent, or none so precise."""
        read = self.read(text, location)
        digits, zone = (read[:-5], read[-5:]) if read and len(read) > _SECOND else (read or "", "")
        if len(digits) < _MINUTE or not zone:
            return None
        if len(digits) < _SECOND:
            self.remarks.tell("RES-SECONDS", location)
        return digits.ljust(_SECOND, "0") + zone
