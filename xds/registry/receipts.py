"""What the ingest door may ask about the past: receipts.

Does the record exist, and is it open; are these uniqueIds free; are these documents mine, and current. A document of
another structure and no document at all give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg_pool import ConnectionPool

from xds.dmp.record import Record, RecordStatus
from xds.errors import RegistryError
from xds.registry.availability import answering
from xds.registry.identifiers import canonical_patient_id, urn_of, uuid_of
from xds.registry.refusals import deprecated_document, duplicate_unique_id, unresolved_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer. `public_key` is the record's sealing key, empty without a record.

    `taken` are uniqueIds already registered, whoever registered them. `unresolved` are targets that are not a document
    of this structure in this record; `deprecated` those that are, and are no longer Approved. `own` maps the entryUUID
    of each target that is one to its uniqueId.
    """

    record: Record | None
    public_key: bytes
    taken: tuple[str, ...]
    unresolved: tuple[str, ...]
    deprecated: tuple[str, ...]
    own: Mapping[str, str]

    def errors(self) -> tuple[RegistryError, ...]:
        """Every error the receipt implies for the submission (ITI TF-2 §3.42.4.1.3); the record is the law's matter."""
        return (
            *(duplicate_unique_id(unique_id) for unique_id in self.taken),
            *(unresolved_reference(target) for target in self.unresolved),
            *(deprecated_document(target) for target in self.deprecated),
        )


class RegistryReceipts:
    """Asks for receipts. One round trip each."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def ask(
        self, *, patient_id: str, structure_id: str, unique_ids: Iterable[str] = (), targets: Iterable[str] = ()
    ) -> Receipt:
        """Ask about a patient (CX), uniqueIds, and entryUUIDs that the submission replaces or points at.

        A target that is not a `urn:uuid:` is unresolved. Raises Refusal: the registry does not answer.
        """
        known, symbolic = [], []
        for target in targets:
            try:
                known.append(uuid_of(target))
            except ValueError:
                symbolic.append(target)
        with answering(), self._pool.connection() as connection:
            row = connection.execute(
                "SELECT patient_key, status, key_id, public_key, taken, unresolved, deprecated, own"
                " FROM deposit_receipt(%s, %s, %s::text[], %s::uuid[])",
                (canonical_patient_id(patient_id), structure_id, list(unique_ids), known),
            ).fetchone()
        if row is None:
            raise LookupError("deposit_receipt always answers one row")
        patient_key, status, key_id, public_key, taken, unresolved, deprecated, own = row
        record = None
        if patient_key is not None:
            record = Record(patient_key=patient_key, status=RecordStatus(status), key_id=key_id)
        return Receipt(
            record=record,
            public_key=bytes(public_key or b""),
            taken=tuple(taken),
            unresolved=(*symbolic, *map(urn_of, unresolved)),
            deprecated=tuple(map(urn_of, deprecated)),
            own={urn_of(UUID(target)): unique_id for target, unique_id in own.items()},
        )
