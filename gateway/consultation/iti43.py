"""ITI-43 on the wire (ITI TF-2 §3.43.4.1)."""

from __future__ import annotations

from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_43
from gateway.wire.mtom import Attachment
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import ResponseStatus, RetrieveDocumentSetResponse


def operation(retrieve_document_set: RetrieveDocumentSet) -> Operation:
    """The operation of the consultation door's repository."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        response = retrieve_document_set(reader.read_retrieve_document_set(message.body), caller)
        body, attachments = writer.write_retrieve_response(response)
        return Answer(body, [Attachment(*attachment) for attachment in attachments])

    return Operation(transaction=ITI_43, handle=handle, refuse=_refuse, law=LawOperation.READ)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    body, _ = writer.write_retrieve_response(RetrieveDocumentSetResponse(ResponseStatus.FAILURE, errors=errors))
    return body
