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

from gateway.acts import Act, event_text, trace_json
from gateway.jobs.reimbursements import NewRecordFeed
from security.audit.event import Outcome
from xds.dmp.entries import INVISIBLE
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.traces import Actor, ActorKind, Notice, NoticeKind
from xds.errors import Refusal
from xds.registry import document_changes
from xds.registry.connections import OneConnection
from xds.registry.document_changes import DocumentChanges
from xds.registry.due import DESTRUCTIONS, Agenda, DueItem, DueKind
from xds.registry.feedings import Feedings
from xds.repository.address import BlobAddress
from xds.repository.remover import RepositoryRemover

SYSTEM = Actor(kind=ActorKind.SYSTEM, id="ecluse")
_NOTICES = {
    DueKind.HIDDEN_REMINDER: NoticeKind.HIDDEN_DOCUMENT_REMINDER,
    DueKind.SUSPENSION_END: NoticeKind.RECORD_CLOSED,
}
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
        self.agenda = Agenda(connection, parameters)
        self._connection = connection
        self._changes = DocumentChanges(OneConnection(connection))
        self._feed = NewRecordFeed(
            feedings=Feedings(connection, self.agenda.parameters),
            blobs=blobs,
            parameters=parameters,
            repository_unique_id=repository_unique_id,
        )
        self._blobs = blobs
        self._letters = letters

    def run(self, until: datetime | None = None, *, asked_to_stop: Callable[[], bool] = lambda: False) -> Work:
        """Do everything that is due until an instant of the law's clock, its now when absent.

        What an act makes due in its turn is done too. An item that fails stops no other.
        Raises psycopg.OperationalError: the database is gone.
        """
        work, last = Work(), None
        end = until or self.agenda.law_now()
        self._sweep()
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
        except (psycopg.Error, Refusal, LookupError, ValueError) as error:
            if self._connection.broken:
                raise
            _log.error("a thing that is due failed", extra={"kind": item.kind.value, "error": type(error).__name__})
            work.failed.append((item, type(error).__name__))
            return False
        work.done[item.kind] += done
        return done

    def _do(self, item: DueItem) -> bool:
        request_id, proof_id = str(uuid4()), uuid4()
        if item.kind is DueKind.HIDDEN_RELEASE:
            return self._release(item, request_id)
        if item.kind is DueKind.REIMBURSEMENTS:
            with self.agenda.at(item):
                return self._feed(item, request_id)
        act = Act[item.kind.value]
        named = str(proof_id) if item.kind in DESTRUCTIONS else item.subject
        event = event_text(
            act,
            Outcome.SUCCESS,
            SYSTEM.kind.value,
            request_id,
            patient_key=item.patient_key,
            objects=(named,) if named else (),
        )
        if item.kind in DESTRUCTIONS:
            done = self.agenda.destroy(item, proof_id, event)
            if done:
                self._sweep()
            return done
        told = _NOTICES.get(item.kind)
        trace = trace_json(
            act,
            Outcome.SUCCESS,
            SYSTEM,
            request_id,
            reason=item.subject if item.kind is DueKind.AUTHORISATION_END else "",
            notices=(Notice(told, request_id),) if told is not None else (),
        )
        return self.agenda.act(item, trace, event)

    def _release(self, item: DueItem, request_id: str) -> bool:
        """A document that nobody announced becomes visible; a mask that waited for it is put on (CSP R1111-53)."""
        found = self.agenda.document(item)
        if found is None:
            return False
        patient_id, unique_id = found
        act = document_changes.Act(
            operation=Operation.MAKE_VISIBLE,
            actor=SYSTEM,
            now=datetime.now(UTC),
            notices=(Notice(NoticeKind.HIDDEN_DOCUMENT_RELEASED, unique_id),),
            request_id=request_id,
        )
        with self.agenda.at(item):
            return self._changes.change_visibility(patient_id, unique_id, act, remove=(INVISIBLE,)) is not None

    def _sweep(self) -> None:
        """Remove the files of destroyed records. One that resists stays on the list, for the next run."""
        remover = RepositoryRemover(self._blobs)
        before: list[tuple[str, str]] = []
        while (found := self.agenda.remains()) and found != before:
            before = found
            blobs = [BlobAddress.parse(name) for kind, name in found if kind == "BLOB"]
            remover.remove(blobs)
            gone = [address.hex for address in blobs if not os.path.lexists(address.path(self._blobs))]
            self.agenda.removed("BLOB", gone)
            letters = [name for kind, name in found if kind == "LETTER"]
            for name in letters:
                for path in self._letters.glob(f"*/{name}-*"):
                    path.unlink(missing_ok=True)
            self.agenda.removed("LETTER", letters)
