"""Changes to what is registered: one statement each, all or nothing, the audit event included.

Whoever amends decided on facts that were read without a lock: their revisions are compared under it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson
import psycopg

from security.audit.event import AuditEvent
from xds.dmp.traces import Trace
from xds.ebrim.writer import write_association, write_entry, write_folder, write_submission_set
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.registry.availability import ChangedMeanwhile, answering
from xds.registry.change_plan import ChangePlan
from xds.registry.connections import Connections
from xds.registry.identifiers import uuid_of
from xds.registry.kept_resources import after, to_keep
from xds.registry.rows import NewEntry, association_row, code_text, entry_row, folder_row, submission_set_row
from xds.registry.update_plan import UpdatePlan

ATTEMPTS = 5
"""How often an amendment is decided again before the sender is asked to come back."""

_CHANGED = "XDS02"
_UPDATE = after(
    "update_objects(%s::text::jsonb, %s, %s, %s::text::jsonb, %s::text::jsonb, %s::text::jsonb, %s::text::jsonb,"
    " %s::text::jsonb, %s::uuid[], %s, %b::bytea[], %s)"
)
_REMOVE = "SELECT remove_objects(%s::text::jsonb, %s::uuid[], %s)"
_REMOVE_DOCUMENTS = "SELECT remove_documents(%s::text::jsonb, %s::text[], %s)"
_CHANGE = after(
    "change_documents(%s, %s, %s, %s::text::jsonb, %s::text::jsonb, %s::text::jsonb, %s::text::jsonb,"
    " %b::bytea[], %s::text::jsonb, %s)"
)
_RELEASE = (
    "SELECT keeper_release(%s, %s, %s::text::jsonb, %s::text::jsonb, %s::text::jsonb, %s::text::jsonb, %b::bytea[])"
)
_Result = TypeVar("_Result")


class Amendments:
    """Writes what was decided. `revisions` are those of the facts, by key of the record.

    Every method raises ChangedMeanwhile: a record is not what it was when the facts were read, nothing is kept; and
    Refusal: the registry does not answer. When that is XDSRegistryNotAvailable the change may have been made.
    """

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    def update(
        self,
        plan: UpdatePlan,
        *,
        revisions: Mapping[UUID, int],
        patient_key: UUID,
        structure_id: str,
        now: datetime,
        event: AuditEvent,
    ) -> None:
        """Write a plan (ITI TF-2 §3.57). `patient_key` is the record of the submission set, and of all that is new."""
        time = now.astimezone(UTC).strftime("%Y%m%d%H%M%S")
        entries = [(one, write_entry(one)) for one, _ in plan.entries]
        parameters = (
            _revisions(revisions),
            patient_key,
            structure_id,
            _json(submission_set_row(plan.submission_set)),
            _json([_version(entry_row(NewEntry(entry=one, blob_address=None)), old) for one, old in plan.entries]),
            _json([_version(folder_row(one), old) for one, old in plan.folders]),
            _json([association_row(one) for one in plan.associations]),
            _json(
                [
                    {"kind": one.kind, "entry_uuid": str(uuid_of(one.entry_uuid)), "status": one.status.name}
                    for one in plan.statuses
                ]
            ),
            [uuid_of(folder) for folder in plan.touched_folders],
            time,
            [
                write_submission_set(plan.submission_set),
                *(fragment for _, fragment in entries),
                *(write_folder(replace(one, last_update_time=time)) for one, _ in plan.folders),
                *(write_association(one) for one in plan.associations),
            ],
            _text(event),
            *to_keep(entries),
        )
        with self._writing() as connection:
            connection.execute(_UPDATE, parameters)

    def change(
        self,
        plan: ChangePlan,
        *,
        patient_key: UUID,
        revision: int,
        depositor_id: str,
        event: AuditEvent,
        traces: Iterable[Trace],
    ) -> None:
        """Write changes of documents of one record of the DMP (DMP TD3.3), with their traces and notices."""
        *rows, fragments = _rows(plan)
        parameters = (
            patient_key,
            revision,
            depositor_id,
            *rows,
            fragments,
            f"[{','.join(trace.as_json() for trace in traces)}]",
            _text(event),
            *to_keep(zip([one.entry for one in plan.versions], fragments[1:], strict=False)),
        )
        with self._writing() as connection:
            connection.execute(_CHANGE, parameters)

    def release(self, plan: ChangePlan, *, patient_key: UUID, revision: int) -> bool:
        """Write the release of a hidden document, as the keeper; False when it is not due any more (CSP R1111-53).

        The keeper's clock shows the instant at which it is due. Trace, notice and event are written by the database.
        """
        with self._writing() as connection:
            row = connection.execute(_RELEASE, (patient_key, revision, *_rows(plan))).fetchone()
        return bool(row is not None and row[0])

    def remove(self, ids: Iterable[str], *, revisions: Mapping[UUID, int], event: AuditEvent) -> None:
        """Remove registered objects (ITI TF-2 §3.62). Bytes stay until `ecluse fsck --delete` finds them orphans."""
        with self._writing() as connection:
            connection.execute(_REMOVE, (_revisions(revisions), list(map(uuid_of, ids)), _text(event)))

    def remove_documents(
        self, unique_ids: Iterable[str], *, revisions: Mapping[UUID, int], event: AuditEvent
    ) -> tuple[bytes, ...]:
        """Take the bytes from every entry of these documents (ITI TF-2 §3.86); returns the addresses they had."""
        with self._writing() as connection:
            row = connection.execute(
                _REMOVE_DOCUMENTS, (_revisions(revisions), list(unique_ids), _text(event))
            ).fetchone()
        return tuple(map(bytes, row[0])) if row is not None else ()

    @contextmanager
    def _writing(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            with answering(), self._pool.connection() as connection:
                yield connection
        except psycopg.errors.UniqueViolation as error:  # an id that was free a moment ago
            raise ChangedMeanwhile from error
        except psycopg.Error as error:
            if error.sqlstate != _CHANGED:
                raise
            raise ChangedMeanwhile from error


def until_unchanged(attempt: Callable[[], _Result]) -> _Result:
    """Decide and write, again as long as something changed in between.

    Raises Refusal: XDSRegistryBusy after ATTEMPTS, or what `attempt` refuses.
    """
    for _ in range(ATTEMPTS):
        try:
            return attempt()
        except ChangedMeanwhile:
            continue
    text = "what is registered keeps changing meanwhile: send again later"
    raise Refusal((RegistryError(XdsErrorCode.REGISTRY_BUSY, text),))


def _version(row: dict[str, Any], previous: str) -> dict[str, Any]:
    return {**row, "previous": str(uuid_of(previous))}


def _rows(plan: ChangePlan) -> tuple[str, str, str, str, list[bytes]]:
    """What a plan of changes writes: its lot, versions, associations and statuses, and how they are spelled."""
    return (
        _json(submission_set_row(plan.submission_set)),
        _json(
            [
                {
                    "entry_uuid": str(uuid_of(one.entry.entry_uuid)),
                    "previous": str(uuid_of(one.previous)),
                    "confidentiality": [code_text(code) for code in one.entry.confidentiality_codes],
                    "mask_when_visible": one.mask_when_visible,
                }
                for one in plan.versions
            ]
        ),
        _json([association_row(one) for one in plan.associations]),
        _json(
            [
                {
                    "kind": one.kind,
                    "entry_uuid": str(uuid_of(one.entry_uuid)),
                    "original": one.original.name,
                    "status": one.status.name,
                }
                for one in plan.statuses
            ]
        ),
        [
            write_submission_set(plan.submission_set),
            *(write_entry(one.entry) for one in plan.versions),
            *(write_association(one) for one in plan.associations),
        ],
    )


def _revisions(revisions: Mapping[UUID, int]) -> str:
    return _json({str(key): revision for key, revision in revisions.items()})


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _text(event: AuditEvent) -> str:
    return event.canonical().decode("utf-8")
