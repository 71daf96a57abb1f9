"""How what a door offers in FHIR is mounted beside its other wires."""

from __future__ import annotations

from flask import Flask

from gateway import fhir_door
from gateway.doorkeeper import Doorkeeper
from gateway.fhir_door import FhirPolicy
from gateway.fhir_routes import FhirOperation
from gateway.settings import Settings, may_be_lenient


def mount(app: Flask, name: str, operations: tuple[FhirOperation, ...], keeper: Doorkeeper, settings: Settings) -> None:
    """Add the interface to the application of a door of that name."""
    policy = FhirPolicy(handling=settings.fhir.handling, may_be_lenient=may_be_lenient(settings))
    fhir_door.mount(app, name, operations, keeper, policy)
