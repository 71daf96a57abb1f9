"""TD0.4 on the wire of the ingest door, the service `patientsSpecific`."""

from __future__ import annotations

from gateway.gate import Caller
from gateway.ingest.structure_records import StructureRecords
from gateway.ingest.td03 import refuse_message
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import TD_0_4
from gateway.wire.dmp_services import Row, read_list_records, write_service_answer
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.registry.structure_authorisations import DeclaredRecord


def operation(structure_records: StructureRecords) -> Operation:
    """The operation of the service `patientsSpecific` of the ingest door."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        found = structure_records(read_list_records(message.body), caller)
        return Answer(write_service_answer(message.body, (), [("record", _row(one)) for one in found]))

    return Operation(transaction=TD_0_4, handle=handle, law=LawOperation.MY_RECORDS, refuse_message=refuse_message)


def _row(one: DeclaredRecord) -> Row:
    """Neither traits nor documents; a structure is nobody's médecin traitant."""
    return [("patientId", one.patient_id), ("medecinTraitant", False), ("authorization", one.declared_at)]
