"""The bench: a house seen from outside, with its two doors, and patients nobody else uses."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from functools import cached_property

from conformance.scenarios.shelf import Shelf, build_shelf
from samples.client.answers import QueryAnswer, RegistryAnswer, RetrieveAnswer
from samples.client.client import ConsultationClient, IngestClient
from samples.client.queries import Parameter, QueryId
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import XdsSubmission

Announce = Callable[[DomainPatient], None]
Merge = Callable[[DomainPatient, DomainPatient], None]


class Bench:
    """What scenarios speak through. `announce` makes a patient known; `merge` makes the first one live on."""

    def __init__(
        self,
        ingest: IngestClient,
        consultation: ConsultationClient,
        *,
        repository_unique_id: str,
        announce: Announce,
        merge: Merge,
    ) -> None:
        self.ingest, self.consultation = ingest, consultation
        self.repository_unique_id = repository_unique_id
        self.announce, self.merge = announce, merge
        self._count = itertools.count(1)

    def patient(self) -> DomainPatient:
        """A patient that the house knows and that has nothing yet."""
        patient = new_patient(family=f"Example{next(self._count)}")
        self.announce(patient)
        return patient

    def stranger(self) -> DomainPatient:
        """A patient that the house does not know."""
        return new_patient(family="Stranger")

    def provide(self, lot: XdsSubmission) -> RegistryAnswer:
        """ITI-41."""
        return self.ingest.provide_and_register(lot)

    def register(self, lot: XdsSubmission) -> RegistryAnswer:
        """ITI-42: the metadata, as the repository of this house would send them."""
        return self.ingest.register(lot.in_repository(self.repository_unique_id))

    def register_on_demand(self, lot: XdsSubmission) -> RegistryAnswer:
        """ITI-61."""
        return self.ingest.register_on_demand(lot)

    def query(self, query_id: QueryId, *, return_type: str = "LeafClass", **parameters: Parameter) -> QueryAnswer:
        """ITI-18 or ITI-51."""
        return self.consultation.query(query_id, return_type=return_type, **parameters)

    def documents(self, *entry_uuids: str) -> QueryAnswer:
        """GetDocuments by entryUUID."""
        return self.query(QueryId.GET_DOCUMENTS, entry_uuid=entry_uuids)

    def update(self, lot: XdsSubmission) -> RegistryAnswer:
        """ITI-57."""
        return self.consultation.update(lot.in_repository(self.repository_unique_id))

    def remove(self, *ids: str) -> RegistryAnswer:
        """ITI-62."""
        return self.consultation.remove_metadata(ids)

    def retrieve(self, *unique_ids: str, repository: str | None = None) -> RetrieveAnswer:
        """ITI-43."""
        return self.consultation.retrieve(self._named(unique_ids, repository))

    def destroy(self, *unique_ids: str, repository: str | None = None) -> RegistryAnswer:
        """ITI-86."""
        return self.consultation.remove_documents(self._named(unique_ids, repository))

    def _named(self, unique_ids: Iterable[str], repository: str | None) -> list[tuple[str, str]]:
        return [(repository or self.repository_unique_id, unique_id) for unique_id in unique_ids]

    @cached_property
    def shelf(self) -> Shelf:
        """What the scenarios of queries look for: registered once, when the first of them asks."""
        shelf = build_shelf(self.patient(), self.patient())
        for lot in shelf.lots:
            answer = self.register(lot)
            if not answer.succeeded:
                raise ShelfRefused(f"{answer.error_codes}: {[error.context for error in answer.errors]}")
        return shelf


class ShelfRefused(RuntimeError):
    """The house refused what the scenarios of queries look for; the text says why."""
