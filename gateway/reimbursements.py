"""The administrator feeds reimbursements into a record. A new one is fed by time: `gateway.jobs.reimbursements`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from gateway.administration.office import RecordsError
from gateway.reimbursement_acts import FedAct
from gateway.reimbursement_lot import PAYER, Fed, ReimbursementLot, documents, written
from security.audit.event import AuditEvent, Outcome
from xds.dmp.parameters import Parameters
from xds.dmp.record import RecordStatus
from xds.registry.connections import OneConnection
from xds.registry.receipts import RegistryReceipts
from xds.registry.record_office import RecordOffice
from xds.registry.writer import RegistryWriter
from xds.repository.writer import RepositoryWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class ReimbursementFeed:
    """(1) open record  (2) documents not there yet  (3) seal, store, register, trace, audit."""

    connection: psycopg.Connection[Any]
    blobs: Path
    parameters: Parameters
    repository_unique_id: str

    def __call__(self, patient_id: str, acts: Sequence[FedAct] | None = None) -> tuple[str, ...]:
        """Feed the record of a patient (CX), which may be done again; returns the uniqueIds of what is new.

        Without `acts` they are invented. Raises RecordsError: no open record.
        """
        file = RecordOffice.of_owner(self.connection).file(patient_id)
        if file.record is None or file.record.status is not RecordStatus.OPEN:  # (1)
            raise RecordsError("this patient has no open record")
        fed = Fed(
            patient_id=patient_id,
            record=file.record,
            public_key=b"",
            traits=file.holder.traits if file.holder is not None else None,
            now=file.law_time(datetime.now(UTC)),
        )
        found = documents(fed, self.parameters, acts)  # (2)
        receipt = RegistryReceipts(OneConnection(self.connection)).ask(
            patient_id=patient_id, structure_id=PAYER.structure_id, unique_ids=found
        )
        contents = written(found, receipt.unique_ids)
        if contents and receipt.record is not None:
            self._register(replace(fed, record=receipt.record, public_key=receipt.public_key), contents)  # (3)
        return tuple(contents)

    def _register(self, fed: Fed, contents: dict[str, bytes]) -> None:
        request_id = str(uuid4())
        lot = ReimbursementLot.of(fed, contents, self.parameters, self.repository_unique_id, request_id)
        addresses = lot.store(fed, RepositoryWriter(self.blobs))
        RegistryWriter(OneConnection(self.connection)).register(
            record=fed.record,
            revision=fed.record.revision,
            patient_id=fed.patient_id,
            structure_id=PAYER.structure_id,
            submission_set=lot.submission_set,
            entries=lot.new_entries(addresses),
            associations=lot.associations,
            now=datetime.now(UTC),
            event=AuditEvent(
                door="administration",
                time=datetime.now(UTC),
                transaction="REIMBURSEMENTS",
                outcome=Outcome.SUCCESS,
                request_id=request_id,
                objects=(str(fed.record.patient_key), *contents),
            ),
            trace=lot.trace,
        )
