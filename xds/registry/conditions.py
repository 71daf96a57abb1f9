"""Stored query parameters as SQL conditions on `document_entries e` (ITI TF-2 §3.18.4.1.2.3).

Every piece of SQL is a constant; values are parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString

from xds.messages import FindDocuments, GetAll, TimeRange
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus
from xds.registry.identifiers import uuid_of
from xds.registry.rows import code_text

_OBJECT_TYPES = frozenset({STABLE, ON_DEMAND})


class Conditions:
    """A conjunction under construction."""

    def __init__(self) -> None:
        self._parts: list[LiteralString] = []
        self.values: list[Any] = []

    @property
    def sql(self) -> LiteralString:
        """The conjunction; `true` when there is no condition."""
        return " AND ".join(self._parts) if self._parts else "true"

    def add(self, sql: LiteralString, *values: Any) -> None:
        self._parts.append(sql)
        self.values.extend(values)

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


def of_find_documents(query: FindDocuments) -> Conditions:
    """Conditions of FindDocuments. An entry without a service time matches any range of it (§3.18.4.1.2.3.3.1)."""
    found = Conditions()
    found.add("e.status = ANY (%s::text[])", status_names(query.statuses))
    found.add("e.object_type = ANY (%s::uuid[])", _object_types(query.object_types))
    found.any_code("e.codes -> 'classCode' ?| %s", query.class_codes)
    found.any_code("e.codes -> 'typeCode' ?| %s", query.type_codes)
    found.any_code("e.codes -> 'formatCode' ?| %s", query.format_codes)
    found.any_code("e.codes -> 'practiceSettingCode' ?| %s", query.practice_setting_codes)
    found.any_code("e.codes -> 'healthcareFacilityTypeCode' ?| %s", query.healthcare_facility_type_codes)
    for group in query.event_codes:
        found.any_code("e.codes -> 'eventCodeList' ?| %s", group)
    for group in query.confidentiality_codes:
        found.any_code("e.codes -> 'confidentialityCode' ?| %s", group)
    found.time("e.creation_time >= %s", "e.creation_time < %s", query.creation_time)
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
        found.add(
            "EXISTS (SELECT FROM unnest(e.author_persons) AS person (xcn), unnest(%s::text[]) AS wanted (pattern)"
            " WHERE person.xcn LIKE wanted.pattern ESCAPE '')",
            list(query.author_persons),
        )
    return found


def of_get_all(query: GetAll) -> Conditions:
    """Conditions of GetAll on its documents."""
    found = Conditions()
    found.add("e.status = ANY (%s::text[])", status_names(query.statuses))
    found.add("e.object_type = ANY (%s::uuid[])", _object_types(query.object_types))
    found.any_code("e.codes -> 'formatCode' ?| %s", query.format_codes)
    for group in query.confidentiality_codes:
        found.any_code("e.codes -> 'confidentialityCode' ?| %s", group)
    return found


def status_names(statuses: Iterable[AvailabilityStatus]) -> str:
    """Statuses as an array literal. By hand: adapting a list costs psycopg more than the condition costs the server."""
    return "{" + ",".join(status.name for status in statuses) + "}"


def _object_types(object_types: Iterable[str]) -> str:
    return "{" + ",".join(str(uuid_of(text)) for text in object_types if text in _OBJECT_TYPES) + "}"
