"""The lot that a message makes: entries derived from the CDA headers, who may see them from the message, one seal.

Every id is derived from the message's place in the inbox: a message that is treated again after a crash makes the same
lot, and what it registered the first time is recognised (G-333).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Final
from uuid import UUID, uuid5

from cda.document import UnreadableDocument, parse_document
from cda.header import read_header
from cda.header_values import CdaHeader
from cda.to_metadata import to_entry
from gateway.gate import Caller
from gateway.ingest.hl7v2.sender import institution_of, person_of
from security.signature.signing import SOURCE, Seal, sign_lot
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.hl7v2.document_message import DocumentMessage, Instructions
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet

_VISIBILITY = "1.2.250.1.213.1.1.4.13"
NORMAL: Final = Code("N", "2.16.840.1.113883.5.25", "Normal")
MASQUE_PS: Final = Code("MASQUE_PS", _VISIBILITY, "Masqué aux professionnels de santé")
INVISIBLE_PATIENT: Final = Code("INVISIBLE_PATIENT", _VISIBILITY, "Non visible par le patient")
INVISIBLE_REPRESENTATIVES: Final = Code(
    "INVISIBLE_REPRESENTANTS_LEGAUX", _VISIBILITY, "Non visible par les représentants légaux du patient"
)


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the message: its bytes and its header."""

    content: bytes = field(repr=False)
    header: CdaHeader


def documents_of(message: DocumentMessage) -> tuple[Document, ...]:
    """The documents, parsed. Raises Refusal: one is no CDA."""
    found = []
    for rank, carried in enumerate(message.documents, start=1):
        try:
            found.append(Document(carried.content, read_header(parse_document(carried.content))))
        except UnreadableDocument:
            text = f"document {rank} of the message is not a CDA document that can be read"
            raise Refusal([RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text)]) from None
    return tuple(found)


def visibility(said: Instructions) -> tuple[Code, ...]:
    """The confidentialityCodes beside that of the document: one for each tag that says Y (H-11)."""
    tags = (
        (said.masque_ps, MASQUE_PS),
        (said.invisible_patient, INVISIBLE_PATIENT),
        (said.invisible_rep_legaux, INVISIBLE_REPRESENTATIVES),
    )
    return tuple(code for says_so, code in tags if says_so)


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

    def lot(
        self, documents: Sequence[Document], replaced: Sequence[Iterable[str]], seal: Seal
    ) -> ProvideAndRegisterRequest:
        """A deposit of the documents, signed. `replaced` holds, for each, the entryUUIDs that it replaces."""
        tags = visibility(self.message.instructions)
        entries = [
            to_entry(one.header, one.content, entry_uuid=entry_uuid, confidentiality=tags)
            for one, entry_uuid in zip(documents, self.entry_uuids(len(documents)), strict=True)
        ]
        contents: dict[str, bytes] = {
            entry.entry_uuid: one.content for entry, one in zip(entries, documents, strict=True)
        }
        submission_set = self._submission_set(entries[0].healthcare_facility_type_code)
        signature = sign_lot(
            seal,
            lot_unique_id=submission_set.unique_id,
            documents={entry.unique_id: contents[entry.entry_uuid] for entry in entries},
            now=self.caller.now,
        )
        signing = self._signature_entry(signature, entries[0])
        contents[signing.entry_uuid] = signature
        replacements = [
            self._association(f"replaces {rank} {target}", AssociationType.RPLC, entry.entry_uuid, target)
            for rank, (entry, targets) in enumerate(zip(entries, replaced, strict=True))
            for target in targets
        ]
        return ProvideAndRegisterRequest(
            submission_set=submission_set,
            entries=(*entries, signing),
            associations=(
                *(self._member(submission_set, rank, one) for rank, one in enumerate((*entries, signing))),
                self._association("signs", AssociationType.SIGNS, signing.entry_uuid, submission_set.entry_uuid),
                *replacements,
            ),
            documents=contents,
        )

    def deletion(self, targets: Mapping[str, AvailabilityStatus]) -> SubmitObjectsRequest:
        """A message that deletes registered documents, by entryUUID, each with the status that it has now."""
        submission_set = self._submission_set(None)
        return SubmitObjectsRequest(
            submission_set=submission_set,
            entries=(),
            associations=tuple(
                replace(
                    self._association(
                        f"deletes {target}",
                        AssociationType.UPDATE_AVAILABILITY_STATUS,
                        submission_set.entry_uuid,
                        target,
                    ),
                    original_status=status.value,
                    new_status=AvailabilityStatus.DELETED.value,
                )
                for target, status in targets.items()
            ),
        )

    def _submission_set(self, facility: Code | None) -> SubmissionSet:
        """The set; its contentTypeCode repeats the type of facility: the list of PV1-2 is not published (G-335)."""
        code, _, scheme = self.caller.vihf.sector.partition("^")
        return SubmissionSet(
            entry_uuid=self._id("submission set"),
            unique_id=self._oid("submission set"),
            patient_id=self.message.patient.patient_id or "",
            source_id=self.source_id,
            submission_time=format_dtm(self.caller.now.astimezone(UTC)),
            content_type_code=facility or Code(code, scheme, "Secteur d'activité"),
            authors=(self._author(),),
        )

    def _author(self) -> Author:
        sender = self.message.sender
        return Author(person=person_of(sender).format(), institutions=(institution_of(sender).format(),))

    def _signature_entry(self, signature: bytes, first: DocumentEntry) -> DocumentEntry:
        """The entry of the signature document, in the shape of the DMP (DMP TD2.1; IHE ITI DSG)."""
        made = format_dtm(self.caller.now.astimezone(UTC))
        author = self._author()
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
            confidentiality_codes=(NORMAL, INVISIBLE_PATIENT, MASQUE_PS),
            event_codes=(Code(SOURCE, "1.2.840.10065.1.12", "Source"),),
            authors=(author,),
            legal_authenticator=author.person,
            title="Source",
            hash=hashlib.sha1(signature, usedforsecurity=False).hexdigest(),
            size=len(signature),
        )

    def _member(self, submission_set: SubmissionSet, rank: int, entry: DocumentEntry) -> Association:
        return replace(
            self._association(
                f"member {rank}", AssociationType.HAS_MEMBER, submission_set.entry_uuid, entry.entry_uuid
            ),
            submission_set_status="Original",
        )

    def _association(self, name: str, kind: AssociationType, source: str, target: str) -> Association:
        return Association(entry_uuid=self._id(name), association_type=kind, source=source, target=target)

    def _id(self, name: str) -> str:
        return f"urn:uuid:{uuid5(self.message_id, name)}"

    def _oid(self, name: str) -> str:
        return f"2.25.{uuid5(self.message_id, name).int}"
