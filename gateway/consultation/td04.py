"""TD0.4 and TD1.5 on the wire, the service `patientsSpecific`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.consultation.my_records import MyRecords
from gateway.consultation.patient_access import ChangeChannels, OpenAccess, RenewAccess, Secrets
from gateway.consultation.td03 import refuse_message
from gateway.gate import Caller
from gateway.soap_door import Answer, Operation
from gateway.wire.addressing import TD_0_4, TD_1_5A, TD_1_5B, TD_1_5D, Transaction
from gateway.wire.dmp_services import Field, read_list_records, read_patient_access, write_service_answer
from gateway.wire.soap import SoapMessage
from xds.dmp.operations import Operation as LawOperation
from xds.registry.authorised_records import Activity, MyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessUseCases:
    """What is done with the internet account of a patient."""

    open: OpenAccess
    channels: ChangeChannels
    renew: RenewAccess


def operations(my_records: MyRecords, access: AccessUseCases) -> tuple[Operation, ...]:
    """The operations of the service `patientsSpecific`."""

    def list_records(message: SoapMessage, caller: Caller) -> Answer:
        found = my_records(read_list_records(message.body), caller)
        rows = [("record", tuple(_row(record, activity))) for record, activity in found]
        return Answer(write_service_answer(message.body, (), rows))

    def create(message: SoapMessage, caller: Caller) -> Answer:
        request = read_patient_access(message.body, channel=True, channels=False)
        return _given(message, access.open(request, caller))

    def change(message: SoapMessage, caller: Caller) -> Answer:
        email, mobile = access.channels(read_patient_access(message.body, channel=False, channels=True), caller)
        return Answer(write_service_answer(message.body, [("email", email), ("mobile", mobile)]))

    def renew(message: SoapMessage, caller: Caller) -> Answer:
        request = read_patient_access(message.body, channel=False, channels=False)
        return _given(message, access.renew(request, caller))

    return (
        Operation(transaction=TD_0_4, handle=list_records, law=LawOperation.MY_RECORDS, refuse_message=refuse_message),
        _access(TD_1_5A, create),
        _access(TD_1_5B, change),
        _access(TD_1_5D, renew),
    )


def _access(transaction: Transaction, handle: Callable[[SoapMessage, Caller], Answer]) -> Operation:
    law = LawOperation.PATIENT_ACCESS
    return Operation(transaction=transaction, handle=handle, law=law, refuse_message=refuse_message)


def _given(message: SoapMessage, secrets: Secrets) -> Answer:
    return Answer(write_service_answer(message.body, [("login", secrets.login), ("password", secrets.password)]))


def _row(record: MyRecord, activity: Activity) -> Iterator[Field]:
    traits = record.traits
    yield "patientId", record.patient_id
    yield "family", traits.family if traits else None
    yield "given", " ".join(traits.given) if traits else None
    yield "birthDate", traits.birth_date or None if traits else None
    yield "medecinTraitant", record.medecin_traitant
    yield "authorization", record.declared_at
    yield "lastAccess", activity.access
    yield "lastUpdate", activity.update
    yield "lastAdd", activity.add
