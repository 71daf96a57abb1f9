"""The lot of a letter's medium: its documents and what METADATA.XML says of them, in the name of who owns the mailbox.

The metadata of the documents are those of the letter. Who sends the lot, signs it and answers for it is the structure:
submission set and signature are made here, that of the letter is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from enum import StrEnum
from typing import Final

from cda.document import UnreadableDocument, parse_document
from cda.header import read_header
from cda.header_values import CdaHeader
from gateway.gate import Caller
from gateway.ingest.sealed_lot import Origin, deletion, sealed
from gateway.sent_lot import author_of
from security.signature.signing import Seal
from xds.errors import Refusal, RegistryError, XdsErrorCode, disagreement
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.association import REPLACEMENTS, Association, AssociationType
from xds.metadata.datatypes import Cx, format_dtm
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.ins import AUTHORITIES
from xds.metadata.submission_set import SubmissionSet

ACTION: Final = "action"
"""The extra slot that says what a letter does (CI-SIS, Trans-LPS CDA by MSS mail)."""
UNKNOWN_ACTION: Final = "MSS-ACTION"
ONE_PATIENT: Final = "MSS-PATIENT"
WITHOUT_INS: Final = "MSS-INS"
_SET: Final = "SubmissionSet01"
_REMADE: Final = frozenset((AssociationType.HAS_MEMBER, AssociationType.SIGNS))


class Action(StrEnum):
    """What a letter asks for: without the slot its documents are new."""

    ADD = ""
    CHANGE = "C"
    DELETE = "D"


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the letter: its entry as sent, its bytes, its header."""

    entry: DocumentEntry
    content: bytes = field(repr=False)
    header: CdaHeader


@dataclass(frozen=True, slots=True)
class LetterLot:
    """What a letter asks for, of one patient (CX). `submitted` is its submission set as sent."""

    action: Action
    patient_id: str
    documents: tuple[Document, ...]
    request: ProvideAndRegisterRequest
    submitted: SubmissionSet

    @property
    def unique_ids(self) -> list[str]:
        """The ids of its documents."""
        return [one.entry.unique_id for one in self.documents]


def read_lot(request: ProvideAndRegisterRequest) -> LetterLot:
    """What the medium of a letter asks for. Raises Refusal with every error found."""
    submitted = request.submission_set
    if submitted is None or request.errors:
        raise Refusal(request.errors or [_refused(ONE_PATIENT, "RegistryObjectList", "no lot", "one")])
    signatures = {one.source for one in request.associations if one.association_type is AssociationType.SIGNS}
    documents, faults = [], []
    for entry in request.entries:
        if entry.entry_uuid in signatures:
            continue
        try:
            content = request.documents[entry.entry_uuid]
            documents.append(Document(entry, content, read_header(parse_document(content))))
        except (KeyError, UnreadableDocument):
            text = f"{entry.unique_id}: not a CDA document that can be read"
            faults.append(RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text))
    faults += _of_patient(submitted, documents)
    action = _action(submitted, request.entries)
    if action is None:
        place = f"RegistryPackage[{submitted.entry_uuid}]/Slot[{ACTION}]"
        faults.append(_refused(UNKNOWN_ACTION, place, "another value, or several", "C, D, or no such Slot"))
    if faults or action is None or not documents:
        raise Refusal(faults or [_refused(ONE_PATIENT, "RegistryObjectList", "no document", "a document")])
    return LetterLot(action, submitted.patient_id, tuple(documents), request, submitted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Builds what a letter asks for. `source_id` is the OID of this house as a source of documents."""

    origin: Origin
    lot: LetterLot
    caller: Caller
    source_id: str

    def entry_uuids(self) -> tuple[str, ...]:
        """The ids of the entries of its documents, in order."""
        return self.origin.entry_uuids(len(self.lot.documents))

    def deposit(self, replaced: Sequence[str], seal: Seal) -> ProvideAndRegisterRequest:
        """The documents, signed. `replaced` are the entryUUIDs that they replace, in order; or none."""
        names = dict(
            zip((one.entry.entry_uuid for one in self.lot.documents), self.entry_uuids(), strict=True),
            **{self.lot.submitted.entry_uuid: _SET},
        )
        entries = tuple(_own(one.entry, names[one.entry.entry_uuid]) for one in self.lot.documents)
        plain = ProvideAndRegisterRequest(
            submission_set=self._submission_set(),
            entries=entries,
            folders=self.lot.request.folders,
            associations=(*_members(entries), *_replacing(entries, replaced), *self._kept(names)),
            documents={entry.entry_uuid: one.content for entry, one in zip(entries, self.lot.documents, strict=True)},
        )
        return sealed(plain, self.origin, seal, self.caller.now)

    def deletion(self, targets: Mapping[str, AvailabilityStatus]) -> SubmitObjectsRequest:
        """An order to delete the registered documents that are named."""
        return deletion(self._submission_set(), targets)

    def _submission_set(self) -> SubmissionSet:
        submitted = self.lot.submitted
        return SubmissionSet(
            entry_uuid=_SET,
            unique_id=self.origin.oid("submission set"),
            patient_id=self.lot.patient_id,
            source_id=self.source_id,
            submission_time=format_dtm(self.caller.now.astimezone(UTC)),
            content_type_code=submitted.content_type_code,
            authors=(author_of(self.caller),),
            title=submitted.title,
        )

    def _kept(self, names: dict[str, str]) -> Iterator[Association]:
        """What else the letter says of its documents; that they replace others is said by the CDA alone."""
        for one in self.lot.request.associations:
            if one.association_type not in _REMADE and one.association_type not in REPLACEMENTS:
                yield replace(one, source=names.get(one.source, one.source), target=names.get(one.target, one.target))


def _own(entry: DocumentEntry, entry_uuid: str) -> DocumentEntry:
    extra = tuple(one for one in entry.extra if one[0] != ACTION)
    return replace(entry, entry_uuid=entry_uuid, logical_id=None, version=1, extra=extra)


def _members(entries: Sequence[DocumentEntry]) -> Iterator[Association]:
    for rank, entry in enumerate(entries, start=1):
        yield Association(
            entry_uuid=f"Member{rank:02}",
            association_type=AssociationType.HAS_MEMBER,
            source=_SET,
            target=entry.entry_uuid,
            submission_set_status="Original",
        )


def _replacing(entries: Sequence[DocumentEntry], replaced: Sequence[str]) -> Iterator[Association]:
    for rank, (entry, target) in enumerate(zip(entries, replaced, strict=False), start=1):
        yield Association(
            entry_uuid=f"Replacement{rank:02}",
            association_type=AssociationType.RPLC,
            source=entry.entry_uuid,
            target=target,
        )


def _action(submitted: SubmissionSet, entries: Sequence[DocumentEntry]) -> Action | None:
    """The one thing that the slots say, wherever they stand; None: another word, or several."""
    slots = (*submitted.extra, *(slot for entry in entries for slot in entry.extra))
    said = {value for name, values in slots if name == ACTION for value in values}
    if not said:
        return Action.ADD
    return Action(said.pop()) if len(said) == 1 and said <= {"C", "D"} else None


def _of_patient(submitted: SubmissionSet, documents: Sequence[Document]) -> Iterator[RegistryError]:
    """A letter is about one patient, who has an INS: metadata and documents name him alike."""
    try:
        patient = Cx.parse(submitted.patient_id)
    except ValueError:
        patient = Cx(identifier="", authority="")
    if patient.authority not in AUTHORITIES:
        place = f"RegistryPackage[{submitted.entry_uuid}]/patientId"
        yield _refused(WITHOUT_INS, place, patient.authority or "nothing", "an INS")
    for one in documents:
        place = f"ExtrinsicObject[{one.entry.entry_uuid}]"
        ins = one.header.patient.ins if one.header.patient is not None else None
        if ins is None:
            yield _refused(WITHOUT_INS, f"{place}: recordTarget", "no INS", "an INS")
        elif (ins.extension, ins.root) != (patient.identifier, patient.authority):
            yield _refused(ONE_PATIENT, f"{place}: recordTarget", "another patient", "that of the submission set")
        if one.entry.patient_id != submitted.patient_id:
            yield _refused(ONE_PATIENT, f"{place}/patientId", "another patient", "that of the submission set")


def _refused(rule: str, place: str, found: str, expected: str) -> RegistryError:
    return disagreement(rule, place, found, expected, XdsErrorCode.REGISTRY_METADATA)
