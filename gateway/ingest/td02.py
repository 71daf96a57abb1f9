"""TD0.2 on the wire of the ingest door: a record exists, is open, or was closed (HL7 V3 PRPA_IN201307UV02)."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.gate import Caller
from gateway.ingest.existence import RecordReceipt
from gateway.ingest.reference_search import CHANNEL
from gateway.soap_door import Answer, Operation
from gateway.wire import dmp_vocabulary as words
from gateway.wire.addressing import TD_0_2
from gateway.wire.dmp_existence import (
    RecordSaid,
    read_existence_query,
    write_existence_answer,
    write_existence_refusal,
)
from gateway.wire.dmp_interaction import AttentionLine
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.dmp.record import RecordStatus
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.registry.facts import Existence


def operation(record_receipt: RecordReceipt) -> Operation:
    """The operation of the service `patients` of the ingest door."""

    def handle(message: SoapMessage, caller: Caller) -> Answer:
        query = read_existence_query(message.body)
        if query.reason != words.TEST_EXISTENCE:
            text = f"this door says whether a record exists ({words.TEST_EXISTENCE}), and nothing else of it"
            raise Refusal([RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, text, rule="V-46")], decided_by=CHANNEL)
        found = record_receipt(query.patient_id, caller)
        said = _said(query.patient_id, found) if found is not None else None
        return Answer(write_existence_answer(query, said))

    return Operation(transaction=TD_0_2, handle=handle, law=LawOperation.EXISTENCE, refuse_message=_refuse)


def _said(patient_id: str, found: Existence) -> RecordSaid:
    """Neither the identity of the holder nor an authorisation is told: whoever feeds needs none of them."""
    active = found.record.status is RecordStatus.OPEN
    return RecordSaid(patient_id=patient_id, active=active, lines=tuple(_lines(found)))


def _lines(found: Existence) -> Iterator[AttentionLine]:
    yield AttentionLine(words.ACCOUNT, found.account_open)
    yield AttentionLine(words.ATTACHED, found.record.attached_to_ens)
    if found.closed_at is not None:
        yield AttentionLine(words.CLOSED_ON, found.closed_at)
    if found.closing_motive:
        yield AttentionLine(words.CLOSING_MOTIVE, (found.closing_motive, words.CLOSING_MOTIVES))
    if found.closing_reason:
        yield AttentionLine(words.CLOSING_REASON, found.closing_reason)


def _refuse(message: SoapMessage, errors: tuple[RegistryError, ...]) -> bytes:
    return write_existence_refusal(message.body, errors)
