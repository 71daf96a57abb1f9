"""Who answers for results, for which structure, and who asked for them (OBR-32, OBX-16, OBX-23, OBR-16, PRT SB)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from cda.header_values import InstanceId, Organization, Participant, PersonName
from conformance.laboratory.remarks import Remarks
from security.identifiers import is_person, is_professional, is_structure
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.identity_reading import read_authority
from xds.hl7v2.national_ids import PERSONS, STRUCTURES, person_id, structure_id
from xds.hl7v2.segments import Repetition, Segment, first
from xds.metadata.codes import Code
from xds.metadata.persons import Xcn, Xon

_PROFESSIONS = "1.2.250.1.213.1.1.4.5"
_RPPS = 11


def read_organization(message: DocumentMessage, segments: Sequence[Segment], remarks: Remarks) -> Organization | None:
    """The laboratory: OBX-23, else the structure of the PRT SB. None, an error: neither has a national id."""
    told = (_xon(one) for obx in segments if obx.name == "OBX" for one in obx.repetitions(23)[:1])
    sender = message.sender.organization if message.sender is not None else None
    for one in filter(None, (next(told, None), sender)):
        if is_structure(structure_id(one)):
            if not one.name:
                remarks.tell("RES-LABORATORY-NAME", "OBX^1^23")
            return Organization(id=InstanceId(STRUCTURES, structure_id(one)), name=one.name or structure_id(one))
    remarks.tell("RES-LABORATORY", "OBX^1^23")
    return None


def read_biologist(
    message: DocumentMessage, segments: Sequence[Segment], organization: Organization | None, remarks: Remarks
) -> Participant | None:
    """Who answers for the results: OBR-32, else OBX-16, else the PRT SB. None, an error: nobody with id and name."""
    structure = (organization.id.extension or "") if organization is not None and organization.id is not None else ""
    for person in _candidates(message, segments):
        identifier = person_id(person, structure) if person.identifier else ""
        if is_person(identifier) and person.family:
            profession = _profession(person.degree)
            if profession is None:
                remarks.tell("RES-PROFESSION", "OBR^1^32")
            return Participant(
                id=InstanceId(PERSONS, identifier),
                name=PersonName(family=person.family, given=person.given or None),
                code=profession,
                organization=organization,
            )
    remarks.tell("RES-BIOLOGIST", "OBR^1^32")
    return None


def read_prescriber(segments: Sequence[Segment], remarks: Remarks) -> Participant | None:
    """Who asked for the examinations (OBR-16, ORC-12). None: nobody who has a name."""
    for name, number in (("OBR", 16), ("ORC", 12)):
        segment = first(segments, name)
        told = segment.repetitions(number) if segment is not None else ()
        if segment is None or not told:
            continue
        person = _xcn(told[0])
        if not person.family:
            remarks.tell("RES-PRESCRIBER", segment.location(number))
            continue
        identifier = person_id(person, "") if person.identifier else ""
        national = is_professional(identifier)
        if not national:
            remarks.tell("RES-PRESCRIBER-ID", segment.location(number))
        return Participant(
            id=InstanceId(PERSONS, identifier) if national else None,
            name=PersonName(family=person.family, given=person.given or None),
            code=_profession(person.degree),
        )
    return None


def with_setting(one: Participant, setting: Code) -> Participant:
    """The same, at an organisation of that frame of practice."""
    return replace(one, organization=replace(one.organization or Organization(), practice_setting=setting))


def _candidates(message: DocumentMessage, segments: Sequence[Segment]) -> Iterable[Xcn]:
    yield from (_ndl(one) for obr in segments if obr.name == "OBR" for one in obr.repetitions(32))
    yield from (_xcn(one) for obx in segments if obx.name == "OBX" for one in obx.repetitions(16))
    if message.sender is not None and message.sender.person is not None:
        yield message.sender.person


def _xcn(value: Repetition) -> Xcn:
    register = value.text(13)
    return Xcn(
        identifier=value.text(1),
        family=value.text(2),
        given=value.text(3),
        degree=value.text(7),
        id_type=register or _register_of(value.text(1)),
    )


def _ndl(value: Repetition) -> Xcn:
    """A name with date and location (NDL): the person is its first component, in subcomponents (CNN)."""
    number, family, given, degree = (value.text(1, at) for at in (1, 2, 3, 7))
    return Xcn(identifier=number, family=family, given=given, degree=degree, id_type=_register_of(number))


def _register_of(number: str) -> str:
    """Eleven digits of no register that is named are an RPPS: nothing else in an id of a professional has so many."""
    return "RPPS" if number.isdigit() and len(number) == _RPPS else ""


def _xon(value: Repetition) -> Xon:
    return Xon(
        name=value.text(1), identifier=value.text(10), authority=read_authority(value, 6)[0], id_type=value.text(7)
    )


def _profession(code: str) -> Code | None:
    """A profession of JDV_J01 in the place of the degree."""
    display = _professions().get(code)
    return Code(code, _PROFESSIONS, display) if display is not None else None


@cache
def _professions() -> dict[str, str]:
    text = files("profiles.value_sets").joinpath("JDV_J01_XdsAuthorSpecialty_CISIS.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["code"]: row["displayName"] for row in rows if row["codeSystem"] == _PROFESSIONS}
