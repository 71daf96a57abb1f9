"""What the consultation door offers in FHIR: imported where the house speaks it, and only then."""

from __future__ import annotations

from flask import Flask

from gateway.assembly import fhir
from gateway.consultation import app, fhir_operations, fhir_patient
from gateway.consultation.change_document import ChangeDocuments
from gateway.consultation.record_existence import RecordExistence
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.doorkeeper import Doorkeeper
from gateway.settings import Settings
from xds.mhd.moving import IdPolicy
from xds.registry.whole_documents import WholeDocuments


def mount(
    web: Flask,
    keeper: Doorkeeper,
    settings: Settings,
    *,
    stored_query: RegistryStoredQuery,
    retrieve: RetrieveDocumentSet,
    changes: ChangeDocuments,
    documents: WholeDocuments,
    existence: RecordExistence,
) -> None:
    """Add the interface to the application of the door, over the use cases of its other wires."""
    on_documents = fhir_operations.operations(
        stored_query,
        retrieve,
        changes,
        documents,
        id_policy=IdPolicy(settings.fhir.id_policy),
        deletion=settings.fhir.deletion,
    )
    fhir.mount(web, app.NAME, (*fhir_patient.operations(existence), *on_documents), keeper, settings)
