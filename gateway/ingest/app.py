"""Door 1: establishments feed. Nothing here reads back."""

from __future__ import annotations

from flask import Flask

from gateway.ingest import iti41
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.soap_door import Doorkeeper, Service, build

NAME = "ingest"


def create(keeper: Doorkeeper, provide_and_register: ProvideAndRegister) -> Flask:
    """The WSGI application of the ingest door."""
    repository = Service(
        name="repository", wsdl="ingest-repository", operations=(iti41.operation(provide_and_register),)
    )
    return build(NAME, [repository], keeper)
