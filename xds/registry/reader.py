"""Reading the registry, for the consultation door.

Searches of documents are one round trip; answers put together from several questions are one transaction. The record
and the requester's authorisation come along, from the same snapshot, for the law to decide on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from xds.dmp.record import Record
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
from xds.registry.conditions import Conditions, of_document_search, of_ids
from xds.registry.found import Row, read_entries, read_head
from xds.registry.identifiers import canonical_patient_id
from xds.registry.openings import ASPECTS, Openings, bounds_of, openings
from xds.registry.places import in_spaces
from xds.registry.rows import text_array
from xds.registry.scope import Scope, Sight
from xds.registry.snapshot import Snapshot
from xds.registry.statements import (
    ENTRIES,
    ENTRIES_AND_KEYS,
    ENTRIES_OF_RECORD,
    ENTRY,
    HEAD,
    KEY_ID,
    RECORD,
    without_fragments,
)
from xds.registry.versions import read_versions
from xds.registry.view import MOST_OBJECTS, View

_ONE_MOMENT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class RegistryReader:
    """Answers stored queries and retrieves (ITI TF-2 §3.18, §3.43, §3.51).

    Every method raises Refusal when the registry does not answer.
    """

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self._pool = pool

    def answer(self, query: StoredQuery | MultiPatientQuery, scope: Scope | None = None) -> View:
        """Answer a stored query; in a scope, as if what its law hides did not exist.

        Whether the requester may consult at all is decided by the scope, before anything is read; the view has it.
        """
        if isinstance(query, FindDocuments | FindDocumentsForMultiplePatients | GetDocuments):
            return self._documents(query, scope)
        with self._snapshot() as cursor:
            if scope is None:
                return _ANSWERS[type(query)](query, Snapshot(cursor, patient_key=None, return_type=query.return_type))
            return _within(scope, cursor, query.return_type, lambda registry: _ANSWERS[type(query)](query, registry))

    def answer_whole(self, query: FindDocuments | GetDocuments, scope: Scope | None = None) -> View:
        """As `answer`, with the versions of documents; without any when there are more than an answer may hold."""
        return self._documents(query, scope, whole=True)

    def documents_by_unique_id(self, unique_ids: Sequence[str], scope: Scope | None = None) -> View:
        """What ITI-43 needs: the entries, and the wrapped private keys that open their bytes.

        One uniqueId may have several entries; those that have bytes here come last.
        """
        wanted = Conditions("e.unique_id = ANY (%s::text[])", text_array(unique_ids))
        statement = without_fragments(ENTRIES_AND_KEYS)
        if scope is None:
            return _view(self._rows(statement.replace("CONDITIONS", wanted.sql), wanted.values))
        return self._scoped(statement, wanted, scope)

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
        self,
        query: FindDocuments | FindDocumentsForMultiplePatients | GetDocuments,
        scope: Scope | None,
        *,
        whole: bool = False,
    ) -> View:
        if isinstance(query, GetDocuments):
            wanted = of_ids(contents.DOCUMENT_IDS, query.entry_uuids, query.unique_ids, query.logical_ids)
        elif isinstance(query, FindDocuments):
            wanted = of_document_search(query)
            if scope is not None and canonical_patient_id(scope.patient_id) != canonical_patient_id(query.patient_id):
                wanted.add("false")
        else:
            wanted = of_document_search(query, query.patient_ids)
        bare = query.return_type is ReturnType.OBJECT_REF and not (isinstance(query, FindDocuments) and query.spaces)
        statement = without_fragments(ENTRIES) if bare else ENTRIES
        if scope is not None:
            view = self._scoped(statement, wanted, scope, whole=whole)
        elif isinstance(query, FindDocuments):
            view = self._of_patient(query, wanted)
            if whole and view.record is not None and _is_answered(view):
                with self._snapshot() as cursor:
                    view = replace(view, versions=read_versions(cursor, view.record.patient_key, view.entries))
        else:
            view = _view(self._rows(statement.replace("CONDITIONS", wanted.sql), wanted.values))
        if isinstance(query, FindDocuments) and query.spaces and len(view.entries) <= MOST_OBJECTS[query.return_type]:
            view = in_spaces(view, query.spaces)
        return view

    def _of_patient(self, query: FindDocuments, wanted: Conditions) -> View:
        """Documents of one patient, and his record."""
        statement = ENTRIES_OF_RECORD
        if query.return_type is ReturnType.OBJECT_REF:
            statement = without_fragments(statement)
        values = [[], canonical_patient_id(query.patient_id), *wanted.values]
        rows = self._rows(statement.replace("CONDITIONS", wanted.sql), values)
        return replace(_view(rows, HEAD), record=read_head(rows)[0])

    def _scoped(self, statement: LiteralString, wanted: Conditions, scope: Scope, *, whole: bool = False) -> View:
        """Documents of the record of a scope, those that the law shows; of others nothing is read."""
        with self._snapshot() as cursor:
            admitted = _admitted(scope, cursor)
            record = admitted.record
            if record is None:
                return admitted
            sees = scope.sight(record, admitted.authorisation)
            opened = _opened(scope, cursor, record, sees)
            opened.narrow(wanted)
            rows: list[Row] = cursor.execute(statement.replace("CONDITIONS", wanted.sql), wanted.values).fetchall()
            entries = tuple(filter(sees, read_entries(rows)))
            view = replace(admitted, entries=entries, record_keys=_record_keys(rows))
            if whole and _is_answered(view):
                versions = read_versions(cursor, record.patient_key, entries, opened, sees)
                view = replace(view, versions=versions)
        return view

    def _rows(self, sql: LiteralString, values: list[Any]) -> list[Row]:
        """The rows of one statement."""
        with answering(), self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            rows: list[Row] = cursor.execute(sql, values).fetchall()
        return rows

    @contextmanager
    def _snapshot(self) -> Iterator[psycopg.Cursor[Any]]:
        """A cursor for which nothing changes: every question sees the same moment."""
        with answering(), self._pool.connection() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(_ONE_MOMENT)  # the pool ends what was begun on a connection as it takes it back
            yield cursor


def _admitted(scope: Scope, cursor: psycopg.Cursor[Any]) -> View:
    """The record of a scope, the authorisation that counts there and the decision; nothing of what the record holds.

    Raises Refusal: the scope does not admit.
    """
    head = [text_array(scope.holders), canonical_patient_id(scope.patient_id)]
    record, authorisations = read_head(cursor.execute(RECORD, head).fetchall())
    authorisation = scope.effective(record, authorisations) if record is not None else None
    decision = scope.admits(record, authorisation)
    return View(record=record, authorisation=authorisation, decision=decision)


def _opened(scope: Scope, cursor: psycopg.Cursor[Any], record: Record, sees: Sight) -> Openings:
    """Which documents of a record to read."""
    rows = cursor.execute(ASPECTS, bounds_of(record.patient_key)).fetchall()
    return openings(sees, scope.requester, record.patient_key, rows)


def _within(
    scope: Scope, cursor: psycopg.Cursor[Any], return_type: ReturnType, answer: Callable[[Snapshot], View]
) -> View:
    """What the registry answers when nothing but the record of a scope exists, and of it what the law shows."""
    admitted = _admitted(scope, cursor)
    record = admitted.record
    if record is None:
        return admitted
    registry = Snapshot(cursor, patient_key=record.patient_key, return_type=return_type)
    sees = scope.sight(record, admitted.authorisation)
    registry.show(sees, _opened(scope, cursor, record, sees))
    return replace(answer(registry), record=record, authorisation=admitted.authorisation, decision=admitted.decision)


def _is_answered(view: View) -> bool:
    return 0 < len(view.entries) <= MOST_OBJECTS[ReturnType.LEAF_CLASS]


def _view(rows: Sequence[Row], start: int = 0) -> View:
    """The documents of rows, whose columns begin at `start`; a column after the document is its wrapped key."""
    return View(entries=read_entries(rows, start), record_keys=_record_keys(rows, start))


def _record_keys(rows: Sequence[Row], start: int = 0) -> Mapping[UUID, bytes]:
    key_id, wrapped = start + KEY_ID, start + ENTRY
    return {row[key_id]: row[wrapped] for row in rows if len(row) > wrapped and row[wrapped] is not None}


_ANSWERS: Mapping[type[Query], Callable[[Any, Snapshot], View]] = {
    FindSubmissionSets: contents.find_submission_sets,
    FindFolders: contents.find_folders,
    FindFoldersForMultiplePatients: contents.find_folders_for_multiple_patients,
    GetAll: contents.get_all,
    GetFolders: contents.get_folders,
    GetAssociations: contents.get_associations,
    GetDocumentsAndAssociations: contents.get_documents_and_associations,
    GetSubmissionSets: contents.get_submission_sets,
    GetSubmissionSetAndContents: contents.get_submission_set_and_contents,
    GetFolderAndContents: contents.get_folder_and_contents,
    GetFoldersForDocument: contents.get_folders_for_document,
    GetRelatedDocuments: contents.get_related_documents,
}
