"""What an ADT must say of consents (PAM-FR 2.11)."""

from __future__ import annotations

from collections.abc import Iterable

from xds.hl7v2.consent_message import ConsentMessage, Consultation, Feeding
from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken


def check_consent(message: ConsentMessage) -> Iterable[Fault]:
    """H-51, H-52."""
    for number, said, date in (
        (10, message.feeding is not Feeding.UNKNOWN, message.feeding_date),
        (12, message.consultation is not Consultation.UNKNOWN, message.consultation_date),
    ):
        if said is not bool(date):
            yield broken("H-51", f"ZFA^1^{number}")
    if message.patient.ins is None and message.patient.ipp is None:
        yield broken("H-52", "PID^1^3")
