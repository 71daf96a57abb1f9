"""What the ingest door offers of documents in FHIR, over the use cases that its other wires have."""

from __future__ import annotations

from typing import Literal

from gateway.fhir_routes import FhirOperation
from gateway.ingest import iti65, iti105
from gateway.ingest.deletion import DeleteOwnDocuments
from gateway.ingest.fhir_deposit import FhirDeposit
from gateway.ingest.fhir_own_documents import OwnFhirDocuments
from gateway.ingest.fhir_targets import CurrentVersions
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.ingest.reference_search import ReferenceSearch
from gateway.sent_lot import SOURCE_ID
from xds.registry.receipts import RegistryReceipts


def operations(
    provide: ProvideAndRegister,
    search: ReferenceSearch,
    delete: DeleteOwnDocuments,
    receipts: RegistryReceipts,
    deletion: Literal["entered-in-error", "superseded"],
) -> tuple[FhirOperation, ...]:
    """ITI-65, ITI-105, and what one may ask and undo of one's own documents."""
    own = OwnFhirDocuments(
        search=search,
        delete=delete,
        versions=CurrentVersions(receipts=receipts),
        source_id=SOURCE_ID,
        deletion=deletion,
    )
    return (
        iti65.operation(FhirDeposit.of(provide, receipts, iti65.TRANSACTION)),
        iti105.operation(
            FhirDeposit.of(provide, receipts, iti105.TRANSACTION), SOURCE_ID, provide.repository_unique_id
        ),
        *own.operations(),
    )
