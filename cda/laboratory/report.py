"""A laboratory report as values: what a CR-BIO says, whoever said it and however (CI-SIS CR-BIO 2024.01).

Times are HL7 TS with their offset, or days. Texts are as they were sent: writing them escapes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cda.header_values import InstanceId, Participant, Patient
from xds.metadata.codes import Code

Status = Literal["completed", "active", "aborted"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its UCUM unit; no unit, no dimension."""

    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Numbers between two bounds of one UCUM unit, either of which may be open; `closed`: the bounds belong to it."""

    low: str = ""
    high: str = ""
    unit: str = ""
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Words:
    """A result that is said in words."""

    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A result that is a time."""

    time: str


Value = Quantity | Interval | Code | Words | Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result. `shown` and `reference_shown` are what a reader sees, `note` what he must know of it.

    `code` is of LOINC, None when the laboratory has only its own. `label` names the examination.
    """

    code: Code | None
    label: str
    shown: str
    value: Value | None = None
    status: Status = "completed"
    note: str = ""
    flags: tuple[Code, ...] = ()
    reference: Interval | None = None
    reference_shown: str = ""
    time: str | None = None
    method: str = ""
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """What was examined: `type` is of HL7 SpecimenType, None when only `label` says it."""

    id: InstanceId | None = None
    type: Code | None = None
    label: str = ""
    collected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """Results ordered together. `chapter` is one of biology, `code` the LOINC code of the order, if it has one."""

    chapter: Code
    label: str
    results: tuple[Result, ...]
    code: Code | None = None
    status: Status = "completed"
    specimens: tuple[Specimen, ...] = ()
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratoryReport:
    """A report of examinations. `biologist` answers for it, for his organisation, which keeps it.

    `effective_time` is to the second. `facility` is of JDV_J02, `encounter` of JDV_J142. `order` is the prescription.
    """

    unique_id: str
    effective_time: str
    patient: Patient
    biologist: Participant
    batteries: tuple[Battery, ...]
    received: str
    encounter: Code
    encounter_start: str
    facility: Code
    encounter_end: str | None = None
    status: Status = "completed"
    prescriber: Participant | None = None
    prescribed: str | None = None
    order: InstanceId | None = None
    request: InstanceId | None = None
