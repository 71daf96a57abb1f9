"""What a patient said to a structure about the DMP, sent by PAM-FR (ADT with ZFA; PAM-FR 2.11)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xds.hl7v2.header import Header
from xds.hl7v2.patient import Patient, PatientId, Visit


class Feeding(StrEnum):
    """ZFA-9: opposition to feeding."""

    NO_OPPOSITION = "INO"
    OPPOSITION = "IO"
    UNKNOWN = "NA"


class Consultation(StrEnum):
    """ZFA-11: consent to consultation."""

    CONSENT = "IC"
    REFUSAL = "INC"
    UNKNOWN = "NA"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentMessage:
    """An ADT that carries ZFA. Times are as sent, empty when not collected.

    `structure` is MSH-4, `movement` ZBE-1. `record_status` is ZFA-1 (`ACTIF`…); `ins_obtained` is ZFD-5, how the INS
    was obtained, `INSI` from the national service. What is told holds for the INS, else for the IPP, in that structure.
    """

    header: Header
    patient: Patient
    visit: Visit
    structure: str
    movement: PatientId | None
    record_status: str
    record_status_date: str
    feeding: Feeding
    feeding_date: str
    consultation: Consultation
    consultation_date: str
    ins_obtained: str = ""
    ins_obtained_date: str = ""
