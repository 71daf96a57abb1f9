"""TD0.2 and TD1.3a on the wire: two transactions of one interaction, told apart by their reason."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.consultation.record_existence import RecordExistence, Standing
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire import dmp_vocabulary as words
from gateway.wire.addressing import TD_0_2, TD_1_3A, Transaction
from gateway.wire.dmp_existence import (
    RecordSaid,
    read_existence_query,
    write_existence_answer,
    write_existence_refusal,
)
from gateway.wire.dmp_interaction import AttentionLine
from gateway.wire.soap import SoapMessage
from xds.dmp.consents import oppositions
from xds.dmp.operations import Operation as LawOperation
from xds.dmp.record import RecordStatus
from xds.errors import RegistryError
from xds.registry.record_file import RecordFile


def operations(existence: RecordExistence) -> tuple[Operation, ...]:
    """The operations of the service `patients` that ask about one record."""
    return (
        _operation(existence, TD_0_2, LawOperation.EXISTENCE, full=False),
        _operation(existence, TD_1_3A, LawOperation.READ_ADMINISTRATIVE, full=True),
    )


def said_of(file: RecordFile, lines: tuple[AttentionLine, ...], *, full: bool) -> RecordSaid:
    """What is said of a record that exists."""
    return RecordSaid(
        patient_id=file.patient_id,
        active=file.record is not None and file.record.status is RecordStatus.OPEN,
        lines=lines,
        holder=file.holder,
        representatives=file.representatives,
        full=full,
    )


def state_lines(file: RecordFile) -> Iterator[AttentionLine]:
    """What everyone is told of a record: its account, the national space, how it was closed."""
    yield AttentionLine(words.ACCOUNT, bool(file.account_login))
    if file.record is not None:
        yield AttentionLine(words.ATTACHED, file.record.attached_to_ens)
    if file.closing is not None:
        yield AttentionLine(words.CLOSED_ON, file.closing.at)
        if file.closing.motive:
            yield AttentionLine(words.CLOSING_MOTIVE, (file.closing.motive, words.CLOSING_MOTIVES))
        if file.closing.reason:
            yield AttentionLine(words.CLOSING_REASON, file.closing.reason)


def opposition_lines(file: RecordFile) -> Iterator[AttentionLine]:
    """What the patient objects to in an emergency (DMP D-031)."""
    if file.record is not None:
        for key, opposed in oppositions(file.record.emergency).items():
            yield AttentionLine((key, words.CONSENTS), opposed)


def _operation(existence: RecordExistence, transaction: Transaction, law: LawOperation, *, full: bool) -> Operation:
    def handle(message: SoapMessage, caller: Caller) -> Answer:
        query = read_existence_query(message.body)
        found = existence(law, query.patient_id, caller)
        said = said_of(found.file, tuple(_lines(found, full=full)), full=full) if found is not None else None
        return Answer(write_existence_answer(query, said))

    return Operation(transaction=transaction, handle=handle, law=law, refuse_message=refuse_message)


def _lines(found: Standing, *, full: bool) -> Iterator[AttentionLine]:
    yield AttentionLine(words.AUTHORISATION, (found.authorisation, words.AUTHORISATION_VALUES))
    yield AttentionLine(words.MEDECIN_TRAITANT, found.medecin_traitant)
    yield from state_lines(found.file)
    if full:
        yield from opposition_lines(found.file)


def refuse_message(message: SoapMessage, errors: tuple[RegistryError, ...]) -> bytes:
    """The answer that says no to a question about one record."""
    return write_existence_refusal(message.body, errors)
