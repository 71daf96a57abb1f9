"""One moment of the registry, asked several times: objects by conditions, as if what is hidden did not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from xds.metadata.document_entry import AvailabilityStatus
from xds.queries import ReturnType
from xds.registry.conditions import Conditions
from xds.registry.found import Row, read_association, read_codes, read_entries, read_folder, read_submission_set
from xds.registry.identifiers import uuid_of
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
        sql = ENTRIES.replace("CONDITIONS", self._inside("e.patient_key = %s", wanted).sql)
        return self._shown(read_entries(self._rows(sql, wanted, ids_only=ids_only)))

    def folders(self, wanted: Conditions) -> tuple[RegisteredFolder, ...]:
        """Folders, last updated first."""
        sql = FOLDERS.replace("CONDITIONS", self._inside("f.patient_key = %s", wanted).sql)
        return self._shown(map(read_folder, self._rows(sql, wanted)))

    def submission_sets(self, wanted: Conditions) -> tuple[RegisteredSubmissionSet, ...]:
        """Submission sets, newest first."""
        sql = SUBMISSION_SETS.replace("CONDITIONS", self._inside("s.patient_key = %s", wanted).sql)
        return self._shown(map(read_submission_set, self._rows(sql, wanted)))

    def associations(self, wanted: Conditions) -> tuple[RegisteredAssociation, ...]:
        """Associations, by their ids."""
        sql = ASSOCIATIONS.replace("CONDITIONS", self._inside("l.patient_key = %s", wanted).sql)
        return self._shown(map(read_association, self._rows(sql, wanted)))

    def _inside(self, sql: LiteralString, wanted: Conditions) -> Conditions:
        return wanted if self._patient_key is None else wanted.add(sql, self._patient_key)

    def _rows(self, sql: LiteralString, wanted: Conditions, *, ids_only: bool = False) -> list[Row]:
        rows: list[Row] = self._cursor.execute(
            without_fragments(sql) if ids_only or self._bare else sql, wanted.values
        ).fetchall()
        return rows

    def _shown(self, found: Iterable[Any]) -> tuple[Any, ...]:
        if not self._hidden:
            return tuple(found)
        return tuple([item for item in found if uuid_of(item.entry_uuid) not in self._hidden])


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
