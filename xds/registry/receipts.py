"""What the ingest door may ask about the past: receipts.

Does the record exist, and is it open; which of these uniqueIds are registered; which of these ids; which documents are
one's own. In the DMP a document of another structure and no document at all give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, LiteralString
from uuid import UUID

from xds.dmp.record import EmergencyConsents, Record, RecordStatus
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.availability import answering
from xds.registry.connections import Connections
from xds.registry.facts import (
    Existence,
    ObjectKind,
    OwnDocument,
    OwnDocuments,
    Receipt,
    RegisteredObject,
    RegisteredUniqueId,
)
from xds.registry.identifiers import canonical_patient_id, urn_of, uuid_text
from xds.registry.rows import uuid_array

_RECORD: LiteralString = "patient_key, status, key_id, revision, attached_to_ens, ahead"
_RECORD_COLUMNS = 6
_FACTS: LiteralString = (
    f"SELECT {_RECORD}, birth_date, btg, default_masking, public_key, objects, unique_ids"  # noqa: S608 - fixed columns
    " FROM submission_facts(%s, %s, %s::text[], %s::uuid[])"
)
_OWN: LiteralString = f"SELECT {_RECORD}, documents FROM own_documents(%s, %s, %s, %s::text[], %s::uuid[])"  # noqa: S608 - fixed columns
_EXISTENCE: LiteralString = (
    f"SELECT {_RECORD}, closed_at, closing_motive, closing_reason, account_open FROM record_receipt(%s)"  # noqa: S608 - fixed columns
)
_MERGED = "MERGED"


class RegistryReceipts:
    """Asks for receipts. One round trip each."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    def ask(
        self, *, patient_id: str, structure_id: str, unique_ids: Iterable[str] = (), ids: Iterable[str] = ()
    ) -> Receipt:
        """Ask about a patient (CX), uniqueIds, and every id that the submission names or gives to its objects.

        Ids that are no `urn:uuid:` name no registered object; `objects` of the receipt has the others as they were
        asked. Raises Refusal: the registry does not answer.
        """
        asked = dict(_uuids(ids))
        with answering(), self._pool.connection() as connection:
            row = connection.execute(
                _FACTS,
                (
                    canonical_patient_id(patient_id),
                    structure_id,
                    list(dict.fromkeys(unique_ids)),
                    uuid_array(set(asked.values())),
                ),
            ).fetchone()
        if row is None:
            raise LookupError("submission_facts always answers one row")
        born, btg, default_masking, public_key, objects, taken = row[_RECORD_COLUMNS:]
        record = _record(row)
        if record is not None:
            emergency = EmergencyConsents(btg=btg)
            record = replace(record, birth_date=born, emergency=emergency, default_masking=default_masking)
        known = {item["id"]: item for item in objects}
        return Receipt(
            record=record,
            public_key=bytes(public_key) if record is not None else b"",
            revision=record.revision if record is not None else 0,
            objects={text: _object(known[uuid]) for text, uuid in asked.items() if uuid in known},
            unique_ids={item["id"]: _unique_id(item) for item in taken},
        )

    def own_documents(
        self,
        *,
        patient_id: str,
        structure_id: str,
        person_id: str = "",
        unique_ids: Iterable[str] = (),
        ids: Iterable[str] = (),
    ) -> OwnDocuments:
        """Which documents of a record (CX) this structure deposited, among those asked (DMP TD3.1b).

        A uniqueId gives the last version of its document, an id that version. `person_id`: of those, the ones whose
        author is this person. Raises Refusal: the registry does not answer.
        """
        asked = dict(_uuids(ids))
        parameters = (
            canonical_patient_id(patient_id),
            structure_id,
            person_id,
            list(dict.fromkeys(unique_ids)),
            uuid_array(set(asked.values())),
        )
        with answering(), self._pool.connection() as connection:
            row = connection.execute(_OWN, parameters).fetchone()
        if row is None:
            raise LookupError("own_documents always answers one row")
        return OwnDocuments(record=_record(row), documents=tuple(map(_own, row[_RECORD_COLUMNS])))

    def existence(self, patient_id: str) -> Existence | None:
        """What an establishment may know of the record of a patient (CX); None: there is none (DMP TD0.2).

        Raises Refusal: the registry does not answer.
        """
        with answering(), self._pool.connection() as connection:
            row = connection.execute(_EXISTENCE, (canonical_patient_id(patient_id),)).fetchone()
        record = _record(row) if row is not None else None
        if row is None or record is None:
            return None
        closed_at, motive, reason, account_open = row[_RECORD_COLUMNS:]
        return Existence(
            record=record,
            closed_at=closed_at,
            closing_motive=motive or "",
            closing_reason=reason or "",
            account_open=account_open,
        )


def _uuids(ids: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Those of the ids that may name a registered object, and their UUIDs in their one spelling."""
    for text in ids:
        try:
            yield text, uuid_text(text)
        except ValueError:
            continue


def _record(row: Sequence[Any]) -> Record | None:
    """The record of a row that begins with its columns; None for a patient unknown or merged into another.

    What the patient wants and permits is not told where nothing is decided on it.
    """
    patient_key, status, key_id, revision, attached, ahead = row[:_RECORD_COLUMNS]
    if patient_key is None or status == _MERGED:
        return None
    return Record(
        patient_key=patient_key,
        status=RecordStatus(status),
        key_id=key_id,
        revision=revision,
        attached_to_ens=attached,
        ahead=ahead,
    )


def _own(row: Mapping[str, Any]) -> OwnDocument:
    return OwnDocument(
        entry_uuid=urn_of(UUID(row["id"])),
        logical_id=urn_of(UUID(row["logical_id"])),
        unique_id=row["unique_id"],
        status=AvailabilityStatus[row["status"]],
    )


def _object(row: Mapping[str, Any]) -> RegisteredObject:
    folders: Sequence[str] = row.get("folders") or ()
    return RegisteredObject(
        entry_uuid=urn_of(UUID(row["id"])),
        kind=ObjectKind(row["kind"]),
        status=AvailabilityStatus[row["status"]],
        same_patient=row["same_patient"],
        unique_id=row["unique_id"] or "",
        object_type=urn_of(UUID(row["object_type"])) if row["object_type"] else "",
        is_transformation=row["is_transformation"],
        folders=tuple(urn_of(UUID(folder)) for folder in folders),
    )


def _unique_id(row: Mapping[str, Any]) -> RegisteredUniqueId:
    return RegisteredUniqueId(
        unique_id=row["id"], kind=ObjectKind(row["kind"]), hash=row.get("hash"), size=row.get("size")
    )
