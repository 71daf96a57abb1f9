"""Stored query parameters as SQL conditions (ITI TF-2 §3.18.4.1.2.3).

The aliases are those of `statements`: `e` a document, `f` a folder, `s` a submission set, `l` an association. Every
piece of SQL is a constant; values are parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString
from uuid import UUID

from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus
from xds.queries import Contents, DocumentSearch, FindSubmissionSets, FolderSearch, TimeRange
from xds.registry.identifiers import URN_UUID, canonical_patient_id, uuid_of
from xds.registry.rows import code_text

_OBJECT_TYPES = frozenset({STABLE, ON_DEMAND})
_IS_ON_DEMAND: LiteralString = f"e.object_type = '{ON_DEMAND.removeprefix(URN_UUID)}'"
_OF_PATIENTS: LiteralString = "patient_key IN (SELECT p.patient_key FROM patients p WHERE p.patient_id = ANY (%s))"


class Conditions:
    """A conjunction under construction."""

    def __init__(self, sql: LiteralString = "", *values: Any) -> None:
        self._parts: list[LiteralString] = [sql] if sql else []
        self.values: list[Any] = list(values)

    @property
    def sql(self) -> LiteralString:
        """The conjunction; `true` when there is no condition."""
        return " AND ".join(self._parts) if self._parts else "true"

    def add(self, sql: LiteralString, *values: Any) -> Conditions:
        """Add a condition, and return the whole."""
        self._parts.append(sql)
        self.values.extend(values)
        return self

    def any_code(self, sql: LiteralString, codes: Iterable[Code]) -> None:
        """One of `codes`, when there are any: code and scheme are compared, never display names."""
        texts = [code_text(code) for code in codes]
        if texts:
            self.add(sql, texts)

    def time(self, lower: LiteralString, upper: LiteralString, bounds: TimeRange) -> None:
        """`start <= value < stop` on 14-digit texts; a missing bound is no condition (ITI TF-2 §3.18.4.1.2.3.3)."""
        if bounds.start is not None:
            self.add(lower, bounds.start)
        if bounds.stop is not None:
            self.add(upper, bounds.stop)


def of_contents(query: Contents) -> Conditions:
    """The filters on documents that searches and contents share."""
    found = Conditions("e.object_type = ANY (%s::uuid[])", object_type_names(query.object_types))
    found.any_code("e.codes -> 'formatCode' ?| %s", query.format_codes)
    for group in query.confidentiality_codes:
        found.any_code("e.codes -> 'confidentialityCode' ?| %s", group)
    return found


def of_document_search(query: DocumentSearch, patient_ids: Iterable[str] = ()) -> Conditions:
    """Conditions of a search of documents, of these patients when there are any.

    A document without a service time matches any range of it, an on-demand one any range of creation time
    (ITI TF-2 §3.18.4.1.2.3.3.1).
    """
    found = of_contents(query)
    found.add("e.status = ANY (%s::text[])", status_names(query.statuses))
    if patients := [canonical_patient_id(text) for text in patient_ids]:
        found.add("e." + _OF_PATIENTS, patients)
    found.any_code("e.codes -> 'classCode' ?| %s", query.class_codes)
    found.any_code("e.codes -> 'typeCode' ?| %s", query.type_codes)
    found.any_code("e.codes -> 'practiceSettingCode' ?| %s", query.practice_setting_codes)
    found.any_code("e.codes -> 'healthcareFacilityTypeCode' ?| %s", query.healthcare_facility_type_codes)
    for group in query.event_codes:
        found.any_code("e.codes -> 'eventCodeList' ?| %s", group)
    found.time(
        f"({_IS_ON_DEMAND} OR e.creation_time >= %s)",
        f"({_IS_ON_DEMAND} OR e.creation_time < %s)",
        query.creation_time,
    )
    found.time(
        "(e.service_start_time IS NULL OR e.service_start_time >= %s)",
        "(e.service_start_time IS NULL OR e.service_start_time < %s)",
        query.service_start_time,
    )
    found.time(
        "(e.service_stop_time IS NULL OR e.service_stop_time >= %s)",
        "(e.service_stop_time IS NULL OR e.service_stop_time < %s)",
        query.service_stop_time,
    )
    if query.author_persons:
        found.add(f"EXISTS ({_LIKE})".replace("TEXTS", "e.author_persons"), list(query.author_persons))
    for patterns in query.reference_ids:
        found.add(f"EXISTS ({_LIKE})".replace("TEXTS", "e.reference_ids"), list(patterns))
    if query.document_availabilities:
        found.add("e.document_availability = ANY (%s)", list(query.document_availabilities))
    return found


def of_folder_search(query: FolderSearch, patient_ids: Iterable[str]) -> Conditions:
    """Conditions of a search of folders, of these patients when there are any."""
    found = Conditions("f.status = ANY (%s::text[])", status_names(query.statuses))
    if patients := [canonical_patient_id(text) for text in patient_ids]:
        found.add("f." + _OF_PATIENTS, patients)
    found.time("f.last_update_time >= %s", "f.last_update_time < %s", query.last_update_time)
    for group in query.codes:
        found.any_code("f.codes -> 'codeList' ?| %s", group)
    return found


def of_submission_set_search(query: FindSubmissionSets) -> Conditions:
    """Conditions of FindSubmissionSets."""
    found = Conditions("s.status = ANY (%s::text[])", status_names(query.statuses))
    found.add("s." + _OF_PATIENTS, [canonical_patient_id(query.patient_id)])
    if query.source_ids:
        found.add("s.source_id = ANY (%s)", list(query.source_ids))
    found.time("s.submission_time >= %s", "s.submission_time < %s", query.submission_time)
    if query.author_person is not None:
        found.add(f"EXISTS ({_LIKE})".replace("TEXTS", "s.author_persons"), [query.author_person])
    found.any_code("s.codes -> 'contentTypeCode' ?| %s", query.content_type_codes)
    return found


_LIKE: LiteralString = (
    "SELECT FROM unnest(TEXTS) AS one (value), unnest(%s::text[]) AS wanted (pattern)"
    " WHERE one.value LIKE wanted.pattern ESCAPE ''"
)


def of_ids(
    columns: tuple[LiteralString, LiteralString, LiteralString],
    entry_uuids: Iterable[str],
    unique_ids: Iterable[str],
    logical_ids: Iterable[str] = (),
) -> Conditions:
    """One kind of ids among three: conditions on the columns of entryUUID, uniqueId and logicalID."""
    by_uuid, by_unique_id, by_logical_id = columns
    if uuids := uuid_list(entry_uuids):
        return Conditions(by_uuid + " = ANY (%s)", uuids)
    if logical := uuid_list(logical_ids):
        return Conditions(by_logical_id + " = ANY (%s)", logical)
    return Conditions(by_unique_id + " = ANY (%s)", list(unique_ids))


def uuid_list(urns: Iterable[str]) -> list[UUID]:
    """UUIDs of `urn:uuid:` texts; anything else names no registered object and is left out."""
    found = []
    for text in urns:
        try:
            found.append(uuid_of(text))
        except ValueError:
            continue
    return found


def status_names(statuses: Iterable[AvailabilityStatus]) -> str:
    """Statuses as an array literal. By hand: adapting a list costs psycopg more than the condition costs the server."""
    return "{" + ",".join(status.name for status in statuses) + "}"


def object_type_names(object_types: Iterable[str]) -> str:
    """Kinds of documents as an array literal of UUIDs; others are left out."""
    return "{" + ",".join(str(uuid_of(text)) for text in object_types if text in _OBJECT_TYPES) + "}"
