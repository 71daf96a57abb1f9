"""ITI-57 on the wire of the ingest door: deletion of one's own documents (ITI TF-2 §3.57.4.1; DMP TD3.3c)."""

from __future__ import annotations

from gateway.gate import Caller
from gateway.ingest.deletion import DeleteOwnDocuments
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_57
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import RegistryResponse


def operation(delete_own_documents: DeleteOwnDocuments) -> Operation:
    """The operation of the ingest door's registry."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        request = reader.read_submit_objects(message.body, update=True)
        return Answer(writer.write_registry_response(delete_own_documents(request, caller)))

    return Operation(transaction=ITI_57, handle=handle, refuse=_refuse, law=LawOperation.DELETE)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    return writer.write_registry_response(RegistryResponse.of(errors))
