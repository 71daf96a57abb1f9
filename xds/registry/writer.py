"""Registering a submission, and withdrawing one's own: one statement each, all or nothing, its audit event included."""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from datetime import datetime
from typing import Any, LiteralString

import orjson
import psycopg

from security.audit.event import AuditEvent
from xds.dmp.decision import Rule
from xds.dmp.record import Record
from xds.dmp.traces import Trace
from xds.ebrim.writer import write_association, write_submission_set
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.association import Association
from xds.metadata.document_entry import AvailabilityStatus
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.times import format_dtm
from xds.registry.availability import ChangedMeanwhile, answering
from xds.registry.connections import Connections
from xds.registry.identifiers import canonical_patient_id, uuid_text
from xds.registry.kept_resources import after, to_keep
from xds.registry.refusals import (
    deprecated_document,
    duplicate_unique_id,
    non_identical_hash,
    non_identical_size,
    registered_id,
    unresolved_reference,
)
from xds.registry.registration import IfMasked, Registration
from xds.registry.rows import NewEntry, association_row, submission_set_row, uuid_array

_REFUSED = "XDS01"
_CHANGED = "XDS02"
_REGISTER: LiteralString = after(
    "register_submission(%s, %s, %s, %s, %s, %s::uuid[], %s::text::jsonb, %s::text::jsonb, %s::text::jsonb,"
    " %s::text::jsonb, %s::uuid[], %s, %b::bytea[], %s::text::jsonb, %s::text::jsonb, %s)"
)
_DELETE: LiteralString = (
    "SELECT delete_own_documents(%s, %s, %s, %s, %s::uuid[], %s::text::jsonb, %s::text::jsonb, %b::bytea[],"
    " %s::text::jsonb, %s)"
)
_BY_ID = {
    XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY: duplicate_unique_id,
    XdsErrorCode.NON_IDENTICAL_HASH: non_identical_hash,
    XdsErrorCode.NON_IDENTICAL_SIZE: non_identical_size,
    XdsErrorCode.UNRESOLVED_REFERENCE: unresolved_reference,
    XdsErrorCode.DEPRECATED_DOCUMENT: deprecated_document,
    XdsErrorCode.REGISTRY_METADATA: registered_id,
}
_WHOLE = {
    XdsErrorCode.UNKNOWN_PATIENT_ID: "no record for this patient",
    XdsErrorCode.DMP_CLOSED: "the record of this patient is closed",
    XdsErrorCode.RECORD_SUSPENDED: "the record of this patient is suspended",
    XdsErrorCode.DMP_ACCESS_DENIED: "the patient has closed the record to this requester",
    XdsErrorCode.REGISTRY_BUSY: "the record changed meanwhile: send again",
}
_RULES = {
    XdsErrorCode.UNKNOWN_PATIENT_ID: Rule.RECORD_UNKNOWN,
    XdsErrorCode.DMP_CLOSED: Rule.RECORD_CLOSED,
    XdsErrorCode.RECORD_SUSPENDED: Rule.RECORD_SUSPENDED,
    XdsErrorCode.DMP_ACCESS_DENIED: Rule.BLOCKED_BY_PATIENT,
}
"""What the law answers when the record changed after it was asked."""


class RegistryWriter:
    """Registers submissions (ITI TF-2 §3.42.4.1.3)."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    def register(
        self,
        *,
        record: Record,
        revision: int,
        patient_id: str,
        structure_id: str,
        submission_set: SubmissionSet,
        entries: Sequence[NewEntry],
        folders: Sequence[Folder] = (),
        associations: Sequence[Association],
        touched_folders: Sequence[str] = (),
        mask_when_visible: Container[str] = (),
        if_masked: Sequence[IfMasked] = (),
        now: datetime,
        event: AuditEvent,
        trace: Trace | None = None,
    ) -> None:
        """Register a submission whose bytes are stored and whose ids are `urn:uuid:`, and append its audit event.

        `trace` is what the record keeps of it, in the DMP. `mask_when_visible` are entryUUIDs of documents to mask once
        the patient may see them (D-084); `if_masked`, what becomes of documents that replace a masked one.

        Replaced documents become Deprecated, with their addenda and transformations (ITI TF-3 §4.2.2.2). `record` and
        `revision` are those of the receipt: the record's key sealed the documents. `structure_id` is the depositor.
        `associations` and `touched_folders` include the effects of the submission (`effects.effects_of`); `now` is the
        lastUpdateTime of folders new and touched.
        Raises Refusal with every error the registry found; nothing is kept then, the audit event neither. When the
        refusal is XDSRegistryNotAvailable the submission may have been kept: sending it again tells.
        Raises ChangedMeanwhile: registered objects are named, and the record is not at `revision` any more; or the
        patient changed his mind about the masking of new documents.
        """
        time = format_dtm(now)
        lot = Registration(
            submission_set=submission_set,
            entries=entries,
            folders=folders,
            associations=associations,
            time=time,
            mask_when_visible=mask_when_visible,
            if_masked=if_masked,
        )
        fragments = lot.fragments()
        parameters = (
            canonical_patient_id(patient_id),
            record.key_id,
            revision,
            record.default_masking,
            structure_id,
            lot.ids,
            lot.set_row(),
            lot.entry_rows(),
            lot.folder_rows(),
            lot.association_rows(),
            uuid_array(map(uuid_text, touched_folders)),
            time,
            fragments,
            lot.masked_rows(),
            trace.as_json() if trace is not None else None,
            event.canonical().decode("utf-8"),
            *to_keep(lot.spelled(fragments)),
        )
        self._write(_REGISTER, parameters)

    def delete_own(
        self,
        *,
        revision: int,
        patient_id: str,
        structure_id: str,
        person_id: str,
        entry_uuids: Sequence[str],
        submission_set: SubmissionSet,
        associations: Sequence[Association],
        event: AuditEvent,
        trace: Trace,
    ) -> None:
        """Delete documents that this structure deposited, every version of each, with the trace and the audit event.

        `person_id`: their author too, where a person answers for himself. `revision` is that of the facts on which it
        was decided. Bytes stay: deletion is a status (DMP TD3.3c). The ids of the submission are final.
        Raises as `register`; ChangedMeanwhile also when a document is not the structure's own any more.
        """
        parameters = (
            canonical_patient_id(patient_id),
            revision,
            structure_id,
            person_id,
            uuid_array(map(uuid_text, entry_uuids)),
            orjson.dumps(submission_set_row(submission_set)).decode(),
            orjson.dumps([association_row(association) for association in associations]).decode(),
            [
                write_submission_set(submission_set),
                *(write_association(association, AvailabilityStatus.APPROVED) for association in associations),
            ],
            trace.as_json(),
            event.canonical().decode("utf-8"),
        )
        self._write(_DELETE, parameters)

    def _write(self, statement: LiteralString, parameters: Sequence[Any]) -> None:
        try:
            with answering(), self._pool.connection() as connection:
                connection.execute(statement, parameters)
        except psycopg.errors.UniqueViolation as error:
            text = "an entryUUID of this submission is already registered"
            raise Refusal((RegistryError(XdsErrorCode.REGISTRY_METADATA, text, rule="M6"),)) from error
        except psycopg.Error as error:
            if error.sqlstate == _CHANGED:
                raise ChangedMeanwhile from error
            if error.sqlstate != _REFUSED:
                raise
            raise refused(error) from error


def refused(error: psycopg.Error) -> Refusal:
    """The refusal that the database spells: its errors, and the rule of the law where the record itself refuses."""
    errors = [_error(fact) for fact in json.loads(error.diag.message_detail or "[]")]
    rule = _RULES.get(errors[0].code) if errors else None
    return Refusal(errors, decided_by=rule.value if rule is not None else "")


def _error(fact: dict[str, str]) -> RegistryError:
    code = XdsErrorCode(fact["code"])
    return _BY_ID[code](fact["id"]) if code in _BY_ID else RegistryError(code, _WHOLE[code])
