"""ITI-41 Provide and Register Document Set-b, the use case (ITI TF-2 §3.41; DMP TD2.1, TD2.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from gateway.gate import Caller
from gateway.ingest.deposit import Deposit, DepositLaw
from gateway.ingest.documents import OwnDocuments, contents_of
from xds.errors import Refusal, RegistryError
from xds.messages import ProvideAndRegisterRequest, RegistryResponse
from xds.metadata.submission_set import SubmissionSet
from xds.registry.facts import Receipt
from xds.repository.writer import RepositoryWriter

TRANSACTION = "ITI-41"


class DepositRules(Protocol):
    """What a domain demands of a deposit."""

    def verify(self, request: ProvideAndRegisterRequest, submission_set: SubmissionSet, caller: Caller) -> str | None:
        """Verify the signature of the lot; the id of its document, None without one. Raises NotAuthenticated."""

    def check_message(self, request: ProvideAndRegisterRequest) -> Iterable[RegistryError]:
        """What is wrong with a message that cannot be judged, warnings included."""

    def judge(
        self,
        request: ProvideAndRegisterRequest,
        submission_set: SubmissionSet,
        receipt: Receipt,
        caller: Caller,
        signature_id: str | None,
    ) -> Iterable[RegistryError]:
        """Everything wrong with the submission, warnings included."""

    def law(self, request: ProvideAndRegisterRequest, signature_id: str | None) -> DepositLaw | None:
        """The law on this lot, where the domain has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvideAndRegister:
    """(1) reading  (2) lot signature  (3) receipt, every rule, bytes sealed and stored, registration and audit."""

    deposit: Deposit
    repository: RepositoryWriter
    rules: DepositRules
    repository_unique_id: str
    transaction: str = TRANSACTION
    """What the audit trail calls it: the same deposit has other wires."""

    def __call__(self, request: ProvideAndRegisterRequest, caller: Caller) -> RegistryResponse:
        """Accept the whole lot, or raise Refusal with every error found, or NotAuthenticated for its signature."""
        submission_set = request.submission_set
        if submission_set is None or request.errors or _same_unique_ids(request):  # (1)
            raise Refusal((*request.errors, *self.rules.check_message(request)))
        signature_id = self.rules.verify(request, submission_set, caller)  # (2)
        contents = contents_of(request.entries, request.documents)
        return self.deposit(  # (3)
            request,
            OwnDocuments(self.repository, self.repository_unique_id, contents),
            lambda receipt: self.rules.judge(request, submission_set, receipt, caller, signature_id),
            self.transaction,
            caller,
            self.rules.law(request, signature_id),
        )


def _same_unique_ids(request: ProvideAndRegisterRequest) -> bool:
    """Whether two documents share a uniqueId: a signature that names documents by it would then cover one of them."""
    return len({entry.unique_id for entry in request.entries}) < len(request.entries)
