"""Door 1: establishments feed. Nothing here reads back."""

from __future__ import annotations

from flask import Flask

from gateway import soap_door
from gateway.gate import Gate, Witness
from gateway.ingest import iti41
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.wire.mtom import MimeLimits
from security.audit.trail import AuditTrail

NAME = "ingest"


def create(
    gate: Gate, audit: AuditTrail, witness: Witness, limits: MimeLimits, provide_and_register: ProvideAndRegister
) -> Flask:
    """The WSGI application of the ingest door."""
    repository = soap_door.Service(
        name="repository", wsdl="ingest-repository", operations=(iti41.operation(provide_and_register),)
    )
    return soap_door.build(NAME, [repository], gate, audit, witness, limits)
