"""Registering a submission: one statement, all or nothing, its audit event included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
import psycopg
from psycopg_pool import ConnectionPool

from security.audit.event import AuditEvent
from xds.dmp.record import Record
from xds.ebrim.writer import write_association, write_entry, write_submission_set
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.association import Association
from xds.metadata.submission_set import SubmissionSet
from xds.registry.availability import answering
from xds.registry.identifiers import canonical_patient_id
from xds.registry.refusals import deprecated_document, duplicate_unique_id, unresolved_reference
from xds.registry.rows import NewEntry, association_row, entry_row, submission_set_row

_REFUSED = "XDS01"
_REGISTER = "SELECT register_submission(%s, %s, %s, %s::text::jsonb, %s::text::jsonb, %s::text::jsonb, %b::bytea[], %s)"
_BY_ID = {
    XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY: duplicate_unique_id,
    XdsErrorCode.UNRESOLVED_REFERENCE: unresolved_reference,
    XdsErrorCode.DEPRECATED_DOCUMENT: deprecated_document,
}
_WHOLE = {
    XdsErrorCode.UNKNOWN_PATIENT_ID: "no record for this patient",
    XdsErrorCode.DMP_CLOSED: "the record of this patient is closed",
    XdsErrorCode.REGISTRY_BUSY: "the record changed meanwhile: send again",
}


class RegistryWriter:
    """Registers submissions (ITI TF-2 §3.42.4.1.3)."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def register(
        self,
        *,
        record: Record,
        patient_id: str,
        structure_id: str,
        submission_set: SubmissionSet,
        entries: Sequence[NewEntry],
        associations: Sequence[Association],
        event: AuditEvent,
    ) -> None:
        """Register a submission whose bytes are stored and whose ids are `urn:uuid:`, and append its audit event.

        Replaced documents become Deprecated, with their addenda and transformations (ITI TF-3 §4.2.2.2). `record` is
        that of the receipt: its key sealed the documents. `structure_id` is the depositor.
        Raises Refusal with every error the registry found; nothing is kept then, the audit event neither. When the
        refusal is XDSRegistryNotAvailable the submission may have been kept: sending it again tells.
        """
        parameters = (
            canonical_patient_id(patient_id),
            record.key_id,
            structure_id,
            orjson.dumps(submission_set_row(submission_set)).decode(),
            orjson.dumps([entry_row(entry) for entry in entries]).decode(),
            orjson.dumps([association_row(association) for association in associations]).decode(),
            [
                write_submission_set(submission_set),
                *(write_entry(new.entry) for new in entries),
                *(write_association(association) for association in associations),
            ],
            event.canonical().decode("utf-8"),
        )
        try:
            with answering(), self._pool.connection() as connection:
                connection.execute(_REGISTER, parameters)
        except psycopg.errors.UniqueViolation as error:
            text = "an entryUUID of this submission is already registered"
            raise Refusal((RegistryError(XdsErrorCode.REGISTRY_METADATA, text, rule="M6"),)) from error
        except psycopg.Error as error:
            if error.sqlstate != _REFUSED:
                raise
            raise Refusal(map(_error, json.loads(error.diag.message_detail or "[]"))) from error


def _error(fact: dict[str, str]) -> RegistryError:
    code = XdsErrorCode(fact["code"])
    return _BY_ID[code](fact["id"]) if code in _BY_ID else RegistryError(code, _WHOLE[code])
