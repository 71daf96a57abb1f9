"""Reading the registry, for the consultation door: one round trip a question.

Each answer brings the record and the requester's authorisation along, so that the law decides on the same snapshot. No
right is applied here: callers show `view.readable_by(requester)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg_pool import ConnectionPool

from xds.dmp.record import Authorisation, AuthorisationStatus, Record, RecordStatus
from xds.messages import FindDocuments, GetAll, GetDocuments
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.availability import answering
from xds.registry.conditions import Conditions, of_find_documents, of_get_all, status_names
from xds.registry.identifiers import canonical_patient_id, urn_of, uuid_of
from xds.registry.rows import read_code_text
from xds.registry.statements import ALL, ENTRIES, ENTRIES_AND_KEYS, FRAGMENT, HEAD
from xds.registry.view import RecordView, RegisteredAssociation, RegisteredEntry, RegisteredSubmissionSet

_KEY_ID, _WRAPPED = FRAGMENT - 1, FRAGMENT + 1
_KIND, _TYPE, _SOURCE, _TARGET = range(FRAGMENT + 1, FRAGMENT + 5)


class RegistryReader:
    """Answers stored queries and retrieves (ITI TF-2 §3.18, §3.43). Raises Refusal: the registry does not answer."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def find_documents(self, query: FindDocuments, *, professional_id: str) -> RecordView:
        """FindDocuments, newest first (by creationTime)."""
        return self._entries(query.patient_id, professional_id, of_find_documents(query))

    def get_documents(self, query: GetDocuments, *, patient_id: str, professional_id: str) -> RecordView:
        """GetDocuments among the documents of one patient, that of the assertion; those of others look absent."""
        wanted = Conditions()
        if query.entry_uuids:
            wanted.add("e.entry_uuid = ANY (%s)", _uuids(query.entry_uuids))
        else:
            wanted.add("e.unique_id = ANY (%s)", list(query.unique_ids))
        return self._entries(patient_id, professional_id, wanted)

    def documents_by_unique_id(self, unique_ids: Sequence[str], *, patient_id: str, professional_id: str) -> RecordView:
        """What ITI-43 needs: the entries, and the wrapped private keys that open their bytes."""
        rows = self._rows(ENTRIES_AND_KEYS, [professional_id, list(unique_ids), canonical_patient_id(patient_id)])
        record, authorisation = _head(rows)
        return RecordView(
            record=record,
            authorisation=authorisation,
            entries=_read_entries(rows),
            record_keys={row[_KEY_ID]: row[_WRAPPED] for row in rows if row[_WRAPPED] is not None},
        )

    def get_all(self, query: GetAll, *, professional_id: str) -> RecordView:
        """GetAll: submission sets, documents, and the record's associations (ITI TF-2 §3.18.4.1.2.3.7.4)."""
        wanted = of_get_all(query)
        set_statuses = status_names(query.submission_set_statuses)
        rows = self._rows(
            ALL.replace("CONDITIONS", wanted.sql),
            [professional_id, *wanted.values, set_statuses, canonical_patient_id(query.patient_id)],
        )
        by_kind: dict[str | None, list[tuple[Any, ...]]] = {}
        for row in rows:
            by_kind.setdefault(row[_KIND], []).append(row)
        record, authorisation = _head(rows)
        return RecordView(
            record=record,
            authorisation=authorisation,
            entries=_read_entries(by_kind.get("entry", ())),
            others=_read_entries(by_kind.get("other", ())),
            submission_sets=tuple(map(_read_submission_set, by_kind.get("set", ()))),
            associations=tuple(map(_read_association, by_kind.get("association", ()))),
        )

    def _entries(self, patient_id: str, professional_id: str, wanted: Conditions) -> RecordView:
        rows = self._rows(
            ENTRIES.replace("CONDITIONS", wanted.sql),
            [professional_id, *wanted.values, canonical_patient_id(patient_id)],
        )
        record, authorisation = _head(rows)
        return RecordView(record=record, authorisation=authorisation, entries=_read_entries(rows))

    def _rows(self, sql: LiteralString, values: list[Any]) -> list[tuple[Any, ...]]:
        with answering(), self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            rows: list[tuple[Any, ...]] = cursor.execute(sql, values).fetchall()
        return rows


def _uuids(entry_uuids: Iterable[str]) -> list[UUID]:
    """The UUIDs among ids: anything else names no registered object."""
    found = []
    for text in entry_uuids:
        try:
            found.append(uuid_of(text))
        except ValueError:
            continue
    return found


def _head(rows: Sequence[tuple[Any, ...]]) -> tuple[Record | None, Authorisation | None]:
    if not rows:
        return None, None
    patient_key, status, key_id, professional_id, authorisation, valid_until = rows[0][:HEAD]
    record = Record(patient_key=patient_key, status=RecordStatus(status), key_id=key_id)
    if professional_id is None:
        return record, None
    granted = Authorisation(
        professional_id=professional_id, status=AuthorisationStatus(authorisation), valid_until=valid_until
    )
    return record, granted


def _read_entries(rows: Iterable[tuple[Any, ...]]) -> tuple[RegisteredEntry, ...]:
    return tuple(_read_entry(row) for row in rows if row[HEAD] is not None)


def _read_entry(row: tuple[Any, ...]) -> RegisteredEntry:
    entry_uuid, unique_id, status, codes, structures, persons, depositor, address, mime_type, size, digest, key_id = (
        row[HEAD:FRAGMENT]
    )
    by_attribute: dict[str, list[str]] = orjson.loads(codes)
    return RegisteredEntry(
        patient_key=row[0],
        entry_uuid=urn_of(entry_uuid),
        unique_id=unique_id,
        status=AvailabilityStatus[status],
        class_code=_first(by_attribute, "classCode"),
        type_code=_first(by_attribute, "typeCode"),
        format_code=_first(by_attribute, "formatCode"),
        confidentiality_codes=tuple(read_code_text(text).code for text in by_attribute["confidentialityCode"]),
        author_structure_ids=tuple(structures),
        author_person_ids=tuple(persons),
        depositor_id=depositor,
        blob_address=address,
        mime_type=mime_type,
        size=size,
        hash=digest,
        key_id=key_id,
        fragment=row[FRAGMENT] or b"",
    )


def _first(codes: dict[str, list[str]], attribute: str) -> Code:
    texts = codes.get(attribute)
    return read_code_text(texts[0]) if texts else Code("", "")


def _read_submission_set(row: tuple[Any, ...]) -> RegisteredSubmissionSet:
    return RegisteredSubmissionSet(entry_uuid=urn_of(row[HEAD]), unique_id=row[HEAD + 1], fragment=row[FRAGMENT])


def _read_association(row: tuple[Any, ...]) -> RegisteredAssociation:
    association_type, source, target = row[_TYPE], row[_SOURCE], row[_TARGET]
    return RegisteredAssociation(
        entry_uuid=urn_of(row[HEAD]),
        association_type=association_type,
        source=urn_of(source),
        target=urn_of(target),
        fragment=row[FRAGMENT],
    )
