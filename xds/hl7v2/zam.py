"""ZAM: what became of a document, told to its sender after the acknowledgement (CI-SIS HL7 v2 2.1, ZAM_Z01)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from profiles.hl7v2.tables import application_errors, smtp_errors
from xds.hl7v2.acknowledgement import new_control_id, write_error, write_header, write_segments
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.faults import Condition, Fault
from xds.hl7v2.header import Header
from xds.hl7v2.header_rules import PROFILE
from xds.metadata.codes import Code
from xds.metadata.hl7 import escape

DMP_ERRORS, SMTP_ERRORS, APPLICATION_ERRORS = "DMP_ERROR_CODE", "SMTPERRORCODE", "applicationErrorCondition"
_TABLE = "AckMetierZAM"
_ANSWER = "expandedYes-NoIndicator"
_ERROR_TABLE = "messageErrorCondition"


class ZamEvent(StrEnum):
    """What is told: that the DMP received a document, that a mail was delivered, that it was read."""

    DMP_RECEIPT = "Z01"
    MSS_RECEIPT = "Z02"
    MSS_READING = "Z03"


_SUBJECTS = {
    ZamEvent.DMP_RECEIPT: ("ACK_RECEPTION_DMP", "Accusé de réception DMP"),
    ZamEvent.MSS_RECEIPT: ("ACK_RECEPTION_MSS", "Accusé de réception MSSanté"),
    ZamEvent.MSS_READING: ("ACK_LECTURE_MSS", "Accusé de lecture MSSanté"),
}
_PERSONS = {
    ZamEvent.MSS_RECEIPT: ("DESTINATAIRE_MSS", "Destinataire MSSanté"),
    ZamEvent.MSS_READING: ("LECTEUR_MSS", "Lecteur MSSanté"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Zam:
    """One ZAM. `control_id` is its MSH-10, `of` that of the ORU or MDM; `address` the recipient's, but in Z01.

    `error` is None for good news; `details` says all that `error` stands for, where that is more (ERR-8). The header is
    that of the ORU or MDM, which is answered.
    """

    event: ZamEvent
    control_id: str
    header: Header
    address: str | None = None
    error: Code | None = None
    details: str = ""

    @property
    def of(self) -> str:
        """The control id of the message it is about."""
        return self.header.control_id


def dmp_receipt(message: DocumentMessage, error: tuple[str, str] | None = None, details: str = "") -> Zam:
    """Z01. `error` is code and label of the DMP, or of this service."""
    return Zam(
        event=ZamEvent.DMP_RECEIPT,
        control_id=new_control_id(),
        header=message.header,
        error=Code(error[0], DMP_ERRORS, error[1]) if error is not None else None,
        details=details,
    )


def mss_receipt(header: Header, address: str, error: tuple[str, str] | None = None) -> Zam:
    """Z02, for one recipient; `header` is that of the ORU or MDM.

    Raises ValueError: the code of `error` is not one of SMTPERRORCODE.
    """
    if error is not None and error[0] not in smtp_errors():
        raise ValueError(f"{error[0]} is no code of {SMTP_ERRORS}")
    return Zam(
        event=ZamEvent.MSS_RECEIPT,
        control_id=new_control_id(),
        header=header,
        address=address,
        error=Code(error[0], SMTP_ERRORS, error[1]) if error is not None else None,
    )


def mss_reading(header: Header, address: str, error: str | None = None) -> Zam:
    """Z03, for one recipient; `header` as in `mss_receipt`. `error` is a code of the consumer, 900 to 906.

    Raises ValueError: another.
    """
    if error is not None and error not in application_errors():
        raise ValueError(f"{error} is no code of {APPLICATION_ERRORS}")
    return Zam(
        event=ZamEvent.MSS_READING,
        control_id=new_control_id(),
        header=header,
        address=address,
        error=Code(error, APPLICATION_ERRORS, application_errors()[error]) if error is not None else None,
    )


def write_zam(zam: Zam, now: datetime | None = None) -> bytes:
    """Spell a ZAM, without a frame; it goes to the sender of the document, in the character set he used."""
    moment = now or datetime.now(UTC)
    header = Header(
        sender=zam.header.receiver,
        receiver=zam.header.sender,
        message_code="ZAM",
        trigger=zam.event,
        structure="ZAM_Z01",
        control_id=zam.control_id,
        processing_id=zam.header.processing_id or "P",
        version="2.6",
        profile=PROFILE,
        encoding=zam.header.encoding,
    )
    return write_segments(
        [
            write_header(header, moment, country="FRA"),
            f"EVN||{moment.astimezone(UTC):%Y%m%d%H%M%S}+0000",
            *_observations(zam),
            *_errors(zam),
        ],
        header.encoding,
    )


def _observations(zam: Zam) -> Iterable[str]:
    subject = "^".join((*_SUBJECTS[zam.event], _TABLE))
    answer = "Y" if zam.error is None else "N"
    yield f"OBX|1|CWE|{subject}|{zam.of}|{answer}^^{_ANSWER}||||||F"
    if zam.address is not None:
        person = "^".join((*_PERSONS[zam.event], _TABLE))
        yield f"OBX|2|XTN|{person}||^^X.400^{escape(zam.address)}||||||F"


def _errors(zam: Zam) -> Iterable[str]:
    if zam.error is not None:
        fault = Fault(condition=Condition.APPLICATION, location="", text=zam.details, application=zam.error)
        yield write_error(fault, _ERROR_TABLE).rstrip("|")
