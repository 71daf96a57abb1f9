"""Door 2: professionals find and read. Nothing here deposits."""

from __future__ import annotations

from flask import Flask

from gateway import soap_door
from gateway.consultation import iti18, iti43
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.gate import Gate, Witness
from gateway.wire.mtom import MimeLimits
from security.audit.trail import AuditTrail

NAME = "consultation"


def create(
    gate: Gate,
    audit: AuditTrail,
    witness: Witness,
    limits: MimeLimits,
    registry_stored_query: RegistryStoredQuery,
    retrieve_document_set: RetrieveDocumentSet,
) -> Flask:
    """The WSGI application of the consultation door."""
    registry = soap_door.Service(
        name="registry", wsdl="consultation-registry", operations=(iti18.operation(registry_stored_query),)
    )
    repository = soap_door.Service(
        name="repository", wsdl="consultation-repository", operations=(iti43.operation(retrieve_document_set),)
    )
    return soap_door.build(NAME, [registry, repository], gate, audit, witness, limits)
