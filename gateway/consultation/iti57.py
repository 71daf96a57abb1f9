"""ITI-57 on the wire (ITI TF-2 §3.57.4.1; DMP TD3.3)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_57
from gateway.wire.soap import SoapMessage
from security.errors import MalformedMessage
from xds.dmp.operations import Operation as LawOperation
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import RegistryResponse, SubmitObjectsRequest


def operation(
    update: Callable[[SubmitObjectsRequest, Caller], RegistryResponse],
    law_of: Callable[[SubmitObjectsRequest], LawOperation] | None = None,
) -> Operation:
    """The operation of the consultation door's registry; `law_of` says what a message is to the law of the DMP."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        return Answer(writer.write_registry_response(update(_read(message), caller)))

    def asked(message: SoapMessage) -> LawOperation | None:
        try:
            return law_of(_read(message)) if law_of is not None else None
        except MalformedMessage:  # it was refused for that
            return None

    return Operation(transaction=ITI_57, handle=handle, refuse=_refuse, law_of=asked)


def _read(message: SoapMessage) -> SubmitObjectsRequest:
    return reader.read_submit_objects(message.body, update=True)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    return writer.write_registry_response(RegistryResponse.of(errors))
