"""What MSH must say: of HL7, and of the French profiles (CI-SIS HL7 v2 2.1; PAM-FR 2.11)."""

from __future__ import annotations

from collections.abc import Iterable

from profiles.hl7v2.tables import MessageType, message_types
from xds.hl7v2.charsets import CONTROL
from xds.hl7v2.faults import Condition, Fault
from xds.hl7v2.findings import broken
from xds.hl7v2.header import Header
from xds.hl7v2.header_reading import LONGEST_CONTROL_ID
from xds.hl7v2.segments import Delimiters, Segment
from xds.hl7v2.terms import Terms

PROFILE = "2.1^CISIS_CDA_HL7_V2"
PAM_VERSION = "2.5^FRA^2.11"


def type_of(header: Header) -> MessageType | None:
    """What is known of a message of that type and event; None when it is not understood."""
    return message_types().get((header.message_code, header.trigger))


def check_header(msh: Segment, header: Header, terms: Terms) -> Iterable[Fault]:
    """Everything wrong with MSH."""
    if msh.delimiters != Delimiters() or msh.raw(2) != "^~\\&":
        yield broken("H-21", "MSH^1^2")
    for number in (3, 4, 5, 6):
        if not msh.text(number):
            yield broken("H-22", msh.location(number))
    known = type_of(header)
    yield from _check_type(msh, known)
    if not header.control_id:
        yield broken("HL7-CONTROL-ID", msh.location(10))
    elif len(CONTROL.sub("", msh.raw(10))) > LONGEST_CONTROL_ID:
        yield broken("HL7-CONTROL-ID", msh.location(10), condition=Condition.DATA_TYPE, found=f"{len(msh.raw(10))}")
    if header.processing_id not in ("P", "T", "D") or len(msh.text(11)) != 1:
        yield broken("HL7-PROCESSING", msh.location(11), found=msh.raw(11))
    elif terms.production and header.processing_id != "P":
        yield broken("H-27", msh.location(11), found=header.processing_id)
    if known is not None:
        yield from _check_profile(msh, header, known)
    if msh.text(17) != "FRA":
        yield broken("H-23", msh.location(17))
    if not msh.text(18):
        yield broken("H-24", msh.location(18))


def _check_type(msh: Segment, known: MessageType | None) -> Iterable[Fault]:
    codes = {code for code, _ in message_types()}
    found = msh.raw(9)
    if not msh.text(9):
        yield broken("HL7-REQUIRED", msh.location(9))
    elif msh.text(9) not in codes:
        yield broken("HL7-MESSAGE", msh.location(9), found=found)
    elif known is None:
        yield broken("HL7-EVENT", msh.location(9), found=found)
    elif msh.text(9, 3) != known.structure:
        yield broken("H-26", msh.location(9), found=found, expected=known.structure)


def _check_profile(msh: Segment, header: Header, known: MessageType) -> Iterable[Fault]:
    if header.version != known.version:
        yield broken("HL7-VERSION", msh.location(12), found=header.version, expected=known.version)
    elif known.kind == "pam" and [msh.text(12, component) for component in (1, 2, 3)] != PAM_VERSION.split("^"):
        yield broken("H-53", msh.location(12), found=msh.raw(12), expected=PAM_VERSION)
    if known.kind != "pam" and header.profile != PROFILE:
        yield broken("H-25", msh.location(21), found=header.profile or "nothing", expected=PROFILE)
