"""The lot that a message makes: entries derived from the CDA headers, who may see them from the message, one seal.

Every id is derived from the message's place in the inbox (G-333).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from uuid import UUID

from cda.document import CdaDocument, UnreadableDocument, parse_document
from cda.header import read_header, read_identity
from cda.header_values import CdaHeader, DocumentIdentity, Patient, unique_id_of
from cda.to_metadata import to_entry
from gateway.gate import Caller
from gateway.ingest.sealed_lot import Origin, deletion, sealed
from security.signature.signing import Seal
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.hl7v2.agreement import DocumentFacts
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.submission import SUBMISSION_SET, author_of, content_type_code, to_submission
from xds.hl7v2.terms import Terms
from xds.hl7v2.visibility_rules import is_minor
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import AvailabilityStatus
from xds.metadata.submission_set import SubmissionSet


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the message: its bytes and its header."""

    content: bytes = field(repr=False)
    header: CdaHeader


def documents_of(message: DocumentMessage) -> tuple[Document, ...]:
    """The documents, parsed. Raises Refusal: one is no CDA."""
    return tuple(Document(one.content, read_header(one)) for one in parsed(message))


def facts_of(message: DocumentMessage) -> tuple[DocumentFacts, ...]:
    """What the message must agree with, in the order of its documents. Raises Refusal: one is no CDA."""
    return tuple(_facts(read_identity(one)) for one in parsed(message))


def parsed(message: DocumentMessage) -> Iterator[CdaDocument]:
    """The documents as trees, in order. Raises Refusal: one is no CDA."""
    for rank, carried in enumerate(message.documents, start=1):
        try:
            yield parse_document(carried.content)
        except UnreadableDocument as error:
            text = f"document {rank} of the message is not a CDA document that can be read: {error}"
            place = f"OBX^{carried.observation}^5"
            raise Refusal([RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, location=place)]) from None


def _facts(identity: DocumentIdentity) -> DocumentFacts:
    patient = identity.patient or Patient()
    return DocumentFacts(
        unique_id=unique_id_of(identity.id),
        replaces=unique_id_of(identity.replaces),
        type=identity.code,
        confidentiality=identity.confidentiality.code if identity.confidentiality else None,
        patient_ids=tuple((one.extension or "", one.root) for one in patient.ids),
        family=patient.birth_family,
        birth_date=patient.birth_time,
        sex=patient.gender,
    )


def visible_as_meant(message: DocumentMessage, terms: Terms) -> DocumentMessage:
    """What is hidden from an adult is hidden from whoever represents him: the tag of representatives adds nothing.

    The DMP takes that tag of minors only (D-083); where the patient sees the document it stays, and is refused (G-336).
    """
    said = message.instructions
    redundant = said.invisible_rep_legaux and said.invisible_patient
    if not redundant or is_minor(message.patient.birth_date, terms) is not False:
        return message
    return replace(message, instructions=replace(said, invisible_rep_legaux=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Builds what one message asks for. `source_id` is the OID of this house as a source of documents."""

    message_id: UUID
    message: DocumentMessage
    caller: Caller
    source_id: str

    @property
    def origin(self) -> Origin:
        """What the ids of the lot are derived from."""
        return Origin(self.message_id)

    def entry_uuids(self, number: int) -> tuple[str, ...]:
        """The ids of the entries of so many documents, in order."""
        return self.origin.entry_uuids(number)

    def lot(self, documents: Sequence[Document], replaced: Iterable[str], seal: Seal) -> ProvideAndRegisterRequest:
        """A deposit of the documents, signed. `replaced` are the entryUUIDs that they replace, in order; or none."""
        ids = self.entry_uuids(len(documents))
        entries = [to_entry(one.header, one.content, entry_uuid=at) for one, at in zip(documents, ids, strict=True)]
        plain = to_submission(
            self.message,
            entries,
            unique_id=self.origin.oid("submission set"),
            source_id=self.source_id,
            now=self.caller.now,
            replaced=dict(zip(ids, replaced, strict=False)),
        )
        return sealed(plain, self.origin, seal, self.caller.now)

    def deletion(self, targets: Mapping[str, AvailabilityStatus]) -> SubmitObjectsRequest:
        """A message that deletes registered documents, by entryUUID, each with the status that it has now."""
        author = author_of(self.message)
        submission_set = SubmissionSet(
            entry_uuid=SUBMISSION_SET,
            unique_id=self.origin.oid("submission set"),
            patient_id=self.message.patient.patient_id or "",
            source_id=self.source_id,
            submission_time=format_dtm(self.caller.now.astimezone(UTC)),
            content_type_code=content_type_code(self.message.visit.patient_class),
            authors=(author,) if author is not None else (),
        )
        return deletion(submission_set, targets)
