"""ITI-86 on the wire (ITI TF-2 §3.86.4.1)."""

from __future__ import annotations

from gateway.consultation.remove_documents import RemoveDocuments
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_86
from gateway.wire.soap import SoapMessage
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import RegistryResponse


def operation(remove_documents: RemoveDocuments) -> Operation:
    """The operation of the consultation door's repository."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        response = remove_documents(reader.read_remove_documents(message.body), caller)
        return Answer(writer.write_registry_response(response))

    return Operation(transaction=ITI_86, handle=handle, refuse=_refuse)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    return writer.write_registry_response(RegistryResponse.of(errors))
