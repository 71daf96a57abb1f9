"""ITI-42 and ITI-61 on the wire (ITI TF-2 §3.42.4.1, §3.61.4.1)."""

from __future__ import annotations

from gateway.gate import Caller
from gateway.ingest.register_document_set import RegisterDocumentSet
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_42, ITI_61
from gateway.wire.soap import SoapMessage
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import RegistryResponse


def operation(register_document_set: RegisterDocumentSet) -> Operation:
    """The operation of the ingest door's registry; on-demand entries have an action of their own."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        request = reader.read_submit_objects(message.body)
        return Answer(writer.write_registry_response(register_document_set(request, caller)))

    transaction = ITI_61 if register_document_set.on_demand else ITI_42
    return Operation(transaction=transaction, handle=handle, refuse=_refuse)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    return writer.write_registry_response(RegistryResponse.of(errors))
