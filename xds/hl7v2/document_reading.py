"""ORU and MDM as read, and the metadata OBX (CI-SIS, CDA documents in HL7 v2, 2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xds.hl7v2.document_message import (
    CarriedDocument,
    DocumentMessage,
    Flow,
    Instructions,
    Participation,
    Role,
)
from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken
from xds.hl7v2.header import Header
from xds.hl7v2.identity_reading import read_authority, read_patient, read_visit
from xds.hl7v2.payloads import Payload, decode_payload
from xds.hl7v2.segments import Repetition, Segment, first
from xds.metadata.codes import Code
from xds.metadata.persons import Xcn, Xon

METADATA = "MetaDMPMSS"
CODING_SYSTEMS = {"LN": "2.16.840.1.113883.6.1", "TRE_A05": "1.2.250.1.213.1.1.4.12"}
"""Names of coding systems (HL7 table 0396, NOS) to the OIDs that XDS uses."""
_FLOWS = {"NW": Flow.INITIAL, "RO": Flow.REPLACE, "CA": Flow.DELETE}
_TRIGGERS = {"T02": Flow.INITIAL, "T10": Flow.REPLACE, "T04": Flow.DELETE}
_X400 = "X.400"
_ADDRESS_FIELDS = (15, 14)


@dataclass(frozen=True, slots=True)
class Observations:
    """The OBX of a message, told apart once: those that carry documents, those of table MetaDMPMSS; both in order."""

    documents: tuple[Segment, ...]
    metadata: tuple[Segment, ...]


def read_document_message(
    header: Header, segments: Sequence[Segment], observations: Observations, data: bytes, payloads: Sequence[Payload]
) -> tuple[DocumentMessage, list[Fault]]:
    """What an ORU or MDM says; faults are those of its base64. `observations` are those of its segments."""
    faults: list[Fault] = []
    contents: dict[int, bytes] = {}
    bodies = {one.number for one in observations.metadata}
    for payload in payloads:
        contents[payload.observation], found = decode_payload(data, payload)
        faults += [_tolerated(fault) for fault in found] if payload.observation in bodies else found
    documents = tuple(
        CarriedDocument(
            content=contents[obx.number], type=read_type(obx, 3), status=obx.text(11), observation=obx.number
        )
        for obx in observations.documents
        if obx.number in contents
    )
    participations = tuple(_participations(segments))
    txa = first(segments, "TXA")
    obr = first(segments, "OBR")
    message = DocumentMessage(
        header=header,
        flow=_flow(header, segments, observations.documents),
        patient=read_patient(first(segments, "PID")),
        visit=read_visit(first(segments, "PV1")),
        type=read_type(obr, 4) if obr is not None else None,
        documents=documents,
        instructions=_instructions(segments, observations.metadata, contents),
        document_id=read_document_id(txa, 12),
        parent_id=read_document_id(txa, 13),
        sender=next((one for one in participations if one.role is Role.SENDER), None),
        recipients=tuple(one for one in participations if one.role is Role.RECIPIENT),
        reply_to=next((one.address for one in participations if one.role is Role.REPLY), None),
    )
    return message, faults


def observations_of(segments: Sequence[Segment]) -> Observations:
    """The OBX that carry documents are of type ED, and not of the table of metadata."""
    documents: list[Segment] = []
    metadata: list[Segment] = []
    for one in segments:
        if one.name != "OBX":
            continue
        if one.text(3, 3) == METADATA:
            metadata.append(one)
        elif one.text(2) == "ED":
            documents.append(one)
    return Observations(tuple(documents), tuple(metadata))


def document_observations(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The OBX that carry documents."""
    return observations_of(segments).documents


def metadata_observations(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The OBX of table MetaDMPMSS, in order."""
    return observations_of(segments).metadata


def read_type(segment: Segment, number: int) -> Code | None:
    """A type of document, CE or CWE; its scheme is an OID where the coding system is known."""
    code, display, system = (segment.text(number, component) for component in (1, 2, 3))
    return Code(code, CODING_SYSTEMS.get(system, system), display) if code else None


def read_document_id(txa: Segment | None, number: int) -> str | None:
    """An EI of a document: an OID in component 1 alone, or an extension there and its root in component 3."""
    if txa is None or not txa.text(number):
        return None
    value = txa.repetitions(number)[0]
    authority = value.text(3)
    return f"{authority}^{value.text(1)}" if authority else value.text(1)


def _tolerated(fault: Fault) -> Fault:
    """A body of mail that is not base64 is left out, and the usual body stands in: official samples have such."""
    return broken("H-42", fault.location) if fault.rule == "H-02" else fault


def _flow(header: Header, segments: Sequence[Segment], documents: Sequence[Segment]) -> Flow:
    said = documents[0].text(11) if documents else ""
    if said in tuple(Flow):
        return Flow(said)
    orc = first(segments, "ORC")
    ordered = _FLOWS.get(orc.text(1)) if orc is not None else None
    return ordered or _TRIGGERS.get(header.trigger, Flow.INITIAL)


def _participations(segments: Sequence[Segment]) -> Iterable[Participation]:
    for prt in segments:
        if prt.name != "PRT" or prt.text(4) not in tuple(Role):
            continue
        persons, organizations = prt.repetitions(5), prt.repetitions(8)
        yield Participation(
            role=Role(prt.text(4)),
            number=prt.number,
            person=_person(persons[0]) if persons else None,
            organization=_organization(organizations[0]) if organizations else None,
            device=prt.text(10) or None,
            address=_address(prt),
        )


def _person(xcn: Repetition) -> Xcn:
    return Xcn(
        identifier=xcn.text(1),
        family=xcn.text(2),
        given=xcn.text(3),
        authority=read_authority(xcn, 9)[0],
        name_type=xcn.text(10),
        id_type=xcn.text(13),
    )


def _organization(xon: Repetition) -> Xon:
    return Xon(name=xon.text(1), identifier=xon.text(10), authority=read_authority(xon, 6)[0], id_type=xon.text(7))


def _address(prt: Segment) -> str | None:
    """The MSSanté address: the number of fields before it differs between senders."""
    telecoms = [one for number in _ADDRESS_FIELDS for one in prt.repetitions(number)]
    return next((one.text(4) or None for one in telecoms if one.text(3) == _X400), None)


def _instructions(segments: Sequence[Segment], metadata: Sequence[Segment], contents: dict[int, bytes]) -> Instructions:
    said = {one.text(3): one for one in metadata}

    def flag(name: str) -> bool:
        return name in said and said[name].text(5) == "Y"

    def body(name: str) -> str | None:
        content = contents.get(said[name].number) if name in said else None
        return content.decode("utf-8", "replace") if content else None

    return Instructions(
        masque_ps=flag("MASQUE_PS"),
        invisible_patient=flag("INVISIBLE_PATIENT"),
        invisible_rep_legaux=flag("INVISIBLE_REP_LEGAUX"),
        connexion_secrete=flag("CONNEXION_SECRETE"),
        modif_conf_code=flag("MODIF_CONF_CODE"),
        destdmp=flag("DESTDMP"),
        destmssanteps=flag("DESTMSSANTEPS"),
        destmssantepat=flag("DESTMSSANTEPAT"),
        ack_reception=flag("ACK_RECEPTION"),
        ack_lecture_mss=flag("ACK_LECTURE_MSS"),
        corpsmail_ps=body("CORPSMAIL_PS"),
        corpsmail_patient=body("CORPSMAIL_PATIENT"),
        fin=_says_fin(segments),
    )


def _says_fin(segments: Sequence[Segment]) -> bool:
    """Whether the NTE after DESTMSSANTEPAT says FIN."""
    after = False
    if not any(one.name == "NTE" for one in segments):
        return False
    for one in segments:
        if one.name == "OBX":
            after = one.text(3) == "DESTMSSANTEPAT" and one.text(3, 3) == METADATA
        elif one.name == "NTE" and after and one.text(4) == "FIN":
            return True
    return False
