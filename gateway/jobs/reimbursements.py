"""The keeper feeds a new record with the reimbursements of its holder, once (CSP R1111-33). It opens nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from gateway.acts import Act, event_text
from gateway.reimbursement_lot import PAYER, Fed, ReimbursementLot, documents, written
from security.audit.event import Outcome
from xds.dmp.parameters import Parameters
from xds.dmp.traces import ActorKind
from xds.registry.due import DueItem
from xds.registry.feedings import Feedings
from xds.repository.writer import RepositoryWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecordFeed:
    """(1) does the record wait  (2) documents not there yet  (3) seal, store  (4) register, trace, audit, wait no more.

    Killed between (3) and (4) it leaves files that nobody names, which `ecluse fsck` removes, and the record waits on.
    """

    feedings: Feedings
    blobs: Path
    parameters: Parameters
    repository_unique_id: str

    def __call__(self, item: DueItem, request_id: str) -> bool:
        """Feed the record of an item as of its instant; False: it waits no more. Raises psycopg.Error, Refusal."""
        waiting = self.feedings.waiting(item)  # (1)
        if waiting is None:
            return False
        fed = Fed(
            patient_id=waiting.patient_id,
            record=waiting.record,
            public_key=waiting.public_key,
            traits=waiting.traits,
            now=item.due_at,
        )
        found = documents(fed, self.parameters)  # (2)
        contents = written(found, self.feedings.taken(found))
        event = event_text(
            Act.REIMBURSEMENTS,
            Outcome.SUCCESS,
            ActorKind.SYSTEM.value,
            request_id,
            patient_key=item.patient_key,
            objects=contents,
        )
        if not contents:
            return self.feedings.feed(item, fed.record, PAYER.structure_id, None, None, event)
        lot = ReimbursementLot.of(fed, contents, self.parameters, self.repository_unique_id, request_id)
        repository = RepositoryWriter(self.blobs)
        addresses = lot.store(fed, repository)  # (3)
        try:
            done = self.feedings.feed(  # (4)
                item, fed.record, PAYER.structure_id, lot.registration(addresses), lot.trace, event
            )
        except psycopg.Error:
            if not self.feedings.lost:  # then it may have been registered
                repository.discard(addresses)
            raise
        if not done:
            repository.discard(addresses)
        return done
