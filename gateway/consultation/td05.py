"""TD0.5 on the wire."""

from __future__ import annotations

from gateway.consultation.patient_search import PatientSearch
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import TD_0_5
from gateway.wire.dmp_existence import RecordSaid
from gateway.wire.dmp_search import Hit, read_traits_query, write_traits_answer, write_traits_refusal
from gateway.wire.soap import SoapMessage
from xds.dmp.holder import Holder
from xds.dmp.operations import Operation as LawOperation
from xds.errors import RegistryError


def operation(patient_search: PatientSearch) -> Operation:
    """The operation of the service `patients` that searches."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        query = read_traits_query(message.body)
        hits = [
            Hit(
                said=RecordSaid(
                    patient_id=match.candidate.patient_id,
                    active=True,
                    lines=(),
                    holder=Holder(traits=match.candidate.traits),
                    full=True,
                ),
                percentage=match.percentage,
                no_regulation=not match.candidate.regulation,
            )
            for match in patient_search(query.traits, caller)
        ]
        return Answer(write_traits_answer(query, hits))

    law = LawOperation.SEARCH_WITHOUT_INS
    return Operation(transaction=TD_0_5, handle=handle, law=law, refuse_message=_refuse)


def _refuse(message: SoapMessage, errors: tuple[RegistryError, ...]) -> bytes:
    return write_traits_refusal(message.body, errors)
