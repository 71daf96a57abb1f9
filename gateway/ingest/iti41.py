"""ITI-41 on the wire (ITI TF-2 §3.41.4.1)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.gate import Caller
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import ITI_41
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.ebrim import reader, writer
from xds.errors import RegistryError
from xds.messages import RegistryResponse


def operation(
    provide_and_register: ProvideAndRegister, law: Callable[[Caller], LawOperation] | None = None
) -> Operation:
    """The operation of the ingest door. `law` says what it is to the law of the DMP."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        request = reader.read_provide_and_register(message.body, message.parts)
        return Answer(writer.write_registry_response(provide_and_register(request, caller)))

    return Operation(transaction=ITI_41, handle=handle, refuse=_refuse, law=law)


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    return writer.write_registry_response(RegistryResponse.of(errors))
