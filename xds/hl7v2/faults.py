"""What is wrong with a message: the condition of HL7 table 0357, the place as ERR-2 says it, a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from xds.metadata.codes import Code


class Condition(StrEnum):
    """HL7 table 0357, message error condition codes."""

    SEQUENCE = "100"
    MISSING = "101"
    DATA_TYPE = "102"
    VALUE = "103"
    CARDINALITY = "198"
    OTHER = "199"
    MESSAGE_TYPE = "200"
    EVENT = "201"
    PROCESSING = "202"
    VERSION = "203"
    UNKNOWN_KEY = "204"
    DUPLICATE_KEY = "205"
    LOCKED = "206"
    APPLICATION = "207"

    @property
    def display(self) -> str:
        """The text of the code in the table."""
        return _DISPLAYS[self]


_DISPLAYS = {
    Condition.SEQUENCE: "Segment sequence error",
    Condition.MISSING: "Required field missing",
    Condition.DATA_TYPE: "Data type error",
    Condition.VALUE: "Table value not found",
    Condition.CARDINALITY: "Non-Conformant Cardinality",
    Condition.OTHER: "Other HL7 Error",
    Condition.MESSAGE_TYPE: "Unsupported message type",
    Condition.EVENT: "Unsupported event code",
    Condition.PROCESSING: "Unsupported processing id",
    Condition.VERSION: "Unsupported version id",
    Condition.UNKNOWN_KEY: "Unknown key identifier",
    Condition.DUPLICATE_KEY: "Duplicate key identifier",
    Condition.LOCKED: "Application record locked",
    Condition.APPLICATION: "Application internal error",
}
CIRCUMSTANCES = frozenset((Condition.MESSAGE_TYPE, Condition.EVENT, Condition.PROCESSING, Condition.VERSION))
"""Conditions that reject a message for what it is, whatever it holds (HL7 v2.5 §2.9.2.2)."""


class Severity(StrEnum):
    """HL7 table 0516, error severity."""

    ERROR = "E"
    WARNING = "W"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. `location` is ERR-2: `PID^1^3`, segment, which of them, field, repetition, component, subcomponent.

    `rule` names what was broken: a row of `profiles/hl7v2/rule_texts.csv`, empty for a rule of HL7 itself; `text` says
    what was found and expected, without patient data. `rejects`: it is not the content that is at fault (AR), and the
    same message may be right later or elsewhere. `application` is ERR-5, where a code of an application says it.
    """

    condition: Condition
    location: str
    text: str
    rule: str = ""
    severity: Severity = Severity.ERROR
    rejects: bool = False
    application: Code | None = None
    found: str | None = None
    expected: str | None = None


def has_errors(faults: Iterable[Fault]) -> bool:
    """Whether one fault is more than a warning."""
    return any(fault.severity is Severity.ERROR for fault in faults)
