"""What the ingest door may ask about the past: receipts.

Does the record exist, and is it open; which of these uniqueIds are registered; which of these ids. In the DMP a
document of another structure and no document at all give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg_pool import ConnectionPool

from xds.dmp.record import Record, RecordStatus
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.availability import answering
from xds.registry.facts import ObjectKind, Receipt, RegisteredObject, RegisteredUniqueId
from xds.registry.identifiers import canonical_patient_id, urn_of, uuid_text
from xds.registry.rows import uuid_array

_FACTS: LiteralString = (
    "SELECT patient_key, status, key_id, public_key, revision, objects, unique_ids"
    " FROM submission_facts(%s, %s, %s::text[], %s::uuid[])"
)
_MERGED = "MERGED"


class RegistryReceipts:
    """Asks for receipts. One round trip each."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
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
        patient_key, status, key_id, public_key, revision, objects, taken = row
        known = {item["id"]: item for item in objects}
        unknown_patient = patient_key is None or status == _MERGED
        return Receipt(
            record=None
            if unknown_patient
            else Record(patient_key=patient_key, status=RecordStatus(status), key_id=key_id),
            public_key=b"" if unknown_patient else bytes(public_key),
            revision=revision or 0,
            objects={text: _object(known[uuid]) for text, uuid in asked.items() if uuid in known},
            unique_ids={item["id"]: _unique_id(item) for item in taken},
        )


def _uuids(ids: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Those of the ids that may name a registered object, and their UUIDs in their one spelling."""
    for text in ids:
        try:
            yield text, uuid_text(text)
        except ValueError:
            continue


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
