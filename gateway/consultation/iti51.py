"""ITI-51 on the wire (ITI TF-2 §3.51.4.1)."""

from __future__ import annotations

from gateway.consultation import iti18
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_51
from gateway.wire.soap import SoapMessage
from xds.ebrim import query, reader, writer


def operation(registry_stored_query: RegistryStoredQuery) -> Operation:
    """The operation of the consultation door's registry, where queries over several patients are offered."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        multi_patient_query = query.read_multi_patient_query(reader.read_adhoc_query(message.body))
        return Answer(writer.write_adhoc_query_response(registry_stored_query(multi_patient_query, caller)))

    return Operation(transaction=ITI_51, handle=handle, refuse=iti18.refuse)
