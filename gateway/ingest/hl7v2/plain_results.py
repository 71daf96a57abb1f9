"""Results that come without a document, at the door: every fault that they have, or that their document has (G-340)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cda.document import UnreadableDocument
from conformance.laboratory.results import fault_of, with_results
from conformance.report import Severity as Grade
from conformance.validate import validate
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.faults import Fault, Severity
from xds.hl7v2.findings import broken
from xds.hl7v2.reading import MOST_FAULTS, Reading


def judged_results(reading: Reading, data: bytes) -> Reading:
    """A reading whose results have become a document, with all that is wrong with either; any other as it is."""
    complete, remarks = with_results(reading, data)
    if complete is reading:
        return reading
    faults = (*complete.faults, *map(fault_of, remarks), *_nonconformities(complete))
    # Errors first: what is cut may hide none.
    found = sorted(faults, key=lambda one: one.severity is not Severity.ERROR)
    return replace(complete, faults=tuple(found[:MOST_FAULTS]))


def _nonconformities(reading: Reading) -> Iterable[Fault]:
    """What our own rules find wrong with a document that was made here: no such document is deposited."""
    for carried in reading.message.documents if isinstance(reading.message, DocumentMessage) else ():
        place = f"OBX^{carried.observation}^5"
        try:
            findings = validate(carried.content).findings
        except UnreadableDocument:
            yield broken("RES-LENGTH", place)
            return
        for finding in findings:
            if finding.severity is Grade.ERROR:
                yield broken("RES-DOCUMENT", place, found=f"{finding.rule} {finding.path}")
