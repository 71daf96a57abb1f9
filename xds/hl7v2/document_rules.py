"""What a message with documents must say of them, of the patient and of the stay (CI-SIS HL7 v2 2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from profiles.codes import load_domain
from profiles.hl7v2.tables import content_types, flows
from xds.hl7v2.document_message import DocumentMessage, Flow, Role
from xds.hl7v2.document_reading import METADATA, Observations, read_type
from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken
from xds.hl7v2.segments import Segment, first
from xds.metadata.codes import Code
from xds.metadata.identifiers import parse_oid

_FORM = ("TEXT", "XML", "BASE64")
_VISITED = frozenset("EIOR")
_MOST = {"MDM": 1, "ORU": 2}


def check_documents(
    message: DocumentMessage, segments: Sequence[Segment], observations: Observations
) -> Iterable[Fault]:
    """Everything wrong with the documents, their ids and types, the stay, and who takes part."""
    documents = observations.documents
    yield from _check_flow(message, segments, documents)
    for one in segments:
        if one.name == "OBX" and one.text(2) == "RP":
            yield broken("H-08", one.location(2), found="RP")
    if not 0 < len(documents) <= _MOST[message.header.message_code]:
        yield broken("H-05", f"OBX^{len(documents) or 1}", found=str(len(documents)))
    for obx in documents:
        said = tuple(obx.text(5, component).upper() for component in (2, 3, 4))
        if said != _FORM:
            yield broken("H-06", obx.location(5, 1, 2), found="^".join(said), expected="^".join(_FORM))
    yield from _check_types(message, segments, documents)
    yield from _check_participations(segments)
    if message.header.message_code == "MDM":
        yield from _check_txa(message, first(segments, "TXA"))
    if message.visit.patient_class in _VISITED and message.visit.number is None:
        yield broken("H-29", "PV1^1^19")
    if message.instructions.destdmp:
        yield from check_for_dmp(message)


def _check_flow(
    message: DocumentMessage, segments: Sequence[Segment], observations: Sequence[Segment]
) -> Iterable[Fault]:
    """H-01: every place that tells the flow tells the same."""
    expected = next(row for row in flows() if row.obx_11 == message.flow)
    mdm = message.header.message_code == "MDM"
    told = [(one.location(11), one.text(11), expected.obx_11) for one in observations]
    told += [(one.location(1), one.text(1), expected.orc_1) for one in segments if one.name == "ORC"]
    told += [("MSH^1^9", message.header.trigger, expected.trigger)] if mdm else []
    for location, found, wanted in told:
        if found and found != wanted:
            yield broken("H-01", location, found=found, expected=wanted)


def _check_types(
    message: DocumentMessage, segments: Sequence[Segment], observations: Sequence[Segment]
) -> Iterable[Fault]:
    """H-07: one type in all places."""
    wanted = message.type
    if wanted is None:
        return
    for segment, number in ((one, 4) for one in segments if one.name == "OBR"):
        yield from _same_type(read_type(segment, number), wanted, segment.location(number))
    for obx in observations:
        yield from _same_type(read_type(obx, 3), wanted, obx.location(3))
    txa = first(segments, "TXA")
    if txa is not None and txa.text(2) not in ("", wanted.code):
        yield broken("H-07", txa.location(2), found=txa.text(2), expected=wanted.code)


def _same_type(found: Code | None, wanted: Code, location: str) -> Iterable[Fault]:
    if found is None or not found.same_concept(wanted):
        yield broken("H-07", location, found=found.code if found else None, expected=wanted.code)


def _check_participations(segments: Sequence[Segment]) -> Iterable[Fault]:
    """H-09, H-41: PRT stand after a document, and say who they are."""
    after_document = False
    for one in segments:
        if one.name == "OBX":
            after_document = one.text(2) == "ED" and one.text(3, 3) != METADATA
        elif one.name == "PRT":
            if not after_document:
                yield broken("H-09", f"PRT^{one.number}")
            if one.text(2) != "UC":
                yield broken("H-41", one.location(2), expected="UC")
            if one.text(4) not in tuple(Role):
                yield broken("H-41", one.location(4), expected=", ".join(Role))


def _check_txa(message: DocumentMessage, txa: Segment | None) -> Iterable[Fault]:
    if txa is None:
        return
    for number, wanted in ((1, "1"), (3, "TEXT"), (17, "AU")):
        # What is empty and required, HL7 itself asks for.
        if txa.text(number) not in (("", wanted) if number != 3 else (wanted,)):
            yield broken("H-31", txa.location(number), found=txa.text(number), expected=wanted)
    if message.flow is Flow.REPLACE and message.parent_id in (None, message.document_id):
        yield broken("H-32", txa.location(13))


def check_for_dmp(message: DocumentMessage) -> Iterable[Fault]:
    """What a message for the DMP says besides: H-10, as far as the message itself tells; H-30."""
    patient = message.patient
    if patient.ins is None:
        yield broken("H-10-INS", "PID^1^3")
    if patient.ins is not None and patient.identity_status != "VALI":
        yield broken("H-10-QUALIFIED", "PID^1^32", expected="VALI")
    name = patient.birth_name
    traits = (
        ("PID^1^5", name is not None and name.given and name.all_given),
        ("PID^1^7", patient.birth_date),
        ("PID^1^8", patient.sex),
        ("PID^1^11", patient.birth_place),
    )
    for location, told in traits:
        if not told:
            yield broken("H-10-TRAITS", location)
    if message.type is not None and not load_domain().allows("typeCode", message.type.code, message.type.scheme):
        yield broken("H-10-TYPE", "OBR^1^4", found=message.type.code)
    for location, identifier in (("TXA^1^12", message.document_id), ("TXA^1^13", message.parent_id)):
        if identifier is not None and not is_oid(identifier):
            yield broken("H-10-ID", location)
    yield from _check_sender(message)
    if message.visit.patient_class and message.visit.patient_class not in content_types():
        yield broken("H-30", "PV1^1^2", found=message.visit.patient_class)


def _check_sender(message: DocumentMessage) -> Iterable[Fault]:
    sender = message.sender
    if sender is None:
        yield broken("H-10-SENDER", "PRT^1", expected="PRT-4 SB")
        return
    person, organization = sender.person, sender.organization
    if sender.device is None and (person is None or not person.identifier or not person.family):
        yield broken("H-10-SENDER", f"PRT^{sender.number}^5")
    if organization is None or not organization.identifier or not organization.name:
        yield broken("H-10-SENDER", f"PRT^{sender.number}^8")


def is_oid(identifier: str) -> bool:
    """Whether an id of a document is an OID, without extension."""
    try:
        parse_oid(identifier)
    except ValueError:
        return False
    return True
