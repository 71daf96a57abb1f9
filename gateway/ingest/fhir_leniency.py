"""The rules of a deposit as a lenient interface applies them: the same, some told as warnings (PDSm; DMP draft 0.1.0).

Which ones is told by the rows of `profiles.fhir.deviations`. What concerns who sends, which patient, and which bytes is
never softened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.fhir.leniency import is_signed, soften, soften_judgment
from gateway.gate import Caller
from gateway.ingest.deposit import DepositLaw
from gateway.ingest.provide_and_register import DepositRules
from security.errors import ErrorKind, NotAuthenticated
from xds.errors import RegistryError
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.submission_set import SubmissionSet
from xds.registry.facts import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class LenientRules:
    """Rules of which some only warn."""

    rules: DepositRules

    def verify(self, request: ProvideAndRegisterRequest, submission_set: SubmissionSet, caller: Caller) -> str | None:
        """As the rules, but for a lot that nothing signs: None. Raises NotAuthenticated: a signature that is wrong."""
        try:
            return self.rules.verify(request, submission_set, caller)
        except NotAuthenticated as error:
            if error.kind is not ErrorKind.SIG_MISSING or is_signed(request):
                raise
            return None

    def check_message(self, request: ProvideAndRegisterRequest) -> Iterable[RegistryError]:
        """What is wrong with a message that cannot be judged."""
        return map(soften, self.rules.check_message(request))

    def judge(
        self,
        request: ProvideAndRegisterRequest,
        submission_set: SubmissionSet,
        receipt: Receipt,
        caller: Caller,
        signature_id: str | None,
    ) -> Iterator[RegistryError]:
        """Everything wrong with the submission, warnings included."""
        found = self.rules.judge(request, submission_set, receipt, caller, signature_id)
        documents = [(entry.unique_id, request.documents.get(entry.entry_uuid, b"")) for entry in request.entries]
        yield from soften_judgment(found, documents, signed=signature_id is not None)

    def law(self, request: ProvideAndRegisterRequest, signature_id: str | None) -> DepositLaw | None:
        """The law on this lot: never softened."""
        return self.rules.law(request, signature_id)
