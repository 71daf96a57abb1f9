"""TD0.3 and TD1.6 on the wire, the service `habilitations`."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.consultation.authorisations import DeclareAuthorisation, ListProfessionals, status_of
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import TD_0_3, TD_1_6
from gateway.wire.dmp_services import (
    Action,
    Field,
    asked_action,
    read_list_authorisations,
    read_set_authorisation,
    write_service_answer,
    write_service_refusal,
)
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.errors import RegistryError
from xds.registry.record_file import HeldAuthorisation


def operations(declare: DeclareAuthorisation, professionals: ListProfessionals) -> tuple[Operation, ...]:
    """The operations of the service `habilitations`."""

    def set_authorisation(message: SoapMessage, caller: Caller) -> Answer:
        now = declare(read_set_authorisation(message.body), caller)
        values: list[Field] = [("status", status_of(now))]
        if now is not None:
            values += [("medecinTraitant", now.medecin_traitant), ("until", now.valid_until)]
        return Answer(write_service_answer(message.body, values))

    def list_authorisations(message: SoapMessage, caller: Caller) -> Answer:
        request = read_list_authorisations(message.body)
        found = professionals(request.patient_id, request.mode, caller)
        return Answer(write_service_answer(message.body, (), [("authorization", tuple(_row(one))) for one in found]))

    return (
        Operation(transaction=TD_0_3, handle=set_authorisation, law_of=_asked, refuse_message=refuse_message),
        Operation(
            transaction=TD_1_6,
            handle=list_authorisations,
            law=LawOperation.LIST_PROFESSIONALS,
            refuse_message=refuse_message,
        ),
    )


def refuse_message(message: SoapMessage, errors: tuple[RegistryError, ...]) -> bytes:
    """The answer of a service that says no."""
    return write_service_refusal(message.body, errors)


def _asked(message: SoapMessage) -> LawOperation:
    removes = asked_action(message.body) == Action.REMOVE
    return LawOperation.REMOVE_SELF if removes else LawOperation.AUTHORISE_SELF


def _row(one: HeldAuthorisation) -> Iterator[Field]:
    authorisation = one.authorisation
    yield "holder", authorisation.professional_id
    yield "structure", one.structure
    for name, value in (("name", one.name), ("profession", one.profession), ("structureId", one.structure_id)):
        yield name, value or None
    yield "status", status_of(authorisation)
    yield "medecinTraitant", authorisation.medecin_traitant
    yield "since", one.declared_at
    yield "until", authorisation.valid_until
