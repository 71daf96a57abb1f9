"""TD1.1 on the wire, and TD1.2, TD1.3b, TD1.4, three transactions of one interaction told apart by their reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from gateway.consultation.record_administration import ChangeRecord, ReactivateRecord
from gateway.consultation.record_closing import CloseRecord
from gateway.consultation.record_creation import CreateRecord
from gateway.consultation.td02 import opposition_lines, said_of, state_lines
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import TD_1_1, TD_1_2, TD_1_3B, TD_1_4, Transaction
from gateway.wire.dmp_registration import (
    Registration,
    read_creation,
    read_revision,
    write_registration_answer,
    write_registration_refusal,
)
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.errors import RegistryError
from xds.registry.record_file import RecordFile

_UseCase = Callable[[Registration, Caller], RecordFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUseCases:
    """What is done to a whole record."""

    create: CreateRecord
    reactivate: ReactivateRecord
    change: ChangeRecord
    close: CloseRecord


def operations(records: RecordUseCases) -> tuple[Operation, ...]:
    """The operations of the service `patients` that change a record."""
    return (
        _operation(TD_1_1, LawOperation.CREATE, read_creation, records.create),
        _operation(TD_1_2, LawOperation.REACTIVATE, read_revision, records.reactivate),
        _operation(TD_1_3B, LawOperation.CHANGE_ADMINISTRATIVE, read_revision, records.change),
        _operation(TD_1_4, LawOperation.CLOSE, read_revision, records.close),
    )


def _operation(
    transaction: Transaction, law: LawOperation, read: Callable[[etree._Element], Registration], use_case: _UseCase
) -> Operation:
    def handle(message: SoapMessage, caller: Caller) -> Answer:
        file = use_case(read(message.body), caller)
        lines = (*state_lines(file), *opposition_lines(file))
        return Answer(write_registration_answer(message.body, said_of(file, lines, full=True)))

    return Operation(transaction=transaction, handle=handle, law=law, refuse_message=_refuse)


def _refuse(message: SoapMessage, errors: tuple[RegistryError, ...]) -> bytes:
    return write_registration_refusal(message.body, errors)
