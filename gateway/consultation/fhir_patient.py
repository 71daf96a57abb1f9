"""TD0.2 in FHIR at the consultation door: is there a record, who holds it, and may I read it."""

from __future__ import annotations

from gateway.consultation.record_existence import RecordExistence, Standing
from gateway.fhir_routes import FhirOperation, SearchParameter, search
from gateway.gate import Caller
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.patient import IDENTIFIER, Authorised, Closed, PatientSaid, asked_patient, write_found
from gateway.wire.fhir.request import FhirRequest
from xds.dmp.operations import Operation as LawOperation
from xds.dmp.record import RecordStatus


def operations(existence: RecordExistence) -> tuple[FhirOperation, ...]:
    """The search for a patient, by either method."""

    def handle(request: FhirRequest, caller: Caller) -> FhirAnswer:
        found = existence(LawOperation.EXISTENCE, asked_patient(request), caller)
        said = _said(found, caller) if found is not None else None
        return FhirAnswer(resource=write_found(request, said))

    return search(
        "Patient",
        transaction=LawOperation.EXISTENCE.transaction,
        handle=handle,
        law=LawOperation.EXISTENCE,
        parameters=(SearchParameter(name=IDENTIFIER, type="token", documentation="authority|INS, once"),),
        documentation="is there a record, and may I read it",
    )


def _said(found: Standing, caller: Caller) -> PatientSaid:
    file, closed = found.file, None
    if file.closing is not None:
        closed = Closed(at=file.closing.at, motive=file.closing.motive, reason=file.closing.reason)
    return PatientSaid(
        patient_id=file.patient_id,
        active=file.record is not None and file.record.status is RecordStatus.OPEN,
        attached=file.record is not None and file.record.attached_to_ens,
        closed=closed,
        traits=file.holder.traits if file.holder is not None else None,
        authorised=Authorised(
            person_id=caller.requester.national_id,
            status=found.authorisation,
            until=found.valid_until,
            medecin_traitant=found.medecin_traitant,
        ),
    )
