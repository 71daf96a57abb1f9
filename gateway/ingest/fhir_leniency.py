"""The rules of a deposit as a lenient interface applies them: the same, some told as warnings (PDSm; DMP draft 0.1.0).

Which ones is told by the rows of `profiles.fhir.deviations`. What concerns who sends, which patient, and which bytes is
never softened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from cda.document import UnreadableDocument, parse_document
from gateway.gate import Caller
from gateway.ingest.deposit import DepositLaw
from gateway.ingest.provide_and_register import DepositRules
from profiles.fhir.deviations import deviations, softened
from security.errors import ErrorKind, NotAuthenticated
from xds.errors import RegistryError, Severity, XdsErrorCode
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import AssociationType
from xds.metadata.submission_set import SubmissionSet
from xds.registry.facts import Receipt

UNSIGNED: Final = "FHIR-UNSIGNED"
EMPTY: Final = "FHIR-EMPTY-DOCUMENT"
_LONGEST_EMPTY: Final = 1024
"""A document without header is short: longer ones are not parsed to find out."""


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
        empty = frozenset(_empty_documents(request))
        for error in self.rules.judge(request, submission_set, receipt, caller, signature_id):
            about = error.context.partition(":")[0]
            inside = error.location.startswith("/ClinicalDocument")
            yield replace(error, severity=Severity.WARNING) if inside and about in empty else soften(error)
        for unique_id in sorted(empty):
            text = f"{unique_id}: the document has no header. {deviations()[EMPTY].lenient_en}"
            yield RegistryError(
                XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, "/ClinicalDocument", Severity.WARNING, EMPTY
            )
        if signature_id is None:
            text = f"no document of the lot signs it (relatesTo signs). {deviations()[UNSIGNED].lenient_en}"
            yield RegistryError(XdsErrorCode.REGISTRY_METADATA, text, "Bundle", Severity.WARNING, UNSIGNED)

    def law(self, request: ProvideAndRegisterRequest, signature_id: str | None) -> DepositLaw | None:
        """The law on this lot: never softened."""
        return self.rules.law(request, signature_id)


def soften(error: RegistryError) -> RegistryError:
    """An error that a row admits, as a warning that says what is done; any other as it is."""
    row = softened().get((error.rule, error.location.rpartition("/")[2]))
    if row is None or error.severity is Severity.WARNING:
        return error
    return replace(error, severity=Severity.WARNING, context=f"{error.context}. {row.lenient_en}")


def admitted(deviation: RegistryError) -> RegistryError:
    """A deviation found in reading, as a warning that says what is done."""
    row = deviations()[deviation.rule]
    return replace(deviation, severity=Severity.WARNING, context=f"{deviation.context}. {row.lenient_en}")


def is_signed(request: ProvideAndRegisterRequest) -> bool:
    """Whether a document says that it signs the lot, before anything is believed of it."""
    return any(item.association_type is AssociationType.SIGNS for item in request.associations)


def _empty_documents(request: ProvideAndRegisterRequest) -> Iterator[str]:
    for entry in request.entries:
        content = request.documents.get(entry.entry_uuid, b"")
        if 0 < len(content) <= _LONGEST_EMPTY:
            try:
                document = parse_document(content)
            except UnreadableDocument:
                continue
            if len(document.root) == 0:
                yield entry.unique_id
