"""The letters that a message makes: one for professionals, organisations and applications, one for the patient.

The medium is the lot that the DMP would have, without its signature; a replacement or a deletion says so in the slot
`action` of its submission set (CI-SIS, Trans-LPS CDA by MSS mail).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

from cda.rendering.pages import RenderingMissing
from cda.to_metadata import to_entry
from gateway.ingest.hl7v2.lot import Document, documents_of
from gateway.ingest.mssante.letter import Kind, Letter, letter_id_of
from gateway.ingest.mssante.readable import readable_copy
from xds.hl7v2.document_message import DocumentMessage, Flow
from xds.hl7v2.submission import to_submission
from xds.metadata.datatypes import Cx
from xds.mss.letter import MssLetter, Subject, write_letter
from xds.xdm.pages import Origin
from xds.xdm.writer import SetToWrite, write_medium

ACTIONS: Final = {Flow.REPLACE: "C", Flow.DELETE: "D"}
_DONE: Final = {Flow.INITIAL: "transmis", Flow.REPLACE: "remplacé", Flow.DELETE: "supprimé"}
_APPLICATION: Final = "Écluse"

_log = logging.getLogger("ecluse.mssante")


@dataclass(frozen=True, slots=True, kw_only=True)
class Composer:
    """Makes letters. They come from `mailbox`; `source_id` is the OID of this house as a source of documents.

    `needs_pdf`: a letter waits for its PDF where none can be made; else it leaves without.
    """

    mailbox: str
    source_id: str
    needs_pdf: bool

    def __call__(self, message: DocumentMessage, message_id: UUID, now: datetime) -> tuple[Letter, ...]:
        """The letters of a message, none when it asks for none.

        Raises Refusal: a document is no CDA; RenderingMissing.
        """
        said = message.instructions
        wanted = (
            (Kind.PROFESSIONALS, said.destmssanteps, addresses_of(message, to_patient=False)),
            (Kind.PATIENT, said.destmssantepat and not said.invisible_patient, addresses_of(message, to_patient=True)),
        )
        kinds = [(kind, addresses) for kind, asked, addresses in wanted if asked and addresses]
        if not kinds:
            return ()
        documents = documents_of(message)
        archive = self._medium(message, documents, message_id, now)
        copies = map(self._readable, documents)
        readable = tuple(one for one in copies if one is not None)
        return tuple(
            self._letter(message, message_id, kind, addresses, (archive, readable), now) for kind, addresses in kinds
        )

    def _readable(self, document: Document) -> bytes | None:
        try:
            return readable_copy(document.content)
        except RenderingMissing:
            if self.needs_pdf:
                raise
            _log.warning("a letter leaves without PDF: WeasyPrint is missing")
            return None

    def _letter(
        self,
        message: DocumentMessage,
        message_id: UUID,
        kind: Kind,
        addresses: tuple[str, ...],
        attached: tuple[bytes, tuple[bytes, ...]],
        now: datetime,
    ) -> Letter:
        said, letter_id = message.instructions, letter_id_of(message_id, kind)
        subject = _subject(message)
        given = said.corpsmail_ps if kind is Kind.PROFESSIONALS else said.corpsmail_patient
        archive, readable = attached
        mail = write_letter(
            MssLetter(
                letter_id=letter_id,
                mailbox=self.mailbox,
                recipients=addresses,
                reply_to=message.reply_to or "",
                subject=subject,
                text=given or _usual_text(message, subject),
                archive=archive,
                readable=readable,
                wants_reading=said.ack_lecture_mss,
                final=kind is Kind.PATIENT and said.fin,
                date=now,
            )
        )
        return Letter(
            letter_id=letter_id,
            message_id=message_id,
            kind=kind,
            mail=mail,
            recipients=addresses,
            header=message.header,
            wants_receipt=said.ack_reception,
            wants_reading=said.ack_lecture_mss,
        )

    def _medium(
        self, message: DocumentMessage, documents: Sequence[Document], message_id: UUID, now: datetime
    ) -> bytes:
        entries = [
            to_entry(one.header, one.content, entry_uuid=f"urn:uuid:{uuid5(message_id, f'letter document {rank}')}")
            for rank, one in enumerate(documents)
        ]
        lot = to_submission(
            message,
            entries,
            unique_id=f"2.25.{uuid5(message_id, 'letter submission set').int}",
            source_id=self.source_id,
            now=now.astimezone(UTC),
        )
        if lot.submission_set is None:
            raise LookupError("a submission that was made has its set")
        action = ACTIONS.get(message.flow)
        submission_set = replace(
            lot.submission_set,
            patient_id=lot.submission_set.patient_id or _local_id(message),
            extra=(("action", (action,)),) if action is not None else (),
        )
        made = SetToWrite(
            submission_set=submission_set,
            documents=[(entry, lot.documents[entry.entry_uuid]) for entry in lot.entries],
            associations=lot.associations,
        )
        return write_medium([made], Origin(institution=_institution(message), application=_APPLICATION))


def addresses_of(message: DocumentMessage, *, to_patient: bool) -> tuple[str, ...]:
    """The addresses of the patient, or those of everybody else, each once."""
    found: Iterable[str] = (
        one.address for one in message.recipients if one.is_patient is to_patient and one.address is not None
    )
    return tuple({address.lower(): address for address in reversed(tuple(found))}.values())[::-1]


def _subject(message: DocumentMessage) -> Subject:
    name = message.patient.birth_name
    return Subject(
        label=(message.type.display or message.type.code) if message.type is not None else "Document",
        family=name.family if name is not None else "",
        given=name.given if name is not None else "",
        born=message.patient.birth_date,
    )


def _usual_text(message: DocumentMessage, subject: Subject) -> str:
    """What a letter says when the message gives no text."""
    lines = (
        "Bonjour,",
        "",
        f"Un document de santé vous est {_DONE[message.flow]} : {subject.label}.",
        f"Patient : {subject.family.upper()} {subject.given}",
        f"Expéditeur : {_institution(message)}",
        "",
        "Le document est joint, en PDF et dans IHE_XDM.zip pour votre logiciel.",
    )
    return "\n".join(lines)


def _institution(message: DocumentMessage) -> str:
    organization = message.sender.organization if message.sender is not None else None
    return (organization.name or "") if organization is not None else ""


def _local_id(message: DocumentMessage) -> str:
    """The id that the establishment knows the patient by, where there is no INS."""
    ipp = message.patient.ipp
    return Cx(identifier=ipp.value, authority=ipp.authority, type="PI").format() if ipp is not None else ""
