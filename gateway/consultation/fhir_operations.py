"""What the consultation door offers in FHIR on documents: one table, from the use cases of its SOAP services."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from gateway.consultation import iti68
from gateway.consultation.change_document import ChangeDocuments
from gateway.consultation.document_patch import DocumentPatch
from gateway.consultation.document_references import DocumentReferences
from gateway.consultation.iti66 import ListWire
from gateway.consultation.iti67 import DocumentReferenceWire
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.consultation.submission_lists import SubmissionLists
from gateway.fhir_routes import FhirOperation
from xds.mhd.moving import IdPolicy
from xds.registry.whole_documents import WholeDocuments


def operations(
    stored_query: RegistryStoredQuery,
    retrieve: RetrieveDocumentSet,
    change: ChangeDocuments,
    documents: WholeDocuments,
    *,
    id_policy: IdPolicy,
    deletion: Literal["entered-in-error", "superseded"],
) -> tuple[FhirOperation, ...]:
    """ITI-66, ITI-67, ITI-68, and the changes of TD3.3."""
    references = DocumentReferences(stored_query=stored_query)
    wire = DocumentReferenceWire(documents=references, id_policy=id_policy)
    lists = ListWire(lists=SubmissionLists(stored_query=stored_query, documents=documents), documents=wire)
    bytes_of = iti68.DocumentWire(stored_query=stored_query, retrieve=replace(retrieve, transaction=iti68.TRANSACTION))
    patch = DocumentPatch(change=change, references=references, wire=wire, deletion=deletion)
    return (*lists.operations(), *wire.operations(), *bytes_of.operations(), *patch.operations())
