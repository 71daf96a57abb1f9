"""ITI-68 Retrieve Document: what an attachment points to (IHE MHD 4.2.4 §2:3.68; DMP TD3.2)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.consultation.iti67 import not_there
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.fhir_routes import FhirOperation
from gateway.gate import Caller
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.media_types import FhirFormat
from gateway.wire.fhir.outcome import Issue, write_outcome
from gateway.wire.fhir.request import FhirRequest
from gateway.wire.fhir.writing import write_resource
from xds.dmp.operations import Operation as LawOperation
from xds.messages import DocumentRequest, DocumentResponse
from xds.metadata.symbolic import UUID_URN
from xds.mhd.composition import MIME_TYPE as FHIR_DOCUMENT
from xds.mhd.document_reference import media_type_of
from xds.queries import GetDocuments, ReturnType

TRANSACTION: Final = "ITI-68"
_WRAPPED: Final = {str(one): one for one in FhirFormat}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentWire:
    """(1) what the id names, as far as it is seen  (2) the document: as ITI-43, traced  (3) as it was sent, or wrapped.

    Absent, hidden and damaged look the same, whatever type is asked for.
    """

    stored_query: RegistryStoredQuery
    retrieve: RetrieveDocumentSet

    def operations(self) -> tuple[FhirOperation, ...]:
        """The addresses that attachments have: of a Binary, and of a document in FHIR."""
        return tuple(
            FhirOperation(
                method="GET",
                route=f"{kind}/{{id}}",
                transaction=TRANSACTION,
                interaction="read",
                handle=self.read,
                law=LawOperation.READ,
                documents=True,
                documentation=f"The document, as it was sent, in its own type; in FHIR's as a resource {kind}.",
            )
            for kind in ("Binary", "Bundle")
        )

    def read(self, asked: FhirRequest, caller: Caller) -> FhirAnswer:
        """The document of an id. Raises Refusal: no right to consult."""
        query = GetDocuments(logical_ids=(UUID_URN + asked.variables["id"].lower(),), return_type=ReturnType.OBJECT_REF)
        seen = self.stored_query.find(query, caller).view.entries  # (1)
        unique_id = seen[-1].unique_id if seen else asked.variables["id"]
        request = DocumentRequest(self.retrieve.repository_unique_id, unique_id)
        found = self.retrieve((request,), caller).documents  # (2)
        return _written(found[0], asked.accept) if found else not_there()  # (3)


def _written(document: DocumentResponse, accept: Sequence[str]) -> FhirAnswer:
    own = media_type_of(document.mime_type)
    for wanted in accept or (own,):
        if wanted in (own, document.mime_type, "*/*", f"{own.partition('/')[0]}/*"):
            return FhirAnswer(content=document.content, content_type=own)
        if wanted in _WRAPPED and own != FHIR_DOCUMENT:
            data = base64.b64encode(document.content).decode("ascii")
            resource = {"resourceType": "Binary", "contentType": own, "data": data}
            content, content_type = write_resource(resource, _WRAPPED[wanted])
            return FhirAnswer(content=content, content_type=content_type)
    issue = Issue(
        code="not-supported", diagnostics=f"_format, else Accept, has no type of this document; expected {own}"
    )
    return FhirAnswer(status=406, resource=write_outcome([issue]))
