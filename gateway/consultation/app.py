"""Door 2: professionals find and read. Nothing here deposits."""

from __future__ import annotations

from flask import Flask

from gateway.consultation import iti18, iti43
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.soap_door import Doorkeeper, Service, build

NAME = "consultation"


def create(
    keeper: Doorkeeper,
    registry_stored_query: RegistryStoredQuery,
    retrieve_document_set: RetrieveDocumentSet,
) -> Flask:
    """The WSGI application of the consultation door."""
    registry = Service(
        name="registry", wsdl="consultation-registry", operations=(iti18.operation(registry_stored_query),)
    )
    repository = Service(
        name="repository", wsdl="consultation-repository", operations=(iti43.operation(retrieve_document_set),)
    )
    return build(NAME, [registry, repository], keeper)
