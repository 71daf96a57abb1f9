"""ITI-18 on the wire (ITI TF-2 §3.18.4.1)."""

from __future__ import annotations

from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_18
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.ebrim import query, reader, writer
from xds.errors import RegistryError
from xds.messages import AdhocQueryResponse, ResponseStatus


def operation(registry_stored_query: RegistryStoredQuery) -> Operation:
    """The operation of the consultation door's registry."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        stored_query = query.read_query(reader.read_adhoc_query(message.body))
        return Answer(writer.write_adhoc_query_response(registry_stored_query(stored_query, caller)))

    return Operation(transaction=ITI_18, handle=handle, refuse=refuse, law=LawOperation.SEARCH)


def refuse(errors: tuple[RegistryError, ...]) -> bytes:
    """The answer that says no to a stored query."""
    return writer.write_adhoc_query_response(AdhocQueryResponse(ResponseStatus.FAILURE, errors=errors))
