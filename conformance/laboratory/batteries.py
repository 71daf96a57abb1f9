"""OBR groups as batteries of results: OBX with what was remarked on them, specimens, comments (HL7 v2.5 §7.3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from cda.header_values import InstanceId
from cda.laboratory.report import Battery, Result, Specimen, Status
from conformance.laboratory.coding import (
    CHAPTERS,
    FLAGS,
    GENERAL,
    SPECIMENS,
    STATUSES,
    label_of,
    loinc_of,
)
from conformance.laboratory.remarks import Remarks
from conformance.laboratory.times import Clock
from conformance.laboratory.values import read_range, read_value
from xds.hl7v2.document_reading import METADATA
from xds.hl7v2.document_rules import is_oid
from xds.hl7v2.identity_reading import read_authority
from xds.hl7v2.segments import Repetition, Segment
from xds.metadata.codes import Code


@dataclass(frozen=True, slots=True)
class Group:
    """An OBR with what follows it. Comments stand behind the OBX they are of, those of the OBR before all OBX."""

    obr: Segment
    observations: list[tuple[Segment, list[Segment]]] = field(default_factory=list)
    comments: list[Segment] = field(default_factory=list)
    specimens: list[Segment] = field(default_factory=list)


def groups_of(segments: Sequence[Segment], remarks: Remarks) -> list[Group]:
    """The groups of a message, in order; metadata OBX are no results."""
    groups: list[Group] = []
    target: list[Segment] | None = None
    for one in segments:
        if one.name == "OBR":
            groups.append(Group(one))
            target = groups[-1].comments
        elif one.name == "OBX" and groups:
            target = None
            if one.text(3, 3) != METADATA:
                target = []
                groups[-1].observations.append((one, target))
        elif one.name == "SPM" and groups:
            groups[-1].specimens.append(one)
            target = None
        elif one.name == "NTE":
            if target is None:
                remarks.tell("RES-COMMENT", one.location(3))
            else:
                target.append(one)
    return groups


def read_battery(group: Group, clock: Clock, remarks: Remarks) -> Battery | None:
    """One battery. None: it has no result."""
    obr = group.obr
    results = tuple(_results(group, clock, remarks))
    if not results:
        remarks.tell("RES-EXAMINATION", obr.location(4))
        return None
    named = obr.repetitions(4)
    chapter = CHAPTERS.get(obr.text(24))
    if chapter is None:
        chapter = GENERAL
        remarks.tell("RES-CHAPTER", obr.location(24), instead=GENERAL.code)
    code = loinc_of(named[0]) if named else None
    if code is None:
        remarks.tell("RES-EXAMINATION-CODE", obr.location(4))
    return Battery(
        chapter=chapter,
        code=code,
        label=(label_of(named[0]) if named else "") or chapter.display,
        results=results,
        status=_status(results),
        specimens=tuple(_specimens(group, clock, remarks)),
        comments=tuple(_comments(group.comments, remarks)),
    )


def _status(results: Iterable[Result]) -> Status:
    found = {one.status for one in results}
    if "active" in found:
        return "active"
    return "aborted" if found == {"aborted"} else "completed"


def _results(group: Group, clock: Clock, remarks: Remarks) -> Iterable[Result]:
    ordered = clock.read(group.obr.text(7), group.obr.location(7))
    for obx, comments in group.observations:
        status = STATUSES.get(obx.text(11))
        if status is None:
            remarks.tell("RES-STATUS", obx.location(11))
            continue
        before = remarks.errors
        result = _result(obx, clock, remarks)
        if result.value is None and status[1] == "" and remarks.errors == before:
            remarks.tell("RES-EMPTY", obx.location(5))
        time = clock.read(obx.text(14), obx.location(14))
        if time is None and ordered is not None:
            remarks.tell("RES-RESULT-TIME", obx.location(14))
        yield replace(
            result,
            status=status[0],
            note=status[1],
            shown=result.shown or ("Non renseigné" if not status[1] else ""),
            time=time or ordered,
            comments=tuple(_comments(comments, remarks)),
        )


def _result(obx: Segment, clock: Clock, remarks: Remarks) -> Result:
    named = obx.repetitions(3)
    code = loinc_of(named[0]) if named else None
    if code is None:
        remarks.tell("RES-RESULT-CODE", obx.location(3))
    label = label_of(named[0]) if named else ""
    if obx.text(4):
        label = f"{label} [{obx.text(4)}]"
        remarks.tell("RES-SUB-ID", obx.location(4))
    found = read_value(obx, clock, remarks)
    usual = "\n".join(one.delimiters.unescape(one.raw).strip() for one in obx.repetitions(7))
    return Result(
        code=code,
        label=label,
        shown=found.shown,
        value=found.value,
        flags=tuple(dict.fromkeys(_flags(obx, remarks))),
        reference=read_range(usual, found.unit),
        reference_shown=usual,
        method="\n".join(filter(None, map(label_of, obx.repetitions(17)))),
    )


def _flags(obx: Segment, remarks: Remarks) -> Iterable[Code]:
    for one in obx.repetitions(8):
        flag = FLAGS.get(one.text())
        if flag is not None:
            yield flag
        elif one.text() != "null":
            remarks.tell("RES-FLAG", obx.location(8))


def _comments(segments: Iterable[Segment], remarks: Remarks) -> Iterable[str]:
    for nte in segments:
        text = "\n".join(one.delimiters.unescape(one.raw).strip() for one in nte.repetitions(3))
        if text:
            yield text


def _specimens(group: Group, clock: Clock, remarks: Remarks) -> Iterable[Specimen]:
    obr = group.obr
    for spm in group.specimens:
        types = spm.repetitions(4)
        collected = clock.read(spm.text(17), spm.location(17)) or clock.read(obr.text(7), obr.location(7))
        yield Specimen(
            id=_specimen_id(spm, remarks),
            type=_specimen_type(types[0]) if types else None,
            label=label_of(types[0]) if types else "",
            collected=collected,
        )
    if not group.specimens:
        source = obr.repetitions(15)
        if not source:
            remarks.tell("RES-SPECIMEN", obr.location(15))
            return
        label = source[0].text(1, 2) or source[0].text(1, 1)
        yield Specimen(label=label, collected=clock.read(obr.text(7), obr.location(7)))


def _specimen_type(value: Repetition) -> Code | None:
    """A code of table 0487, which SpecimenType of HL7 v3 holds."""
    if value.text(3) == "HL70487" and value.text(1).isalnum():
        return Code(value.text(1), SPECIMENS, value.text(2))
    return None


def _specimen_id(spm: Segment, remarks: Remarks) -> InstanceId | None:
    """SPM-2.1, or SPM-2.2, an EI in subcomponents; one without OID is left out."""
    for one in spm.repetitions(2):
        for component in (2, 1):
            oid = one.text(component, 3)
            if one.text(component, 1) and is_oid(oid):
                return InstanceId(oid, one.text(component, 1))
        remarks.tell("RES-ISSUER", spm.location(2))
    return None


def order_id(segment: Segment, number: int, remarks: Remarks) -> InstanceId | None:
    """An EI of an order: None, and a remark, when its issuer has no OID."""
    told = segment.repetitions(number)
    if not told:
        return None
    authority = told[0].text(3) or read_authority(told[0], 2)[0]
    if told[0].text(1) and is_oid(authority):
        return InstanceId(authority, told[0].text(1))
    remarks.tell("RES-ISSUER", segment.location(number))
    return None
