"""What a message of the patient identity feed says, in either version of HL7 (ITI TF-2 §3.8, §3.44)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from xds.metadata.datatypes import Cx, parse_oid

LONGEST_ID = 256
"""Characters of a CX: the bound of a value in ebRIM 3.0."""


class FeedEvent(StrEnum):
    """What happened to the patient."""

    ADD = "add"
    REVISE = "revise"
    MERGE = "merge"


class FaultKind(StrEnum):
    """What is wrong with a message or with its order; each version of HL7 has a code of its own for it."""

    HEADER = "HEADER"
    SEQUENCE = "SEQUENCE"
    MISSING = "MISSING"
    DATA_TYPE = "DATA_TYPE"
    VALUE = "VALUE"
    MESSAGE_TYPE = "MESSAGE_TYPE"
    EVENT = "EVENT"
    PROCESSING = "PROCESSING"
    VERSION = "VERSION"
    UNKNOWN_PATIENT = "UNKNOWN_PATIENT"
    SAME_PATIENT = "SAME_PATIENT"
    CLOSED_RECORD = "CLOSED_RECORD"
    REJECTED = "REJECTED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


PATIENT, SUBSUMED = "patient", "subsumed"
"""Places of a fault that is found after the message was read: each wire knows where these stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFault:
    """One fault. `place` is where in the message; `text` says what was found and expected, without patient data."""

    kind: FaultKind
    place: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMessage:
    """A message as read. `name` is HL7's (`ADT^A40`, `PRPA_IN201304UV02`); ids that cannot be used are left out.

    `subsumed` are the ids that are no longer to be used, in a merge. `faults` are all that reading found.
    """

    name: str
    event: FeedEvent
    patients: tuple[Cx, ...]
    subsumed: tuple[Cx, ...] = ()
    faults: tuple[FeedFault, ...] = ()


class FeedRefused(Exception):
    """The message is refused: every fault found, never empty. Nothing of it was done."""

    def __init__(self, faults: Iterable[FeedFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(", ".join(fault.kind for fault in self.faults))


def read_id(identifier: str, authority: str) -> Cx:
    """An id and the OID of its authority. Raises ValueError: with the reason, without the value."""
    identifier = identifier.strip()
    if not identifier:
        raise ValueError("the id is empty")
    if not identifier.isprintable():
        raise ValueError("the id has a control character")
    try:
        cx = Cx(identifier=identifier, authority=parse_oid(authority.strip()))
    except ValueError as error:
        raise ValueError(f"the authority of the id is {error}") from error
    if len(cx.format()) > LONGEST_ID:
        raise ValueError(f"the id and its authority have more than {LONGEST_ID} characters")
    return cx


def usable_ids(candidates: Iterable[tuple[str, str]], place: str) -> tuple[tuple[Cx, ...], tuple[FeedFault, ...]]:
    """The ids of a message that can be used, each once; the reasons why not, when none can.

    An id without the OID of its authority says nothing here, and is left out when there is another.
    """
    found: dict[Cx, None] = {}
    faults = []
    for identifier, authority in candidates:
        try:
            found[read_id(identifier, authority)] = None
        except ValueError as error:
            faults.append(FeedFault(kind=FaultKind.DATA_TYPE, place=place, text=str(error)))
    if not found and not faults:
        faults.append(
            FeedFault(kind=FaultKind.MISSING, place=place, text="no patient id, with the OID of its authority")
        )
    return tuple(found), () if found else tuple(faults)
