"""A deposit in FHIR, once it is read: what the door adds, then the same use case as ITI-41 (IHE MHD 4.2.4 §2:3.65).

(1) author of the lot, current versions of what it replaces  (2) deviations: refused, or told  (3) the use case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from conformance.fhir.completion import check_fhir_documents
from conformance.fhir.leniency import UNSIGNED, admitted, is_signed
from gateway.gate import Caller
from gateway.ingest import fhir_sender
from gateway.ingest.fhir_leniency import LenientRules
from gateway.ingest.fhir_targets import CurrentVersions
from gateway.ingest.provide_and_register import ProvideAndRegister
from xds.errors import Refusal, RegistryError, disagreement
from xds.messages import ProvideAndRegisterRequest
from xds.mhd import outcome
from xds.mhd.requirements import missing
from xds.registry.receipts import RegistryReceipts


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirDeposit:
    """The use case in its two handlings; `lenient` differs by its rules alone."""

    strict: ProvideAndRegister
    lenient: ProvideAndRegister
    versions: CurrentVersions

    @classmethod
    def of(cls, provide: ProvideAndRegister, receipts: RegistryReceipts, transaction: str) -> FhirDeposit:
        """Over the use case of SOAP, under the name of another transaction."""
        strict = replace(provide, transaction=transaction)
        rules = LenientRules(rules=provide.rules)
        return cls(strict=strict, lenient=replace(strict, rules=rules), versions=CurrentVersions(receipts=receipts))

    def __call__(
        self,
        request: ProvideAndRegisterRequest,
        deviations: Iterable[RegistryError],
        places: Mapping[str, str],
        custodians: Mapping[str, str],
        caller: Caller,
        *,
        lenient: bool,
    ) -> tuple[RegistryError, ...]:
        """Deposit the lot; its warnings, those of a lenient handling included, each at its FHIRPath.

        Raises Refusal with every error, each at its FHIRPath; NotAuthenticated: the signature of the lot is wrong.
        """
        found = list(deviations)
        submission_set = request.submission_set
        if submission_set is not None:
            if fhir_sender.lacks_author_org(submission_set):
                path = f"{places.get(submission_set.entry_uuid, 'Bundle')}.source"
                expected = f"a structure, {caller.vihf.structure_id}"
                found.append(disagreement(fhir_sender.AUTHOR_ORG, path, "no structure", expected))
                if lenient:
                    submission_set = fhir_sender.with_author_org(submission_set, caller)
            request = self.versions(replace(request, submission_set=submission_set), caller)  # (1)
        faults = (
            *request.errors,
            *missing(request, places),
            *fhir_sender.check_custodians(custodians, places, caller),
            *check_fhir_documents(request, places),
        )
        if not lenient:  # (2)
            # A lot that lacks nothing but its signature is refused for that, as it is in SOAP.
            if (found or faults) and not is_signed(request):
                found.append(disagreement(UNSIGNED, "Bundle", "no document that signs", "a signature of the lot"))
            faults = (*faults, *found)
        warnings = tuple(map(admitted, found)) if lenient else ()
        provide = self.lenient if lenient else self.strict
        try:
            response = provide(replace(request, errors=tuple(dict.fromkeys(faults))), caller)  # (3)
        except Refusal as refusal:
            errors = outcome.placed((*refusal.errors, *warnings), places)
            raise Refusal(errors, decided_by=refusal.decided_by, operation=refusal.operation) from None
        return outcome.placed((*response.errors, *warnings), places)
