"""ADT with ZFA as read (PAM-FR 2.11)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from xds.hl7v2.consent_message import ConsentMessage, Consultation, Feeding
from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken
from xds.hl7v2.header import Header
from xds.hl7v2.identity_reading import read_id, read_patient, read_visit
from xds.hl7v2.segments import Segment, first

_Said = TypeVar("_Said", bound=StrEnum)


def read_consent(header: Header, segments: Sequence[Segment]) -> tuple[ConsentMessage | None, list[Fault]]:
    """What an ADT says of consents; None when it has no ZFA, which is no fault."""
    zfa = first(segments, "ZFA")
    if zfa is None:
        return None, []
    faults: list[Fault] = []
    zbe, zfd = first(segments, "ZBE"), first(segments, "ZFD")
    movements = zbe.repetitions(1) if zbe is not None else ()
    message = ConsentMessage(
        header=header,
        patient=read_patient(first(segments, "PID")),
        visit=read_visit(first(segments, "PV1")),
        structure=header.sender[1],
        movement=read_id(movements[0]) if movements else None,
        record_status=zfa.text(1),
        record_status_date=zfa.text(2),
        feeding=_said(zfa, 9, Feeding, Feeding.UNKNOWN, faults),
        feeding_date=zfa.text(10),
        consultation=_said(zfa, 11, Consultation, Consultation.UNKNOWN, faults),
        consultation_date=zfa.text(12),
        ins_obtained=zfd.text(5) if zfd is not None else "",
        ins_obtained_date=zfd.text(6) if zfd is not None else "",
    )
    return message, faults


def _said(zfa: Segment, number: int, values: type[_Said], default: _Said, faults: list[Fault]) -> _Said:
    """A value of a table; `default` when the field is empty, or holds something else, which is a fault."""
    text = zfa.text(number)
    if not text:
        return default
    try:
        return values(text)
    except ValueError:
        faults.append(broken("H-50", zfa.location(number), expected=", ".join(values)))
        return default
