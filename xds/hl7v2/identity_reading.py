"""PID, PV1 and identifiers as read: lenient in what names an authority, since senders spell it in many ways."""

from __future__ import annotations

import re
from collections.abc import Iterable

from xds.hl7v2.patient import Patient, PatientId, PatientName, Visit
from xds.hl7v2.segments import Repetition, Segment

_OID = re.compile(r"[0-2](?:\.\d+)+", re.ASCII)
_BIRTH_PLACE = "BDL"


def read_id(cx: Repetition) -> PatientId:
    """A CX."""
    authority, namespace = read_authority(cx, 4)
    return PatientId(value=cx.text(1), authority=authority, namespace=namespace, type=cx.text(5), since=cx.text(7))


def read_authority(value: Repetition, component: int) -> tuple[str, str]:
    """OID and local name of an authority (HD): `name&OID&ISO`, or an OID alone, with or without ampersands."""
    name, oid = value.text(component, 1), value.text(component, 2)
    if _OID.fullmatch(oid):
        return oid, name
    return (name, "") if _OID.fullmatch(name) else ("", name)


def read_patient(pid: Segment | None) -> Patient:
    """PID; an empty patient without one."""
    if pid is None:
        return Patient()
    folders = pid.repetitions(18)
    return Patient(
        ids=tuple(one for one in map(read_id, pid.repetitions(3)) if one.value),
        names=tuple(_names(pid.repetitions(5))),
        birth_date=pid.text(7),
        sex=pid.text(8),
        birth_place=next((one.text(9) for one in pid.repetitions(11) if one.text(7) == _BIRTH_PLACE), ""),
        folder=read_id(folders[0]) if folders else None,
        identity_status=pid.text(32),
    )


def read_visit(pv1: Segment | None) -> Visit:
    """PV1; an empty visit without one."""
    if pv1 is None:
        return Visit()
    numbers = pv1.repetitions(19)
    return Visit(
        patient_class=pv1.text(2),
        unit=pv1.text(3),
        number=read_id(numbers[0]) if numbers else None,
        admitted=pv1.text(44),
        discharged=pv1.text(45),
    )


def _names(repetitions: Iterable[Repetition]) -> Iterable[PatientName]:
    for one in repetitions:
        if one.text(1):
            yield PatientName(family=one.text(1), given=one.text(2), all_given=one.text(3), type=one.text(7))
