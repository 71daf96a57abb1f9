"""What the DMP demands of a deposit: a signed lot, the sender's words, French codes, an open record (DMP TD2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from conformance.checks.content import ContentPolicy
from conformance.checks.metadata import check_metadata
from conformance.checks.registered import check_registered
from gateway.gate import Caller
from gateway.ingest import coherence, lot_signature
from gateway.ingest.feeding import Feeding
from gateway.witness import Witness
from profiles.codes import Domain
from security.pki.trust import TrustStore
from security.signature.lot import LotPolicy
from xds.dmp.parameters import Parameters
from xds.errors import RegistryError
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.submission_set import SubmissionSet
from xds.registry.facts import ObjectKind, Receipt

_BY_THE_LAW = frozenset(("D-081-R", "D-081-V", "D-082", "D-083"))
"""Rules on visibility that the message alone cannot decide: the record and the parameters of the house do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DmpRules:
    """The rules of the DMP for one lot."""

    domain: Domain
    trust: Callable[[], TrustStore]
    lot_policy: LotPolicy
    content: ContentPolicy
    witness: Witness
    parameters: Parameters

    def verify(self, request: ProvideAndRegisterRequest, submission_set: SubmissionSet, caller: Caller) -> str:
        """Verify the signature of the lot; the id, as sent, of the document that holds it. Raises NotAuthenticated."""
        return lot_signature.verify(request, submission_set, caller, self.trust(), self.lot_policy).signature_id

    def check_message(self, request: ProvideAndRegisterRequest) -> Iterable[RegistryError]:
        """What is wrong with the message alone, by the parameters of the house; nothing of the record is asked."""
        yield from (error for error in check_metadata(request, self.domain) if error.rule not in _BY_THE_LAW)
        yield from self.law(request, lot_signature.claimed(request)).check_message(request.entries)

    def judge(
        self,
        request: ProvideAndRegisterRequest,
        submission_set: SubmissionSet,
        receipt: Receipt,
        caller: Caller,
        signature_id: str | None,
    ) -> Iterable[RegistryError]:
        """Everything wrong with the lot, warnings included."""
        law = self.law(request, signature_id)
        decision = law.decide(receipt.record, caller)
        yield from (*decision.errors(), *decision.warnings())
        yield from (error for error in check_metadata(request, self.domain) if error.rule not in _BY_THE_LAW)
        if receipt.record is not None:
            yield from law.check_visibility(request.entries, receipt.record, caller)
        yield from coherence.with_sender(request, submission_set, caller)
        yield from check_registered(request, receipt, self.domain)
        own = {
            item.entry_uuid: item.unique_id
            for item in receipt.objects.values()
            if item.kind is ObjectKind.DOCUMENT_ENTRY
        }
        yield from coherence.with_documents(request, signature_id or "", own, self.content)
        yield from lot_signature.warnings(request, signature_id)

    def law(self, request: ProvideAndRegisterRequest, signature_id: str | None) -> Feeding:
        """The law on this lot."""
        signature = next((entry.unique_id for entry in request.entries if entry.entry_uuid == signature_id), "")
        return Feeding(witness=self.witness, parameters=self.parameters, signature=signature)
