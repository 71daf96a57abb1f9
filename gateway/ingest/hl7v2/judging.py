"""Everything that is wrong with a message before responsibility is taken for it: of itself, and with its documents."""

from __future__ import annotations

from dataclasses import replace

from gateway.ingest.hl7v2.lot import documents_of
from xds.errors import Refusal
from xds.hl7v2.agreement import check_agreement
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.faults import Condition, Fault
from xds.hl7v2.reading import Reading, read_message
from xds.hl7v2.terms import Terms


def judged(data: bytes, terms: Terms) -> Reading:
    """Read a message, and compare it with the documents that it carries. Never raises."""
    reading = read_message(data, terms)
    message = reading.message
    if not isinstance(message, DocumentMessage) or not message.documents:
        return reading
    try:
        documents = documents_of(message)
    except Refusal as refusal:
        place = f"OBX^{message.documents[0].observation}^5"
        fault = Fault(condition=Condition.DATA_TYPE, location=place, text=refusal.errors[0].context)
        return replace(reading, faults=(*reading.faults, fault))
    found = check_agreement(message, [one.facts for one in documents])
    return replace(reading, faults=(*reading.faults, *found))
