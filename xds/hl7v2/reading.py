"""Bytes to a message: `read_message` finds everything that is wrong with it at once, and never raises.

Source: CI-SIS, CDA documents in HL7 v2, 2.1; PAM-FR 2.11; HL7 v2.5 §2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from xds.hl7v2.charsets import CONTROL, decode
from xds.hl7v2.consent_message import ConsentMessage
from xds.hl7v2.consent_reading import read_consent
from xds.hl7v2.consent_rules import check_consent
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.document_reading import Observations, observations_of, read_document_message
from xds.hl7v2.document_rules import check_documents
from xds.hl7v2.faults import Fault, Severity, has_errors
from xds.hl7v2.fields import check_fields
from xds.hl7v2.findings import broken
from xds.hl7v2.header import Header
from xds.hl7v2.header_reading import read_header
from xds.hl7v2.header_rules import check_header, type_of
from xds.hl7v2.identity_rules import check_ins
from xds.hl7v2.metadata_rules import check_metadata
from xds.hl7v2.payloads import lift
from xds.hl7v2.segments import Delimiters, Segment, split_segments
from xds.hl7v2.structure import check_structure
from xds.hl7v2.terms import Terms
from xds.hl7v2.visibility_rules import check_visibility

MOST_SEGMENTS = 5_000
LONGEST_TEXT = 1 << 20
"""Bytes of a message besides its documents."""
MOST_FAULTS = 500
"""Faults that are told of one message."""
_START = re.compile(rb"MSH[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read. `message` is None for a message of another kind, or none at all.

    With a fault that is an error, `message` holds what could be read all the same, so that later checks can add theirs;
    nothing may be done with it.
    """

    header: Header
    message: DocumentMessage | ConsentMessage | None
    faults: tuple[Fault, ...] = ()
    segments: tuple[Segment, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether responsibility for the message may be taken: no fault is an error."""
        return not has_errors(self.faults)


def read_message(data: bytes, terms: Terms | None = None) -> Reading:
    """Read and judge one message, without its frame; segments end with CR, CRLF or LF."""
    if not _START.match(data):
        return Reading(header=Header(), message=None, faults=(replace(broken("HL7-HEADER", "MSH^1"), rejects=True),))
    terms = terms or Terms()
    lifted = lift(data, at_most=MOST_SEGMENTS, longest=LONGEST_TEXT)
    text, encoding, faults = decode(b"\r".join(lifted.lines))
    segments = tuple(split_segments(text.split("\r"), Delimiters.of(text)))
    header = read_header(segments[0], encoding)
    faults += check_header(segments[0], header, terms)
    if CONTROL.search(text):
        faults.append(broken("HL7-CONTROL", _holding_control(segments)))
    faults += [broken("HL7-LINE", _place(segments[number - 1])) for number in lifted.strays]
    if lifted.truncated:
        faults.append(broken("HL7-LIMIT", "MSH^1"))
    known = type_of(header)
    message: DocumentMessage | ConsentMessage | None = None
    if known is not None and not lifted.truncated:
        faults += check_structure(segments, known.structure, known.version)
        faults += check_fields(segments, known.structure, known.version)
        faults += check_ins(segments)
        if known.kind == "pam":
            message, found = read_consent(header, segments)
            faults += found
            faults += check_consent(message) if message is not None else ()
        else:
            observations = observations_of(segments)
            message, found = read_document_message(header, segments, observations, data, lifted.payloads)
            faults += found
            faults += _of_documents(message, segments, observations, terms)
    if len(faults) > MOST_FAULTS:
        # Errors first: a message may not be accepted because warnings left no room for them.
        faults = sorted(faults, key=lambda one: one.severity is not Severity.ERROR)[:MOST_FAULTS]
    return Reading(header=header, message=message, faults=tuple(faults), segments=segments)


def _of_documents(
    message: DocumentMessage, segments: Sequence[Segment], observations: Observations, terms: Terms
) -> Iterable[Fault]:
    if message.header.message_code == "ORU" and not observations.documents:
        # Results without a document are another message: what a document must be is not asked of them.
        yield broken("H-05", "OBX^1", found="0")
        if not observations.metadata:
            return
    else:
        yield from check_documents(message, segments, observations)
    yield from check_metadata(observations, message.header.message_code)
    yield from check_visibility(message, observations, terms)


def _holding_control(segments: Sequence[Segment]) -> str:
    """The first segment that holds a control character."""
    return next((_place(one) for one in segments if any(CONTROL.search(field) for field in one.fields)), "MSH^1")


def _place(segment: Segment) -> str:
    return f"{segment.name}^{segment.number}"
