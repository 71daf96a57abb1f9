"""ITI-18 on the wire of the ingest door: references to one's own documents (ITI TF-2 §3.18.4.1; DMP TD3.1b)."""

from __future__ import annotations

from gateway.gate import Caller
from gateway.ingest.reference_search import ReferenceSearch
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_18
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import AdhocQueryResponse, ResponseStatus


def operation(reference_search: ReferenceSearch) -> Operation:
    """The operation of the ingest door's registry."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        request = reader.read_adhoc_query(message.body)
        return Answer(writer.write_adhoc_query_response(reference_search(request, caller)))

    return Operation(transaction=ITI_18, handle=handle, refuse=_refuse, law=LawOperation.REFERENCE_SEARCH)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    return writer.write_adhoc_query_response(AdhocQueryResponse(ResponseStatus.FAILURE, errors=errors))
