"""Everything that is wrong with a message before responsibility is taken for it: of itself, and with its documents."""

from __future__ import annotations

from dataclasses import replace

from conformance.laboratory.results import documented
from gateway.ingest.hl7v2.lot import facts_of
from gateway.ingest.hl7v2.plain_results import judged_results
from xds.errors import Refusal
from xds.hl7v2.agreement import check_agreement
from xds.hl7v2.charsets import decode
from xds.hl7v2.consent_message import ConsentMessage
from xds.hl7v2.consent_reading import read_consent
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.document_reading import observations_of, read_document_message
from xds.hl7v2.faults import Condition, Fault, has_errors
from xds.hl7v2.header_reading import read_header
from xds.hl7v2.payloads import lift
from xds.hl7v2.reading import LONGEST_TEXT, MOST_SEGMENTS, Reading, read_message
from xds.hl7v2.segments import Delimiters, split_segments
from xds.hl7v2.terms import Terms


def judged(data: bytes, terms: Terms) -> Reading:
    """Read a message, and compare it with the documents that it carries. Never raises."""
    reading = read_message(data, terms)
    if not isinstance(reading.message, DocumentMessage) or not reading.message.documents:
        reading = judged_results(reading, data)
    message = reading.message
    if not isinstance(message, DocumentMessage) or not message.documents:
        return reading
    try:
        facts = facts_of(message)
    except Refusal as refusal:
        error = refusal.errors[0]
        if any(fault.location.startswith(f"{error.location}^") for fault in reading.faults if has_errors([fault])):
            return reading  # Its base64 was told already: there is no document to speak of.
        fault = Fault(condition=Condition.DATA_TYPE, location=error.location, text=error.context)
        return replace(reading, faults=(*reading.faults, fault))
    found = check_agreement(message, facts)
    return replace(reading, faults=(*reading.faults, *found))


def taken(data: bytes) -> DocumentMessage | ConsentMessage | None:
    """What a message says that was judged when it was taken: no rule is looked at again."""
    lifted = lift(data, at_most=MOST_SEGMENTS, longest=LONGEST_TEXT)
    text, encoding, _ = decode(b"\r".join(lifted.lines))
    segments = tuple(split_segments(text.split("\r"), Delimiters.of(text)))
    header = read_header(segments[0], encoding)
    if header.message_code == "ADT":
        return read_consent(header, segments)[0]
    message, _ = read_document_message(header, segments, observations_of(segments), data, lifted.payloads)
    return message if message.documents else documented(message, segments, data)[0]
