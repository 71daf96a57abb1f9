"""TD0.3 on the wire of the ingest door, the service `habilitations`."""

from __future__ import annotations

from gateway.gate import Caller
from gateway.ingest.structure_authorisation import DeclareStructure
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import TD_0_3
from gateway.wire.dmp_services import (
    Action,
    asked_action,
    read_set_authorisation,
    write_service_answer,
    write_service_refusal,
)
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.dmp.record import AuthorisationStatus
from xds.errors import RegistryError


def operation(declare: DeclareStructure) -> Operation:
    """The operation of the service `habilitations` of the ingest door."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        until = declare(read_set_authorisation(message.body), caller)
        status = str(AuthorisationStatus.VALIDE)
        return Answer(
            write_service_answer(message.body, [("status", status), ("medecinTraitant", False), ("until", until)])
        )

    return Operation(transaction=TD_0_3, handle=handle, law_of=_asked, refuse_message=refuse_message)


def refuse_message(message: SoapMessage, errors: tuple[RegistryError, ...]) -> bytes:
    """The answer of a service that says no."""
    return write_service_refusal(message.body, errors)


def _asked(message: SoapMessage) -> LawOperation:
    removes = asked_action(message.body) == Action.REMOVE
    return LawOperation.REMOVE_SELF if removes else LawOperation.AUTHORISE_SELF
