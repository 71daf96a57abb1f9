"""Results without a document become one, with all that was missing in them told (CI-SIS CR-BIO 2024.01)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cda.header_values import Participant, Patient
from cda.laboratory.report import Battery, LaboratoryReport
from cda.laboratory.writing import write_report
from cda.times import to_utc
from conformance.laboratory.batteries import Group, groups_of, order_id, read_battery
from conformance.laboratory.coding import FINAL
from conformance.laboratory.patients import read_patient
from conformance.laboratory.people import read_biologist, read_organization, read_prescriber, with_setting
from conformance.laboratory.remarks import Remark, Remarks
from conformance.laboratory.times import Clock
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.document_reading import document_observations
from xds.hl7v2.segments import Segment
from xds.metadata.codes import Code

MOST_SEGMENTS: Final = 1_500
"""Segments of results that become a document: writing and judging one costs a millisecond or two a result."""
_ACT = "2.16.840.1.113883.5.4"
_FRAMES = "1.2.250.1.213.1.1.4.9"
_FACILITY: Final = Code("SA25", "1.2.250.1.71.4.2.4", "Laboratoire de biologie médicale")
_AMBULATORY: Final = Code("AMB", _ACT, "Ambulatoire (hors établissement)")
_ENCOUNTERS: Final = {
    "I": Code("IMP", _ACT, "Hospitalisation (établissement, y compris HAD)"),
    "E": Code("EMER", _ACT, "Passage aux urgences (établissement)"),
}
_OF_A_REPORT: Final = frozenset(("", "NW", "RE", "SC", "OK", "SN", "NA"))
"""ORC-1 of results that are told for the first time; others change, replace or take back."""


@dataclass(frozen=True, slots=True)
class Made:
    """What became of results. `content` is None when something is missing that nobody may invent."""

    remarks: tuple[Remark, ...]
    content: bytes | None = field(default=None, repr=False)
    author: Participant | None = None


def is_plain(message: DocumentMessage, segments: Sequence[Segment]) -> bool:
    """Whether a message is an ORU of results without a document."""
    return message.header.message_code == "ORU" and not document_observations(segments)


def make_document(message: DocumentMessage, segments: Sequence[Segment], data: bytes) -> Made:
    """The document that the results of a message make: the same for the same bytes. Never raises on what was sent."""
    remarks = Remarks()
    if len(segments) > MOST_SEGMENTS:
        remarks.tell("RES-SEGMENTS", "MSH^1")
        return Made(remarks.all)
    clock = Clock.of(message.header.time, remarks)
    _check_first(segments, remarks)
    patient = read_patient(message.patient, remarks)
    organization = read_organization(message, segments, remarks)
    biologist = read_biologist(message, segments, organization, remarks)
    groups = groups_of(segments, remarks)
    batteries = tuple(filter(None, (read_battery(group, clock, remarks) for group in groups)))
    if not any(group.observations for group in groups):
        remarks.tell("RES-NONE", "OBX^1^5")
    released = _released(message.header.time, segments, clock, remarks)
    if biologist is None or released is None or not batteries or remarks.has_errors:
        return Made(remarks.all)
    report = _report(message, data, segments, patient, biologist, batteries, groups, released, clock, remarks)
    return Made(remarks.all, None if remarks.has_errors else write_report(report), biologist)


def _check_first(segments: Sequence[Segment], remarks: Remarks) -> None:
    """Results that replace others would need the document that those made, which the message does not name."""
    for one in segments:
        if one.name == "ORC" and one.text(1) not in _OF_A_REPORT:
            remarks.tell("RES-ORDER", one.location(1))
        if one.name == "OBR" and one.text(25) == "C":
            remarks.tell("RES-CORRECTED", one.location(25))


def _released(sent: str, segments: Sequence[Segment], clock: Clock, remarks: Remarks) -> str | None:
    """When the report was released: the last OBR-22, else MSH-7."""
    told = [clock.to_the_second(one.text(22), one.location(22)) for one in segments if one.name == "OBR"]
    known = [time for time in told if time]
    if known:
        return max(known, key=lambda time: to_utc(time) or "")
    remarks.tell("RES-REPORT-TIME", "OBR^1^22")
    time = clock.to_the_second(sent, "MSH^1^7")
    if time is None:
        remarks.tell("RES-MESSAGE-TIME", "MSH^1^7")
    return time


def _report(
    message: DocumentMessage,
    data: bytes,
    segments: Sequence[Segment],
    patient: Patient,
    biologist: Participant,
    batteries: tuple[Battery, ...],
    groups: Sequence[Group],
    released: str,
    clock: Clock,
    remarks: Remarks,
) -> LaboratoryReport:
    visit, obr = message.visit, groups[0].obr
    in_hospital = visit.patient_class in _ENCOUNTERS
    frame = ("ETABLISSEMENT", "Etablissement de santé") if in_hospital else ("AMBULATOIRE", "Ambulatoire")
    remarks.tell("RES-FRAME", "PV1^1^2", instead=frame[0])
    remarks.tell("RES-FACILITY", "OBX^1^23", instead=_FACILITY.code)
    remarks.tell("RES-CONFIDENTIALITY", "OBR^1^4", instead="N")
    if not in_hospital:
        remarks.tell("RES-ENCOUNTER", "PV1^1^2", instead=_AMBULATORY.code)
    collected = clock.read(obr.text(7), obr.location(7))
    received = clock.read(obr.text(14), obr.location(14)) or collected
    if received is None:
        remarks.tell("RES-RECEIVED", obr.location(14))
    start = clock.read(visit.admitted, "PV1^1^44") or collected
    if start is None:
        remarks.tell("RES-ADMITTED", "PV1^1^44")
    complete = all(group.obr.text(25) in ("", "F", "X") for group in groups) and _is_final(groups)
    return LaboratoryReport(
        unique_id=f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, '^'.join(message.header.key(data))).int}",
        effective_time=released,
        patient=patient,
        biologist=with_setting(biologist, Code(frame[0], _FRAMES, frame[1])),
        batteries=batteries,
        received=received or released,
        encounter=_ENCOUNTERS.get(visit.patient_class, _AMBULATORY),
        encounter_start=start or released,
        encounter_end=clock.read(visit.discharged, "PV1^1^45"),
        facility=_FACILITY,
        status="completed" if complete else "active",
        prescriber=read_prescriber(segments, remarks),
        prescribed=clock.read(obr.text(6), obr.location(6)),
        order=order_id(obr, 2, remarks),
        request=order_id(obr, 3, remarks),
    )


def _is_final(groups: Sequence[Group]) -> bool:
    return all(obx.text(11) in FINAL | {"C"} for group in groups for obx, _ in group.observations)
