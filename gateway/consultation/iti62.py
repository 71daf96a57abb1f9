"""ITI-62 on the wire (ITI TF-2 §3.62.4.1)."""

from __future__ import annotations

from gateway.consultation.remove_metadata import RemoveMetadata
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_62
from gateway.wire.soap import SoapMessage
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import RegistryResponse


def operation(remove_metadata: RemoveMetadata) -> Operation:
    """The operation of the consultation door's registry."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        return Answer(writer.write_registry_response(remove_metadata(reader.read_remove_objects(message.body), caller)))

    return Operation(transaction=ITI_62, handle=handle, refuse=_refuse)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    return writer.write_registry_response(RegistryResponse.of(errors))
