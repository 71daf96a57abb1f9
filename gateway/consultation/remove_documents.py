"""ITI-86 Remove Documents, the use case (ITI TF-2 §3.86)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.gate import Caller
from gateway.witness import Witness
from security.audit.event import Outcome
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import DocumentRequest, RegistryResponse
from xds.registry.amendments import Amendments, until_unchanged
from xds.registry.registered import RegisteredFacts
from xds.registry.registered_reader import RegisteredReader
from xds.repository.address import BlobAddress
from xds.repository.remover import RepositoryRemover

TRANSACTION = "ITI-86"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDocuments:
    """(1) what is registered  (2) is it here, can it go  (3) unname, audit; again when it changed  (4) remove bytes."""

    registered: RegisteredReader
    amendments: Amendments
    remover: RepositoryRemover
    witness: Witness
    repository_unique_id: str

    def __call__(self, requests: tuple[DocumentRequest, ...], caller: Caller) -> RegistryResponse:
        """Remove every document, or raise Refusal with every error found. Metadata stay (ITI-62)."""
        wanted = tuple(dict.fromkeys(requests))
        addresses = until_unchanged(lambda: self._attempt(wanted, caller))
        self.remover.remove(map(BlobAddress, addresses))  # (4)
        return RegistryResponse.of()

    def _attempt(self, wanted: tuple[DocumentRequest, ...], caller: Caller) -> tuple[bytes, ...]:
        unique_ids = tuple(dict.fromkeys(item.document_unique_id for item in wanted))
        facts = self.registered.ask(unique_ids=unique_ids, neighbours=0)  # (1)
        errors = tuple(error for item in wanted for error in self._errors(item, facts))  # (2)
        if errors:
            raise Refusal(errors)
        documents = [one.entry_uuid for name in unique_ids for one in facts.documents_named(name)]
        event = self.witness.access(
            TRANSACTION,
            Outcome.SUCCESS,
            caller,
            patient_id=facts.patient_of(documents),
            objects=unique_ids,
        )
        return self.amendments.remove_documents(unique_ids, revisions=facts.revisions, event=event)  # (3)

    def _errors(self, item: DocumentRequest, facts: RegisteredFacts) -> Iterator[RegistryError]:
        if item.repository_unique_id != self.repository_unique_id:
            text = f"repositoryUniqueId {item.repository_unique_id} is not this repository, {self.repository_unique_id}"
            yield RegistryError(XdsErrorCode.UNKNOWN_REPOSITORY_ID, text)
            return
        held = [one.blob_address for one in facts.documents_named(item.document_unique_id) if one.blob_address]
        if not held:
            text = f"no document {item.document_unique_id} is here"
            yield RegistryError(XdsErrorCode.DOCUMENT_UNIQUE_ID, text)
        elif not all(self.remover.may_remove(BlobAddress(address)) for address in held):
            text = f"document {item.document_unique_id} cannot be removed from the disk; nothing was removed"
            yield RegistryError(XdsErrorCode.REMOVE_DOCUMENTS, text)
