"""An ORU of results without a document, read with the document that they make; every other message as it is (C-320)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cda.header_values import Participant
from cda.laboratory.header import TYPE
from conformance.laboratory.making import is_plain, make_document
from conformance.laboratory.remarks import Kind, Remark
from xds.hl7v2.document_message import CarriedDocument, DocumentMessage, Flow, Instructions, Participation, Role
from xds.hl7v2.document_reading import metadata_observations
from xds.hl7v2.document_rules import check_for_dmp
from xds.hl7v2.faults import Condition, Fault, Severity
from xds.hl7v2.reading import Reading
from xds.hl7v2.segments import Segment
from xds.metadata.persons import Xcn, Xon

NO_DOCUMENT: Final = "H-05"
_CONDITIONS: Final = {
    "RES-TIME": Condition.DATA_TYPE,
    "RES-TYPE": Condition.DATA_TYPE,
    "RES-NUMBER": Condition.DATA_TYPE,
    "RES-STRUCTURED": Condition.DATA_TYPE,
    "RES-STATUS": Condition.VALUE,
    "RES-REPEATS": Condition.CARDINALITY,
    "RES-SEGMENTS": Condition.CARDINALITY,
    "RES-ORDER": Condition.OTHER,
    "RES-CORRECTED": Condition.OTHER,
}
"""What HL7 calls an error that is not a value that is missing (table 0357)."""


def documented(
    message: DocumentMessage, segments: Sequence[Segment], data: bytes
) -> tuple[DocumentMessage, tuple[Remark, ...]]:
    """The message with the document that its results make, and what was missing in them; any other as it is.

    Results that say nothing of destinations are for the DMP, hidden from nobody.
    """
    if not is_plain(message, segments):
        return message, ()
    made = make_document(message, segments, data)
    if made.content is None or made.author is None:
        return message, made.remarks
    said = metadata_observations(segments)
    document = CarriedDocument(content=made.content, type=TYPE, status=Flow.INITIAL, observation=1)
    complete = replace(
        message,
        flow=Flow.INITIAL,
        type=TYPE,
        documents=(document,),
        sender=message.sender or _sender(made.author),
        instructions=message.instructions if said else Instructions(destdmp=True),
    )
    return complete, made.remarks


def with_results(reading: Reading, data: bytes) -> tuple[Reading, tuple[Remark, ...]]:
    """A reading whose results have become a document, and the remarks on them; any other as it is.

    Its faults are those of the message: that it carries no document is none. Remarks are not among them.
    """
    message = reading.message
    if not isinstance(message, DocumentMessage) or not is_plain(message, reading.segments):
        return reading, ()
    faults = tuple(fault for fault in reading.faults if fault.rule != NO_DOCUMENT)
    complete, remarks = documented(message, reading.segments, data)
    if complete.instructions.destdmp and complete.documents:
        faults += tuple(check_for_dmp(complete))
    return replace(reading, message=complete, faults=faults), remarks


def fault_of(remark: Remark) -> Fault:
    """A remark as the sender is told it (ERR): a warning, but for what nobody may invent."""
    error = remark.kind is Kind.ERROR
    instead = remark.instead("en")
    told = [] if error else [f"{remark.kind}: {instead}" if instead else str(remark.kind)]
    told += [f"{remark.times} times"] if remark.times > 1 else []
    return Fault(
        condition=_CONDITIONS.get(remark.rule, Condition.MISSING) if error else Condition.OTHER,
        location=remark.location,
        text=f"results: {remark.text('en')}" + (f" ({', '.join(told)})" if told else ""),
        rule=remark.rule,
        severity=Severity.ERROR if error else Severity.WARNING,
    )


def _sender(author: Participant) -> Participation:
    """Who answers for results sends them, where no PRT SB says who does."""
    name, organization = author.name, author.organization
    return Participation(
        role=Role.SENDER,
        number=1,
        person=Xcn(
            identifier=(author.id.extension or "") if author.id is not None else "",
            family=(name.family or "") if name is not None else "",
            given=(name.given or "") if name is not None else "",
            id_type="IDNPS",
        ),
        organization=Xon(
            name=(organization.name or "") if organization is not None else "",
            identifier=(organization.id.extension or "") if organization is not None and organization.id else "",
            id_type="IDNST",
        ),
    )
