"""ITI-57 on the wire (ITI TF-2 §3.57.4.1)."""

from __future__ import annotations

from gateway.consultation.update_document_set import UpdateDocumentSet
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_57
from gateway.wire.soap import SoapMessage
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import RegistryResponse


def operation(update_document_set: UpdateDocumentSet) -> Operation:
    """The operation of the consultation door's registry."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        response = update_document_set(reader.read_submit_objects(message.body, update=True), caller)
        return Answer(writer.write_registry_response(response))

    return Operation(transaction=ITI_57, handle=handle, refuse=_refuse)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    return writer.write_registry_response(RegistryResponse.of(errors))
