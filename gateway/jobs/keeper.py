"""The keeper does what is due, in the order of time, each thing once, whoever else is at work, whenever it is killed.

Between two acts nothing is held: what was done is done, what was not is found again.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from gateway.jobs.reimbursements import NewRecordFeed
from xds.dmp.parameters import Parameters
from xds.errors import Refusal
from xds.registry.connections import OneConnection
from xds.registry.document_changes import DocumentChanges
from xds.registry.due import DESTRUCTIONS, Agenda, DueItem, DueKind
from xds.registry.feedings import Feedings
from xds.repository.address import BlobAddress
from xds.repository.remover import RepositoryRemover

_log = logging.getLogger("ecluse.keeper")


@dataclass(slots=True)
class Work:
    """What one run did: how much of each kind, and what failed and is tried again at the next."""

    done: Counter[DueKind] = field(default_factory=Counter)
    failed: list[tuple[DueItem, str]] = field(default_factory=list)


class Keeper:
    """Works with the keeper's own connection, in autocommit; `blobs` and `letters` are folders of the house."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        parameters: Parameters,
        *,
        blobs: Path,
        letters: Path,
        repository_unique_id: str,
    ) -> None:
        self.agenda = Agenda(connection)
        self._connection = connection
        self._changes = DocumentChanges(OneConnection(connection))
        self._feed = NewRecordFeed(
            feedings=Feedings(connection),
            blobs=blobs,
            parameters=parameters,
            repository_unique_id=repository_unique_id,
        )
        self._blobs = blobs
        self._letters = letters
        self._sweeps = True

    def run(self, until: datetime | None = None, *, asked_to_stop: Callable[[], bool] = lambda: False) -> Work:
        """Do everything that is due until an instant of the law's clock, its now when absent.

        What an act makes due in its turn is done too. An item that fails stops no other.
        Raises psycopg.OperationalError: the database is gone.
        """
        work, last = Work(), None
        end = until or self.agenda.law_now()
        self._sweeps = self._sweep()
        while not asked_to_stop() and (page := self.agenda.page(end, last)):
            for item in page:
                if asked_to_stop():
                    break
                last = item
                done = self._try(item, work)
                if done and item.kind is DueKind.SUSPENSION_END:
                    break  # the closing has made something else due, maybe before the rest of the page
        self._sweep()
        return work

    def _try(self, item: DueItem, work: Work) -> bool:
        try:
            done = self._do(item)
        except Exception as error:
            # Whatever is wrong with one thing, a fault of ours included, the others are done.
            if self._connection.broken:
                raise
            _log.error(
                "a thing that is due failed",
                extra={
                    "kind": item.kind.value,
                    "record": str(item.patient_key),
                    "due": item.due_at.isoformat(),
                    "error": type(error).__name__,
                },
            )
            work.failed.append((item, type(error).__name__))
            return False
        work.done[item.kind] += done
        return done

    def _do(self, item: DueItem) -> bool:
        if item.kind is DueKind.HIDDEN_RELEASE:
            return self._release(item)
        if item.kind is DueKind.REIMBURSEMENTS:
            with self.agenda.at(item):
                return self._feed(item, str(uuid4()))
        if item.kind in DESTRUCTIONS:
            done = self.agenda.destroy(item)
            if done and self._sweeps:
                self._sweeps = self._sweep()
            return done
        return self.agenda.act(item)

    def _release(self, item: DueItem) -> bool:
        """A document that nobody announced becomes visible; a mask that waited for it is put on (CSP R1111-53)."""
        with self.agenda.at(item):
            found = self.agenda.document(item)
            if found is None:
                return False
            try:
                return self._changes.release(*found, datetime.now(UTC))
            except (Refusal, LookupError):
                if self.agenda.document(item) is None:  # released meanwhile: the keeper does not see it any more
                    return False
                raise

    def _sweep(self) -> bool:
        """Remove the files of destroyed records; False when one resists. It stays on the list, for the next run."""
        left = 0
        for kind, remove in (("BLOB", self._remove_blobs), ("LETTER", self._remove_letters)):
            last = ""
            while found := self.agenda.remains(kind, last):
                gone, last = remove(found), found[-1]
                self.agenda.removed(kind, gone)
                left += len(found) - len(gone)
        if left:
            _log.error("files of destroyed records are not removed", extra={"files": left})
        return not left

    def _remove_blobs(self, names: list[str]) -> list[str]:
        blobs = [BlobAddress.parse(name) for name in names]
        try:
            RepositoryRemover(self._blobs).remove(blobs)
        except OSError:  # gone, but not yet on the disk for sure
            return []
        return [address.hex for address in blobs if not os.path.lexists(address.path(self._blobs))]

    def _remove_letters(self, names: list[str]) -> list[str]:
        gone = []
        for name in names:
            try:
                for path in self._letters.glob(f"*/{name}-*"):
                    path.unlink(missing_ok=True)
            except OSError:
                continue
            gone.append(name)
        return gone
