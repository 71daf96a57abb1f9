"""An ORU of results without a document, read with the document that they make; every other message as it is (G-340)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from cda.document import UnreadableDocument
from cda.header_values import Participant
from cda.laboratory.header import TYPE
from conformance.report import Severity as Grade
from conformance.validate import validate
from gateway.laboratory.making import is_plain, make_document
from gateway.laboratory.remarks import Kind, Remark
from xds.hl7v2.document_message import CarriedDocument, DocumentMessage, Flow, Instructions, Participation, Role
from xds.hl7v2.document_reading import metadata_observations
from xds.hl7v2.document_rules import check_for_dmp
from xds.hl7v2.faults import Condition, Fault, Severity
from xds.hl7v2.reading import MOST_FAULTS, Reading
from xds.hl7v2.segments import Segment
from xds.metadata.persons import Xcn, Xon

NO_DOCUMENT: Final = "H-05"
OF_RESULTS: Final = "results: "
"""How the text of a fault begins that is a remark on results."""


def documented(
    message: DocumentMessage, segments: Sequence[Segment], data: bytes
) -> tuple[DocumentMessage, tuple[Fault, ...]]:
    """The message with the document that its results make, and what was missing in them; any other as it is.

    Results that say nothing of destinations are for the DMP, hidden from nobody.
    """
    if not is_plain(message, segments):
        return message, ()
    made = make_document(message, segments, data)
    faults = tuple(map(_fault, made.remarks))
    if made.content is None or made.author is None:
        return message, faults
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
    return complete, faults


def with_results(reading: Reading, data: bytes) -> Reading:
    """A reading whose results have become a document, with every fault that they have or that the document has."""
    message = reading.message
    if not isinstance(message, DocumentMessage) or not is_plain(message, reading.segments):
        return reading
    others = tuple(fault for fault in reading.faults if fault.rule != NO_DOCUMENT)
    complete, faults = documented(message, reading.segments, data)
    if complete.instructions.destdmp and complete.documents:
        faults += tuple(check_for_dmp(complete))
    # Errors first: what is cut may hide none.
    found = sorted((*others, *faults, *_nonconformities(complete)), key=lambda one: one.severity is not Severity.ERROR)
    return replace(reading, message=complete, faults=tuple(found[:MOST_FAULTS]))


def _nonconformities(message: DocumentMessage) -> Iterable[Fault]:
    """What our own rules find wrong with a document that was made here: no such document is deposited."""
    for carried in message.documents:
        place = f"OBX^{carried.observation}^5"
        try:
            findings = validate(carried.content).findings
        except UnreadableDocument:
            yield Fault(condition=Condition.OTHER, location=place, text="the document made of the results is too large")
            return
        for finding in findings:
            if finding.severity is Grade.ERROR:
                text = f"the document made of the results breaks {finding.rule} at {finding.path}"
                yield Fault(condition=Condition.OTHER, location=place, text=text)


def _fault(remark: Remark) -> Fault:
    error = remark.kind is Kind.ERROR
    told = [f"{remark.kind}: {remark.instead}" if remark.instead else remark.kind] if not error else []
    told += [f"{remark.times} times"] if remark.times > 1 else []
    return Fault(
        condition=Condition.MISSING if error else Condition.OTHER,
        location=remark.location,
        text=OF_RESULTS + remark.text + (f" ({', '.join(told)})" if told else ""),
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
