"""ITI-44 on the wire (ITI TF-2 §3.44.4.1): refusals travel in the acknowledgement, never as faults."""

from __future__ import annotations

from collections.abc import Callable

from gateway.gate import Caller
from gateway.ingest.patient_identity_feed import PatientIdentityFeed
from gateway.soap_door import Answer, Operation
from gateway.wire import hl7v3
from gateway.wire.addressing import ITI_44_ADD, ITI_44_MERGE, ITI_44_REVISE
from gateway.wire.feed import PATIENT, FaultKind, FeedFault, FeedRefused
from gateway.wire.soap import SoapMessage
from xds.errors import RegistryError

TRANSACTION = "ITI-44"


def operations(feed: PatientIdentityFeed) -> tuple[Operation, ...]:
    """The operations of the service `patients` of the ingest door: add, revise, merge."""
    handle = _handler(feed)
    return tuple(
        Operation(transaction=transaction, handle=handle, refuse=_refuse)
        for transaction in (ITI_44_ADD, ITI_44_REVISE, ITI_44_MERGE)
    )


def _handler(feed: PatientIdentityFeed) -> Callable[[SoapMessage, Caller], Answer]:
    def handle(message: SoapMessage, caller: Caller) -> Answer:
        wrapper, interaction = hl7v3.read_feed(message.body)
        try:
            feed(interaction, TRANSACTION, caller)
        except FeedRefused as refused:
            return Answer(hl7v3.write_ack(wrapper, refused.faults))
        return Answer(hl7v3.write_ack(wrapper, ()))

    return handle


def _refuse(errors: tuple[RegistryError, ...]) -> bytes:
    """What the door itself says when its stores are away: the message is not at hand any more."""
    faults = [FeedFault(kind=FaultKind.UNAVAILABLE, place=PATIENT, text=error.context) for error in errors]
    return hl7v3.write_ack(hl7v3.Wrapper(), faults)
