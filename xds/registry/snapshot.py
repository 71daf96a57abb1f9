"""One moment of the registry, asked several times: objects by conditions, as if what is hidden did not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from xds.metadata.document_entry import AvailabilityStatus
from xds.queries import ReturnType
from xds.registry.conditions import Conditions
from xds.registry.found import Row, read_association, read_codes, read_entries, read_folder, read_submission_set
from xds.registry.statements import ASSOCIATIONS, ENTRIES, FOLDERS, OUTLINE, SUBMISSION_SETS, without_fragments
from xds.registry.view import RegisteredAssociation, RegisteredEntry, RegisteredFolder, RegisteredSubmissionSet
from xds.registry.visibility import Link, Outline, OutlinedEntry, hidden_by


class Snapshot:
    """What one transaction sees: the whole registry, or one record of it when `patient_key` is given.

    Objects come without fragments when ids are all that is wanted (`return_type`), and never those of `hide`.
    """

    def __init__(self, cursor: psycopg.Cursor[Any], *, patient_key: UUID | None, return_type: ReturnType) -> None:
        self._cursor = cursor
        self._patient_key = patient_key
        self._bare = return_type is ReturnType.OBJECT_REF
        self._hidden: frozenset[UUID] = frozenset()

    def hide(self, may_read: Callable[[OutlinedEntry], bool]) -> None:
        """From now on leave out what the law hides in the record, and all that would betray it."""
        rows = self._cursor.execute(OUTLINE, {"patient_key": self._patient_key}).fetchall()
        self._hidden = hidden_by(may_read, _outline(rows))

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
        """What may be seen of a kind. What is hidden is not even read: it takes no place in an answer."""
        if self._patient_key is not None:
            wanted.add(kind.of_record, self._patient_key)
        if self._hidden:
            wanted.add(f"{kind.id_column} <> ALL (%s)", list(self._hidden))
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


def _outline(rows: Iterable[Row]) -> Outline:
    entries: dict[UUID, OutlinedEntry] = {}
    packages, links = [], []
    for entry_uuid, kind, source, target, codes, status, persons, structures, depositor in rows:
        if kind == "DE":
            class_code, type_code, _, confidentiality = read_codes(codes)
            entries[entry_uuid] = OutlinedEntry(
                class_code=class_code,
                type_code=type_code,
                confidentiality_codes=confidentiality,
                status=AvailabilityStatus[status],
                author_person_ids=tuple(persons),
                author_structure_ids=tuple(structures),
                depositor_id=depositor,
            )
        elif kind == "AS":
            links.append(Link(entry_uuid, source, target))
        else:
            packages.append(entry_uuid)
    return Outline(entries, frozenset(packages), tuple(links))
