"""What the ingest door offers in FHIR: imported where the house speaks it, and only then."""

from __future__ import annotations

from flask import Flask

from gateway.assembly import fhir
from gateway.assembly.dmp_feeding import DmpUseCases
from gateway.doorkeeper import Doorkeeper
from gateway.ingest import app, fhir_operations, fhir_patient
from gateway.settings import Settings


def mount(web: Flask, own: DmpUseCases, keeper: Doorkeeper, settings: Settings) -> None:
    """Add the interface to the application of the door."""
    documents = fhir_operations.operations(own.provide, own.search, own.delete, own.receipts, settings.fhir.deletion)
    fhir.mount(web, app.NAME, (*fhir_patient.operations(own.exists), *documents), keeper, settings)
