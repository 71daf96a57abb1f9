"""ITI-105 Simplified Publish on the wire of the ingest door (IHE MHD 4.2.4 §2:3.105; PDSm 3.1.1 flux 09, 10).

One document inside its resource. The door makes the SubmissionSet, hash and size, and completes the metadata by what
the document says of itself. Such a lot cannot be signed: only a lenient interface takes it (X-404).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from conformance.fhir.completion import completed, why_silent
from gateway.fhir_routes import FhirOperation
from gateway.gate import Caller
from gateway.ingest.feeding import operation_of
from gateway.ingest.fhir_deposit import FhirDeposit
from gateway.sent_lot import submission_set_of
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.request import FhirRequest
from profiles.fhir.requirements import SIMPLIFIED
from xds.errors import Refusal, RegistryError, XdsErrorCode, disagreement
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.symbolic import UUID_URN, fresh_uuid
from xds.mhd.constants import SIMPLIFIED_PUBLISH
from xds.mhd.contents import read_published
from xds.mhd.document_reference import resource_id, write_document_reference
from xds.mhd.document_reference_reader import ReadDocument, read_document_reference
from xds.mhd.element import Element
from xds.mhd.notes import Notes
from xds.mhd.outcome import write_outcome
from xds.mhd.relations import read_associations
from xds.mhd.requirements import check_profile

TRANSACTION: Final = "ITI-105"
OUTCOME: Final = "urn:ecluse:fhir:StructureDefinition:outcome"
"""The extension that refers to the warnings of a publication, which the resource contains."""
_ROOT: Final = "DocumentReference"
_DATA: Final = f"{_ROOT}.content[0].attachment.data"


def operation(deposit: FhirDeposit, source_id: str, repository_unique_id: str) -> FhirOperation:
    """The publication of one document. `source_id` is the OID of this door as the source of lots it makes."""

    def handle(asked: FhirRequest, caller: Caller) -> FhirAnswer:
        notes = Notes()
        document = _read(asked.resource or {}, notes)
        content = read_published(document)
        if content is None:
            # What its header would say is not there either: one fault is told once.
            raise Refusal(tuple(dict.fromkeys(notes.faults)))
        entry = completed(document.entry, content)
        if silent := why_silent(document.entry, content):
            # Said beside what is missing for it: whoever only filled that in would be refused again.
            notes.fault("AGR-CDA", _DATA, silent, "a CDA document", XdsErrorCode.INVALID_DOCUMENT_CONTENT)
        contents = {entry.entry_uuid: content}
        submission_set = submission_set_of(caller, entry.patient_id, source_id)
        related = tuple(read_associations(document, {}, notes, fresh_uuid))
        member = Association(
            entry_uuid=fresh_uuid(),
            association_type=AssociationType.HAS_MEMBER,
            source=submission_set.entry_uuid,
            target=entry.entry_uuid,
            submission_set_status="Original",
        )
        request = ProvideAndRegisterRequest(
            submission_set=submission_set,
            entries=(entry,),
            associations=(member, *(association for association, _ in related)),
            documents=contents,
            errors=tuple(dict.fromkeys(notes.faults)),
        )
        places = {entry.entry_uuid: _ROOT, entry.unique_id: _ROOT, submission_set.entry_uuid: _ROOT}
        places |= {association.entry_uuid: path for association, path in related}
        custodians = {entry.entry_uuid: document.custodian} if document.custodian else {}
        warnings = deposit(request, dict.fromkeys(notes.deviations), places, custodians, caller, lenient=asked.lenient)
        final = replace(
            entry,
            logical_id=entry.entry_uuid,
            repository_unique_id=repository_unique_id,
            size=len(contents[entry.entry_uuid]),
        )
        return _answer(asked, final, warnings, caller)

    return FhirOperation(
        method="POST",
        route=_ROOT,
        transaction=TRANSACTION,
        interaction="create",
        body="resource",
        handle=handle,
        law=operation_of,
        profiles=(SIMPLIFIED_PUBLISH,),
        documentation="One document in its resource; the lot is made here, and is not signed.",
    )


def _read(resource: dict[str, Any], notes: Notes) -> ReadDocument:
    if resource.get("resourceType") != _ROOT:
        found = str(resource.get("resourceType", "nothing"))
        raise Refusal([disagreement("FHIR-BUNDLE", "resourceType", found, "a DocumentReference")])
    element = Element(resource, _ROOT, notes)
    document = read_document_reference(element, entry_uuid=fresh_uuid(), alone=True)
    check_profile(element, SIMPLIFIED)
    if document.entry.availability_status is not AvailabilityStatus.APPROVED:
        notes.fault("O12", element.at("status"), element.text("status"), "current: a document is registered so")
    return document


def _answer(asked: FhirRequest, entry: DocumentEntry, warnings: Iterable[RegistryError], caller: Caller) -> FhirAnswer:
    told = tuple(warnings)
    resource = write_document_reference(entry, last_updated=caller.now)
    if asked.returning == "OperationOutcome":
        resource = write_outcome(told)
    elif told:
        contained = [*resource.get("contained", ()), {**write_outcome(told), "id": "outcome"}]
        extensions = [*resource.get("extension", ()), {"url": OUTCOME, "valueReference": {"reference": "#outcome"}}]
        resource = {**resource, "contained": contained, "extension": extensions}
    return FhirAnswer(
        status=201,
        resource=resource,
        location=f"{asked.base}/{_ROOT}/{resource_id(entry) or entry.entry_uuid.removeprefix(UUID_URN)}",
        etag="1",
        last_modified=caller.now,
        may_be_minimal=not told,
    )
