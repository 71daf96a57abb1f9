"""An acknowledgement received: of a ZAM that was sent (HL7 v2.5 §2.15.8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xds.hl7v2.header import Header


class AckCode(StrEnum):
    """HL7 table 0008."""

    AA = "AA"
    AE = "AE"
    AR = "AR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """ACK: the answer to the message whose control id is `acknowledged`. `errors` are the texts of its ERR."""

    header: Header
    code: AckCode
    acknowledged: str
    errors: tuple[str, ...] = ()
