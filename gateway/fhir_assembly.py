"""What each door offers in FHIR, from the use cases that its other wires have: the tables, and how they are mounted."""

from __future__ import annotations

from flask import Flask

from gateway import fhir_door
from gateway.consultation import fhir_patient
from gateway.consultation.record_existence import RecordExistence
from gateway.exchange import Doorkeeper
from gateway.fhir_door import FhirPolicy
from gateway.fhir_routes import FhirOperation
from gateway.ingest import fhir_patient as own_fhir_patient
from gateway.ingest.existence import RecordReceipt
from gateway.settings import Settings, may_be_lenient, speaks_fhir


def ingest_operations(exists: RecordReceipt, documents: tuple[FhirOperation, ...]) -> tuple[FhirOperation, ...]:
    """What the ingest door offers: `documents` are its operations on them."""
    return (*own_fhir_patient.operations(exists), *documents)


def consultation_operations(
    existence: RecordExistence, documents: tuple[FhirOperation, ...]
) -> tuple[FhirOperation, ...]:
    """What the consultation door offers: `documents` are its operations on them."""
    return (*fhir_patient.operations(existence), *documents)


def mount(app: Flask, name: str, operations: tuple[FhirOperation, ...], keeper: Doorkeeper, settings: Settings) -> None:
    """Add the interface to the application of a door, where this house speaks FHIR."""
    if speaks_fhir(settings):
        policy = FhirPolicy(handling=settings.fhir.handling, may_be_lenient=may_be_lenient(settings))
        fhir_door.mount(app, name, operations, keeper, policy)
