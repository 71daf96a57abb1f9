"""The bench: a house seen from outside, with its two doors, and patients nobody else uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cached_property

from conformance.scenarios.feed import Feed
from conformance.scenarios.shelf import Shelf, build_shelf
from conformance.scenarios.voice import Voice
from samples.client.answers import QueryAnswer, RegistryAnswer, RetrieveAnswer
from samples.client.client import ConsultationClient, IngestClient
from samples.client.queries import Parameter, QueryId
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import XdsSubmission

ELSEWHERE = "1.3.6.1.4.1.21367.13.70.1"
"""repositoryUniqueId of another repository: what is registered by ITI-42 is held there."""


class Bench:
    """What scenarios speak through: the two doors, and the patient feed.

    Without `voice` it can not play scenarios that speak with assertions.
    """

    def __init__(
        self,
        ingest: IngestClient,
        consultation: ConsultationClient,
        *,
        repository_unique_id: str,
        voice: Voice | None = None,
    ) -> None:
        self.ingest, self.consultation = ingest, consultation
        self.repository_unique_id = repository_unique_id
        self._feed, self._voice = Feed(ingest), voice
        self._count = itertools.count(1)

    @property
    def voice(self) -> Voice:
        """The clients that speak with assertions. Raises LookupError: this bench has none."""
        if self._voice is None:
            raise LookupError("this bench has no voice")
        return self._voice

    def patient(self) -> DomainPatient:
        """A patient that the house knows and that has nothing yet."""
        patient = new_patient(family=f"Example{next(self._count)}")
        self.announce(patient)
        return patient

    def announce(self, patient: DomainPatient) -> None:
        """ITI-44: make a patient known."""
        self._feed.announce(patient)

    def merge(self, survivor: DomainPatient, subsumed: DomainPatient) -> None:
        """ITI-44: make one patient of two."""
        self._feed.merge(survivor, subsumed)

    def stranger(self) -> DomainPatient:
        """A patient that the house does not know."""
        return new_patient(family="Stranger")

    def provide(self, lot: XdsSubmission) -> RegistryAnswer:
        """ITI-41."""
        return self.ingest.provide_and_register(lot)

    def register(self, lot: XdsSubmission) -> RegistryAnswer:
        """ITI-42: the metadata, as another repository sends them."""
        return self.ingest.register(lot.in_repository(ELSEWHERE))

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
        """ITI-57; entries are as they are, so that the repository they name stays that of the registered ones."""
        return self.consultation.update(lot)

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
