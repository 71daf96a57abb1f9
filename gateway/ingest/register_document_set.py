"""ITI-42 Register Document Set-b and ITI-61 Register On-Demand Document Entry, the use case (ITI TF-2 §3.42, §3.61)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.checks.metadata import check_registration
from conformance.checks.metadata_rule import entry_path
from conformance.checks.registered import check_registered
from gateway.gate import Caller
from gateway.ingest.deposit import Deposit
from gateway.ingest.documents import DocumentsElsewhere
from profiles.codes import Domain
from xds.errors import Refusal, RegistryError, disagreement
from xds.messages import RegistryResponse, SubmitObjectsRequest
from xds.registry.facts import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterDocumentSet:
    """(1) reading  (2) receipt, every rule, registration and audit. `on_demand`: entries of ITI-61, and no other."""

    deposit: Deposit
    domain: Domain
    repository_unique_id: str
    on_demand: bool = False

    def __call__(self, request: SubmitObjectsRequest, caller: Caller) -> RegistryResponse:
        """Register documents that another repository holds. Raises Refusal with every error found."""
        if request.submission_set is None or request.errors:  # (1)
            raise Refusal((*request.errors, *self._check(request)))
        transaction = "ITI-61" if self.on_demand else "ITI-42"
        return self.deposit(  # (2)
            request,
            DocumentsElsewhere(),
            lambda receipt: self._judge(request, receipt),
            transaction,
            caller,
        )

    def _judge(self, request: SubmitObjectsRequest, receipt: Receipt) -> Iterable[RegistryError]:
        yield from self._check(request)
        yield from check_registered(request, receipt, self.domain)

    def _check(self, request: SubmitObjectsRequest) -> Iterable[RegistryError]:
        yield from check_registration(request, self.domain, on_demand=self.on_demand)
        for entry in request.entries:
            if entry.repository_unique_id == self.repository_unique_id:
                expected = "the id of the repository that holds the document: this one did not receive it"
                yield disagreement(
                    "REPOSITORY", entry_path(entry, "repositoryUniqueId"), self.repository_unique_id, expected
                )
