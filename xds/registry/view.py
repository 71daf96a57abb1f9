"""What the registry answers: objects found, and for a record its holder's authorisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from xds.dmp.decision import Decision
from xds.dmp.record import Authorisation, Record
from xds.ebrim.writer import object_ref, with_home, with_last_update_time, with_status
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.association import AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus
from xds.queries import ReturnType

MOST_OBJECTS: Mapping[ReturnType, int] = {ReturnType.LEAF_CLASS: 10_000, ReturnType.OBJECT_REF: 100_000}
"""How many objects of one kind an answer may hold."""


class RegisteredEntry(NamedTuple):
    """A registered document. `fragment` is its ebRIM as registered; `rendered` brings the status up to date.

    `confidentiality_codes` come without their scheme; codes have no display name. `author_person_ids` are PS_IdNat,
    `author_structure_ids` and `depositor_id` Struct_IdNat. `blob_address` names the sealed bytes, sealed to `key_id`:
    both are None when there are none here. On-demand entries have no `size` and no `hash`.
    """

    patient_key: UUID
    entry_uuid: str
    unique_id: str
    status: AvailabilityStatus
    class_code: Code
    type_code: Code
    format_code: Code
    confidentiality_codes: tuple[str, ...]
    author_structure_ids: tuple[str, ...]
    author_person_ids: tuple[str, ...]
    depositor_id: str
    blob_address: bytes | None
    mime_type: str
    size: int | None
    hash: str | None
    key_id: UUID | None
    fragment: bytes

    def rendered(self) -> bytes:
        """The ebRIM fragment with the status of now."""
        return _with_status(self.fragment, self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredSubmissionSet:
    """A registered submission set, always Approved."""

    patient_key: UUID
    entry_uuid: str
    unique_id: str
    fragment: bytes

    def rendered(self) -> bytes:
        """The ebRIM fragment."""
        return self.fragment


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredFolder:
    """A registered folder. `last_update_time` is a DTM of 14 digits, UTC."""

    patient_key: UUID
    entry_uuid: str
    unique_id: str
    version: int
    status: AvailabilityStatus
    last_update_time: str
    fragment: bytes

    def rendered(self) -> bytes:
        """The ebRIM fragment with the status and the lastUpdateTime of now."""
        return with_last_update_time(_with_status(self.fragment, self.status), self.last_update_time)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredAssociation:
    """A registered association. `source` and `target` are `urn:uuid:`."""

    entry_uuid: str
    association_type: str
    source: str
    target: str
    status: AvailabilityStatus
    fragment: bytes

    def rendered(self) -> bytes:
        """The ebRIM fragment with the status of now."""
        return _with_status(self.fragment, self.status)


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of its document an entry is. `changed_at` is UTC.

    `lasting` is what was kept of its resource when it was registered (`kept_resources`), if it was. `relations` are the
    approved associations that start from it, of the kinds that relate documents: each once, with the logicalID of a
    document at its other end that is seen too.
    """

    logical_id: str
    number: int
    changed_at: datetime
    is_last: bool
    lasting: bytes | None = field(default=None, compare=False, repr=False)
    relations: tuple[tuple[AssociationType, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An answer of the registry.

    `record` and `authorisation` are there when the scope was one record that exists, and `decision` what its law said
    when it was asked whether the requester may look there. `record_keys` are the wrapped
    private keys that open the bytes of `entries`, when bytes are asked for. `versions` are those of `entries`, by
    entryUUID, when whole documents are.
    """

    record: Record | None = None
    authorisation: Authorisation | None = None
    decision: Decision | None = None
    entries: tuple[RegisteredEntry, ...] = ()
    folders: tuple[RegisteredFolder, ...] = ()
    submission_sets: tuple[RegisteredSubmissionSet, ...] = ()
    associations: tuple[RegisteredAssociation, ...] = ()
    record_keys: Mapping[UUID, bytes] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)

    def objects(
        self, return_type: ReturnType = ReturnType.LEAF_CLASS, *, home: str | None = None, multi_patient: bool = False
    ) -> tuple[bytes, ...]:
        """The answer in ebRIM: submission sets, documents, folders, associations; each with `home`, if there is one.

        Raises Refusal: XDSTooManyResults; XDSResultNotSinglePatient when whole objects of two patients would be
        answered by a query that is not `multi_patient` (ITI TF-2 §3.18.4.1.2.3.8).
        """
        self.check_size(return_type)
        kinds = (self.submission_sets, self.entries, self.folders, self.associations)
        found = [item for kind in kinds for item in kind]
        if return_type is ReturnType.OBJECT_REF:
            return tuple([object_ref(item.entry_uuid, home) for item in found])
        if not multi_patient and not self._has_one_patient():
            text = "the objects asked for belong to several patients: ask for each, or for ObjectRef"
            raise Refusal((RegistryError(XdsErrorCode.RESULT_NOT_SINGLE_PATIENT, text),))
        rendered = [item.rendered() for item in found]
        return tuple([with_home(fragment, home) for fragment in rendered] if home else rendered)

    def check_size(self, return_type: ReturnType = ReturnType.LEAF_CLASS) -> None:
        """Raises Refusal: XDSTooManyResults, more objects of a kind than an answer may hold."""
        most = MOST_OBJECTS[return_type]
        kinds = (self.submission_sets, self.entries, self.folders, self.associations)
        if any(len(kind) > most for kind in kinds):
            text = f"more than {most} objects match: narrow the query, or ask for ObjectRef"
            raise Refusal((RegistryError(XdsErrorCode.TOO_MANY_RESULTS, text),))

    def _has_one_patient(self) -> bool:
        patients = {item.patient_key for item in self.entries}
        patients.update(item.patient_key for item in self.submission_sets)
        patients.update(item.patient_key for item in self.folders)
        return len(patients) <= 1


def _with_status(fragment: bytes, status: AvailabilityStatus) -> bytes:
    return fragment if status is AvailabilityStatus.APPROVED else with_status(fragment, status)
