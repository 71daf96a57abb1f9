"""One moment of the registry, asked several times: objects by conditions, as if what is hidden did not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from xds.queries import ReturnType
from xds.registry.conditions import Conditions
from xds.registry.found import Row, read_association, read_entries, read_folder, read_outline, read_submission_set
from xds.registry.openings import Openings
from xds.registry.scope import Sight
from xds.registry.statements import (
    ASSOCIATIONS,
    ENTRIES,
    FOLDERS,
    SEEN,
    SUBMISSION_SETS,
    SURROUNDINGS,
    without_fragments,
)
from xds.registry.view import RegisteredAssociation, RegisteredEntry, RegisteredFolder, RegisteredSubmissionSet
from xds.registry.visibility import Link, Surroundings, shown_in


class Snapshot:
    """What one transaction sees: the whole registry, or one record of it when `patient_key` is given.

    Objects come without fragments when ids are all that is wanted (`return_type`), and of a record in which `show` was
    called only those that may be seen.
    """

    def __init__(self, cursor: psycopg.Cursor[Any], *, patient_key: UUID | None, return_type: ReturnType) -> None:
        self._cursor = cursor
        self._patient_key = patient_key
        self._bare = return_type is ReturnType.OBJECT_REF
        self._visible: list[UUID] | None = None

    def show(self, may_read: Sight, opened: Openings) -> None:
        """From now on answer with nothing but what the law shows in the record, and what does not betray the rest."""
        wanted = opened.narrow(Conditions())
        rows = self._cursor.execute(SEEN.replace("CONDITIONS", wanted.sql), wanted.values).fetchall()
        documents = [row[0] for row in rows if may_read(read_outline(row[1:]))]
        around = self._cursor.execute(SURROUNDINGS, {"patient_key": self._patient_key, "documents": documents})
        self._visible = list(shown_in(_surroundings(documents, around.fetchall())))

    def documents(self, wanted: Conditions, *, ids_only: bool = False) -> tuple[RegisteredEntry, ...]:
        """Documents, newest first."""
        return self._shown(
            _Kind(ENTRIES, "e.patient_key = %s", "e.entry_uuid"), read_entries, wanted, ids_only=ids_only
        )

    def folders(self, wanted: Conditions) -> tuple[RegisteredFolder, ...]:
        """Folders, last updated first."""
        return self._shown(_Kind(FOLDERS, "f.patient_key = %s", "f.entry_uuid"), _each(read_folder), wanted)

    def submission_sets(self, wanted: Conditions) -> tuple[RegisteredSubmissionSet, ...]:
        """Submission sets, newest first."""
        kind = _Kind(SUBMISSION_SETS, "s.patient_key = %s", "s.entry_uuid")
        return self._shown(kind, _each(read_submission_set), wanted)

    def associations(self, wanted: Conditions) -> tuple[RegisteredAssociation, ...]:
        """Associations, by their ids."""
        return self._shown(_Kind(ASSOCIATIONS, "l.patient_key = %s", "l.entry_uuid"), _each(read_association), wanted)

    def _shown(
        self, kind: _Kind, read: Callable[[list[Row]], Iterable[Any]], wanted: Conditions, *, ids_only: bool = False
    ) -> tuple[Any, ...]:
        """What may be seen of a kind. What is hidden is not even read: it takes no place in an answer, and no time."""
        if self._patient_key is not None:
            wanted.add(kind.of_record, self._patient_key)
        if self._visible is not None:
            wanted.add(f"{kind.id_column} = ANY (%s)", self._visible)
        sql = kind.sql.replace("CONDITIONS", wanted.sql)
        sql = without_fragments(sql) if ids_only or self._bare else sql
        return tuple(read(self._cursor.execute(sql, wanted.values).fetchall()))


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of object is asked for: the statement, the condition on its record, the column of its id."""

    sql: LiteralString
    of_record: LiteralString
    id_column: LiteralString


def _each(read: Callable[[Row], Any]) -> Callable[[list[Row]], Iterable[Any]]:
    return lambda rows: map(read, rows)


def _surroundings(documents: Iterable[UUID], rows: Iterable[Row]) -> Surroundings:
    packages: dict[UUID, bool] = {}
    links = []
    for entry_uuid, source, target, holds_documents in rows:
        if source is None:
            packages[entry_uuid] = holds_documents
        else:
            links.append(Link(entry_uuid, source, target))
    return Surroundings(frozenset(documents), packages, tuple(links))
