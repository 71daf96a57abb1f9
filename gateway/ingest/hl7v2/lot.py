"""The lot that a message makes: entries derived from the CDA headers, who may see them from the message, one seal.

Every id is derived from the message's place in the inbox: a message that is treated again after a crash makes the same
lot, and what it registered the first time is recognised (G-333).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Final
from uuid import UUID, uuid5

from cda.document import CdaDocument, UnreadableDocument, parse_document
from cda.header import read_header, read_identity
from cda.header_values import CdaHeader, DocumentIdentity, unique_id_of
from cda.to_metadata import to_entry
from gateway.gate import Caller
from security.signature.signing import SOURCE, Seal, sign_lot
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.hl7v2.agreement import DocumentFacts
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.submission import SUBMISSION_SET, author_of, content_type_code, to_submission
from xds.hl7v2.terms import Terms
from xds.hl7v2.visibility_rules import is_minor
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet

_VISIBILITY = "1.2.250.1.213.1.1.4.13"
_OF_A_SIGNATURE: Final = (
    Code("N", "2.16.840.1.113883.5.25", "Normal"),
    Code("INVISIBLE_PATIENT", _VISIBILITY, "Non visible par le patient"),
    Code("MASQUE_PS", _VISIBILITY, "Masqué aux professionnels de santé"),
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the message: its bytes and its header."""

    content: bytes = field(repr=False)
    header: CdaHeader


def documents_of(message: DocumentMessage) -> tuple[Document, ...]:
    """The documents, parsed. Raises Refusal: one is no CDA."""
    return tuple(Document(one.content, read_header(one)) for one in _parsed(message))


def facts_of(message: DocumentMessage) -> tuple[DocumentFacts, ...]:
    """What the message must agree with, in the order of its documents. Raises Refusal: one is no CDA."""
    return tuple(_facts(read_identity(one)) for one in _parsed(message))


def _parsed(message: DocumentMessage) -> Iterator[CdaDocument]:
    for rank, carried in enumerate(message.documents, start=1):
        try:
            yield parse_document(carried.content)
        except UnreadableDocument:
            text = f"document {rank} of the message is not a CDA document that can be read"
            raise Refusal([RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text)]) from None


def _facts(identity: DocumentIdentity) -> DocumentFacts:
    return DocumentFacts(
        unique_id=unique_id_of(identity.id),
        replaces=unique_id_of(identity.replaces),
        type=identity.code,
        confidentiality=identity.confidentiality.code if identity.confidentiality else None,
        patient_ids=tuple((one.extension or "", one.root) for one in identity.patient_ids),
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

    def entry_uuids(self, number: int) -> tuple[str, ...]:
        """The ids of the entries of so many documents, in order."""
        return tuple(self._id(f"document {rank}") for rank in range(number))

    def lot(self, documents: Sequence[Document], replaced: Iterable[str], seal: Seal) -> ProvideAndRegisterRequest:
        """A deposit of the documents, signed. `replaced` are the entryUUIDs that they replace, in order; or none."""
        ids = self.entry_uuids(len(documents))
        entries = [to_entry(one.header, one.content, entry_uuid=at) for one, at in zip(documents, ids, strict=True)]
        plain = to_submission(
            self.message,
            entries,
            unique_id=self._oid("submission set"),
            source_id=self.source_id,
            now=self.caller.now,
            replaced=dict(zip(ids, replaced, strict=False)),
        )
        if plain.submission_set is None:
            raise LookupError("a submission that was made has its set")
        signature = sign_lot(
            seal,
            lot_unique_id=plain.submission_set.unique_id,
            documents={entry.unique_id: plain.documents[entry.entry_uuid] for entry in plain.entries},
            now=self.caller.now,
        )
        signing = self._signature_entry(signature, plain.entries[0])
        return replace(
            plain,
            entries=(*plain.entries, signing),
            associations=(*plain.associations, *_of_signature(signing)),
            documents={**plain.documents, signing.entry_uuid: signature},
        )

    def deletion(self, targets: Mapping[str, AvailabilityStatus]) -> SubmitObjectsRequest:
        """A message that deletes registered documents, by entryUUID, each with the status that it has now."""
        author = author_of(self.message)
        submission_set = SubmissionSet(
            entry_uuid=SUBMISSION_SET,
            unique_id=self._oid("submission set"),
            patient_id=self.message.patient.patient_id or "",
            source_id=self.source_id,
            submission_time=format_dtm(self.caller.now.astimezone(UTC)),
            content_type_code=content_type_code(self.message.visit.patient_class),
            authors=(author,) if author is not None else (),
        )
        orders = tuple(
            Association(
                entry_uuid=f"Order{rank}",
                association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
                source=SUBMISSION_SET,
                target=target,
                original_status=status.value,
                new_status=AvailabilityStatus.DELETED.value,
            )
            for rank, (target, status) in enumerate(targets.items())
        )
        return SubmitObjectsRequest(submission_set=submission_set, entries=(), associations=orders)

    def _signature_entry(self, signature: bytes, first: DocumentEntry) -> DocumentEntry:
        """The entry of the signature document, in the shape of the DMP (DMP TD2.1; IHE ITI DSG)."""
        made = format_dtm(self.caller.now.astimezone(UTC))
        author = author_of(self.message)
        return DocumentEntry(
            entry_uuid=self._id("signature"),
            unique_id=self._oid("signature"),
            patient_id=first.patient_id,
            source_patient_id=first.source_patient_id,
            source_patient_info=first.source_patient_info,
            mime_type="text/xml",
            language_code="art",
            creation_time=made,
            service_start_time=made,
            class_code=Code("urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN", "Digital Signature"),
            type_code=Code("E1762", "ASTM", "Full Document"),
            format_code=Code("http://www.w3.org/2000/09/xmldsig#", "URN", "Default Signature Style"),
            healthcare_facility_type_code=first.healthcare_facility_type_code,
            practice_setting_code=first.practice_setting_code,
            confidentiality_codes=_OF_A_SIGNATURE,
            event_codes=(Code(SOURCE, "1.2.840.10065.1.12", "Source"),),
            authors=(author,) if author is not None else (),
            legal_authenticator=author.person if author is not None else None,
            title="Source",
            hash=hashlib.sha1(signature, usedforsecurity=False).hexdigest(),
            size=len(signature),
        )

    def _id(self, name: str) -> str:
        return f"urn:uuid:{uuid5(self.message_id, name)}"

    def _oid(self, name: str) -> str:
        return f"2.25.{uuid5(self.message_id, name).int}"


def _of_signature(signing: DocumentEntry) -> tuple[Association, Association]:
    """The signature is a member of the lot, and signs it."""
    member = Association(
        entry_uuid="MemberSignature",
        association_type=AssociationType.HAS_MEMBER,
        source=SUBMISSION_SET,
        target=signing.entry_uuid,
        submission_set_status="Original",
    )
    signs = Association(
        entry_uuid="Signs",
        association_type=AssociationType.SIGNS,
        source=signing.entry_uuid,
        target=SUBMISSION_SET,
    )
    return member, signs
