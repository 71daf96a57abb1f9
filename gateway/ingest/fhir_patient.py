"""TD0.2 in FHIR at the ingest door: a record exists, is open, or was closed; nobody is named."""

from __future__ import annotations

from gateway.fhir_routes import FhirOperation, SearchParameter, search
from gateway.gate import Caller
from gateway.ingest.existence import TRANSACTION, RecordReceipt
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.patient import IDENTIFIER, Closed, PatientSaid, asked_patient, write_found
from gateway.wire.fhir.request import FhirRequest
from xds.dmp.operations import Operation as LawOperation
from xds.dmp.record import RecordStatus
from xds.registry.facts import Existence


def operations(record_receipt: RecordReceipt) -> tuple[FhirOperation, ...]:
    """The search for a patient, by either method."""

    def handle(request: FhirRequest, caller: Caller) -> FhirAnswer:
        patient_id = asked_patient(request)
        found = record_receipt(patient_id, caller)
        said = _said(patient_id, found) if found is not None else None
        return FhirAnswer(resource=write_found(request, said))

    return search(
        "Patient",
        transaction=TRANSACTION,
        handle=handle,
        law=LawOperation.EXISTENCE,
        parameters=(SearchParameter(name=IDENTIFIER, type="token", documentation="authority|INS, once"),),
        documentation="is there a record to feed, and is it open",
    )


def _said(patient_id: str, found: Existence) -> PatientSaid:
    closed = None
    if found.closed_at is not None:
        closed = Closed(at=found.closed_at, motive=found.closing_motive, reason=found.closing_reason)
    return PatientSaid(
        patient_id=patient_id,
        active=found.record.status is RecordStatus.OPEN,
        attached=found.record.attached_to_ens,
        closed=closed,
    )
