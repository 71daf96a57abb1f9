"""What a generic affinity domain demands of a deposit: the standard, and the codes it was given (ITI TF-2 §3.42)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conformance.checks.metadata import check_metadata
from conformance.checks.registered import check_registered
from gateway.gate import Caller
from gateway.ingest import lot_signature
from profiles.codes import Domain
from security.pki.trust import TrustStore
from security.signature.lot import LotPolicy
from xds.errors import RegistryError
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.submission_set import SubmissionSet
from xds.registry.facts import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class AffinityRules:
    """The rules of the standard. `lot_policy` is None where lots need not be signed."""

    domain: Domain
    trust: Callable[[], TrustStore]
    lot_policy: LotPolicy | None

    def verify(self, request: ProvideAndRegisterRequest, submission_set: SubmissionSet, caller: Caller) -> str | None:
        """Verify the signature of the lot where one is demanded. Raises NotAuthenticated."""
        if self.lot_policy is None:
            return None
        return lot_signature.verify(request, submission_set, caller, self.trust(), self.lot_policy).signature_id

    def check_message(self, request: ProvideAndRegisterRequest) -> Iterable[RegistryError]:
        """What is wrong with the message alone."""
        yield from check_metadata(request, self.domain)

    def judge(
        self,
        request: ProvideAndRegisterRequest,
        submission_set: SubmissionSet,
        receipt: Receipt,
        caller: Caller,
        signature_id: str | None,
    ) -> Iterable[RegistryError]:
        """Everything wrong with the submission, warnings included."""
        yield from check_metadata(request, self.domain)
        yield from check_registered(request, receipt, self.domain)

    def law(self, request: ProvideAndRegisterRequest, signature_id: str | None) -> None:
        """No law of the DMP here."""
        return
