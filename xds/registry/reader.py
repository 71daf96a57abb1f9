"""Reading the registry, for the consultation door.

Searches of documents are one round trip; answers put together from several questions are one transaction. The record
and the requester's authorisation come along, from the same snapshot, for the law to decide on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from profiles.dmp.spaces import place_of
from xds.dmp.record import Authorisation, Record
from xds.queries import (
    FindDocuments,
    FindDocumentsForMultiplePatients,
    FindFolders,
    FindFoldersForMultiplePatients,
    FindSubmissionSets,
    GetAll,
    GetAssociations,
    GetDocuments,
    GetDocumentsAndAssociations,
    GetFolderAndContents,
    GetFolders,
    GetFoldersForDocument,
    GetRelatedDocuments,
    GetSubmissionSetAndContents,
    GetSubmissionSets,
    MultiPatientQuery,
    Query,
    ReturnType,
    StoredQuery,
)
from xds.registry import contents
from xds.registry.availability import answering
from xds.registry.conditions import Conditions, of_document_search, of_folder_search, of_ids, of_submission_set_search
from xds.registry.found import Row, read_entries, read_head
from xds.registry.identifiers import canonical_patient_id, urn_of
from xds.registry.scope import Scope
from xds.registry.snapshot import Snapshot
from xds.registry.statements import (
    ENTRIES,
    ENTRIES_AND_KEYS,
    ENTRIES_OF_RECORD,
    ENTRIES_OF_RECORD_AND_KEYS,
    ENTRY,
    FRAGMENTS,
    HEAD,
    KEY_ID,
    RECORD,
    without_fragments,
)
from xds.registry.view import MOST_OBJECTS, View


class RegistryReader:
    """Answers stored queries and retrieves (ITI TF-2 §3.18, §3.43, §3.51).

    Every method raises Refusal when the registry does not answer.
    """

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def answer(self, query: StoredQuery | MultiPatientQuery, scope: Scope | None = None) -> View:
        """Answer a stored query; in a scope, as if what its law hides did not exist.

        Whether the requester may consult at all is for the caller to decide on the view too, before anything is shown.
        """
        if isinstance(query, FindDocuments | FindDocumentsForMultiplePatients | GetDocuments):
            return self._documents(query, scope)
        with self._snapshot() as cursor:
            if scope is None:
                return _ANSWERS[type(query)](query, Snapshot(cursor, patient_key=None, return_type=query.return_type))
            return _within(scope, cursor, query.return_type, lambda registry: _ANSWERS[type(query)](query, registry))

    def documents_by_unique_id(self, unique_ids: Sequence[str], scope: Scope | None = None) -> View:
        """What ITI-43 needs: the entries, and the wrapped private keys that open their bytes.

        One uniqueId may have several entries; those that have bytes here come last.
        """
        wanted = Conditions("e.unique_id = ANY (%s)", list(unique_ids))
        if scope is None:
            rows = self._rows(ENTRIES_AND_KEYS.replace("CONDITIONS", wanted.sql), wanted.values)
            return _view(rows, 0, None)
        values = [*_head(scope, scope.patient_id), *wanted.values]
        rows = self._rows(ENTRIES_OF_RECORD_AND_KEYS.replace("CONDITIONS", wanted.sql), values, scope)
        return _view(rows, HEAD, scope)

    def patient_of(self, view: View) -> str:
        """The one patient whose objects were found, as the registry spells the id; empty: there are several, or none.

        Raises Refusal: the registry is busy or does not answer.
        """
        keys = {one.patient_key for one in view.entries}
        keys |= {one.patient_key for one in view.submission_sets} | {one.patient_key for one in view.folders}
        if len(keys) != 1:
            return ""
        rows = self._rows("SELECT patient_id FROM patients WHERE patient_key = %s", list(keys))
        return str(rows[0][0]) if rows else ""

    def _documents(
        self, query: FindDocuments | FindDocumentsForMultiplePatients | GetDocuments, scope: Scope | None
    ) -> View:
        patient_id = scope.patient_id if scope is not None else None
        if isinstance(query, GetDocuments):
            wanted = of_ids(contents.DOCUMENT_IDS, query.entry_uuids, query.unique_ids, query.logical_ids)
        elif isinstance(query, FindDocuments):
            wanted = of_document_search(query)
            patient_id = patient_id or query.patient_id
            if canonical_patient_id(patient_id) != canonical_patient_id(query.patient_id):
                wanted.add("false")
        else:
            wanted = of_document_search(query, query.patient_ids)
        statement = ENTRIES if patient_id is None else ENTRIES_OF_RECORD
        if scope is not None or query.return_type is ReturnType.OBJECT_REF:
            statement = without_fragments(statement)
        values = wanted.values
        if patient_id is not None:
            values = [*_head(scope, patient_id), *values]
        rows = self._rows(statement.replace("CONDITIONS", wanted.sql), values, scope)
        view = _view(rows, 0 if patient_id is None else HEAD, scope)
        if scope is not None and len(rows) > MOST_OBJECTS[ReturnType.OBJECT_REF]:
            with self._snapshot() as cursor:
                view = _within(scope, cursor, query.return_type, lambda it: View(entries=it.documents(wanted)))
        if len(view.entries) > MOST_OBJECTS[query.return_type]:
            return view
        if isinstance(query, FindDocuments) and query.spaces:
            view = _in_spaces(view, query.spaces)
        return self._whole(view) if scope is not None and query.return_type is ReturnType.LEAF_CLASS else view

    def _whole(self, view: View) -> View:
        """The same documents with their fragments, which are read of what is seen only: it takes as long as that."""
        if view.record is None or not view.entries:
            return view
        ids = [UUID(entry.entry_uuid) for entry in view.entries]
        found = {urn_of(row[0]): row[1] for row in self._rows(FRAGMENTS, [view.record.patient_key, ids])}
        entries = (
            replace(entry, fragment=found[entry.entry_uuid]) for entry in view.entries if entry.entry_uuid in found
        )
        return replace(view, entries=tuple(entries))

    def _rows(self, sql: LiteralString, values: list[Any], scope: Scope | None = None) -> list[Row]:
        """The rows of one statement; in a scope, not before its record admits whoever looks."""
        with answering(), self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            if scope is not None:
                _admitted(scope, cursor)
            rows: list[Row] = cursor.execute(sql, values).fetchall()
        return rows

    @contextmanager
    def _snapshot(self) -> Iterator[psycopg.Cursor[Any]]:
        """A cursor for which nothing changes: every question sees the same moment."""
        with (
            answering(),
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(binary=True) as cursor,
        ):
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield cursor


def _head(scope: Scope | None, patient_id: str) -> list[Any]:
    """The first values of a statement that begins with the record."""
    return [list(scope.holders) if scope is not None else [], canonical_patient_id(patient_id)]


def _admitted(scope: Scope, cursor: psycopg.Cursor[Any]) -> tuple[Record | None, Authorisation | None]:
    """The record of a scope and the authorisation that counts there. Raises Refusal: the scope does not admit."""
    record, authorisations = read_head(cursor.execute(RECORD, _head(scope, scope.patient_id)).fetchall())
    authorisation = scope.effective(record, authorisations) if record is not None else None
    scope.admits(record, authorisation)
    return record, authorisation


def _within(
    scope: Scope, cursor: psycopg.Cursor[Any], return_type: ReturnType, answer: Callable[[Snapshot], View]
) -> View:
    """What the registry answers when nothing but the record of a scope exists, and of it what the law shows."""
    record, authorisation = _admitted(scope, cursor)
    if record is None:
        return View()
    registry = Snapshot(cursor, patient_key=record.patient_key, return_type=return_type)
    registry.hide(scope.sight(record, authorisation))
    return replace(answer(registry), record=record, authorisation=authorisation)


def _view(rows: Sequence[Row], start: int, scope: Scope | None) -> View:
    """The documents of rows whose columns begin at `start`, after the record when that is not 0.

    A column after the document is its wrapped key.
    """
    record, authorisations = read_head(rows) if start else (None, ())
    entries = read_entries(rows, start)
    authorisation = None
    if scope is not None and record is not None:
        authorisation = scope.effective(record, authorisations)
        entries = tuple(filter(scope.sight(record, authorisation), entries))
    key_id, wrapped = start + KEY_ID, start + ENTRY
    keys = {row[key_id]: row[wrapped] for row in rows if len(row) > wrapped and row[wrapped] is not None}
    return View(record=record, authorisation=authorisation, entries=entries, record_keys=keys)


def _in_spaces(view: View, spaces: Collection[str]) -> View:
    """The documents that stand in some spaces of the DMP: by their type and class, which is all that is kept apart."""
    places = ((entry, place_of(entry.type_code.code, entry.class_code.code)) for entry in view.entries)
    return replace(view, entries=tuple(entry for entry, place in places if place is not None and place.space in spaces))


def _find_submission_sets(query: FindSubmissionSets, registry: Snapshot) -> View:
    return View(submission_sets=registry.submission_sets(of_submission_set_search(query)))


def _find_folders(query: FindFolders, registry: Snapshot) -> View:
    return View(folders=registry.folders(of_folder_search(query, (query.patient_id,))))


def _find_folders_for_multiple_patients(query: FindFoldersForMultiplePatients, registry: Snapshot) -> View:
    return View(folders=registry.folders(of_folder_search(query, query.patient_ids)))


def _get_folders(query: GetFolders, registry: Snapshot) -> View:
    wanted = of_ids(contents.FOLDER_IDS, query.entry_uuids, query.unique_ids, query.logical_ids)
    return View(folders=registry.folders(wanted))


_ANSWERS: Mapping[type[Query], Callable[[Any, Snapshot], View]] = {
    FindSubmissionSets: _find_submission_sets,
    FindFolders: _find_folders,
    FindFoldersForMultiplePatients: _find_folders_for_multiple_patients,
    GetAll: contents.get_all,
    GetFolders: _get_folders,
    GetAssociations: contents.get_associations,
    GetDocumentsAndAssociations: contents.get_documents_and_associations,
    GetSubmissionSets: contents.get_submission_sets,
    GetSubmissionSetAndContents: contents.get_submission_set_and_contents,
    GetFolderAndContents: contents.get_folder_and_contents,
    GetFoldersForDocument: contents.get_folders_for_document,
    GetRelatedDocuments: contents.get_related_documents,
}
