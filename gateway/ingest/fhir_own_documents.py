"""One's own documents in FHIR on the ingest door: their ids, their deletion (DMP TD3.1b, TD3.3c; PDSm 3.1.1).

What feeds never reads: an answer holds ids and status, nothing else, and another's document is no document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from gateway.fhir_routes import FhirOperation, SearchParameter
from gateway.gate import Caller
from gateway.ingest.deletion import DeleteOwnDocuments
from gateway.ingest.fhir_deletion_patch import asks_deletion
from gateway.ingest.fhir_targets import CurrentVersions
from gateway.ingest.own_documents import check_patient, the_patient
from gateway.ingest.reference_search import CHANNEL, ReferenceSearch
from gateway.sent_lot import submission_set_of
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.outcome import FhirRefused, Issue
from gateway.wire.fhir.request import FhirRequest
from security.errors import ErrorKind
from xds.dmp.operations import Operation as LawOperation
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus
from xds.metadata.symbolic import UUID_URN, fresh_uuid
from xds.mhd import constants as c
from xds.mhd.identifiers import write_unique_id, write_uri
from xds.mhd.outcome import placed
from xds.mhd.relations import target_of
from xds.registry.facts import OwnDocument

SEARCH: Final = "ITI-67"
_PARAMETERS = (
    SearchParameter(name="identifier", type="token", documentation="uniqueId, or entryUUID, of one's own document"),
    SearchParameter(name="patient.identifier", type="token", documentation="the patient of the token, and no other"),
    SearchParameter(name="status", type="token"),
)
_MASKED = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
_TAG = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFhirDocuments:
    """(1) the patient of the token  (2) own documents, as ITI-18 at this door finds them  (3) deletion, as ITI-57."""

    search: ReferenceSearch
    delete: DeleteOwnDocuments
    versions: CurrentVersions
    source_id: str
    deletion: Literal["entered-in-error", "superseded"] = "entered-in-error"

    def operations(self) -> tuple[FhirOperation, ...]:
        """The operations of the ingest door on documents that are registered."""
        searched: dict[str, Any] = {
            "transaction": SEARCH,
            "interaction": "search-type",
            "handle": self.find,
            "law": LawOperation.REFERENCE_SEARCH,
            "parameters": _PARAMETERS,
            "documentation": "Ids and status of one's own documents, by identifier; nothing else is read here.",
        }
        patched: dict[str, Any] = {
            "transaction": "TD3.3c",
            "interaction": "patch",
            "handle": self.remove,
            "body": "patch",
            "law": LawOperation.DELETE,
            "documentation": f"Deletion of one's own document: status becomes {self.deletion}.",
        }
        return (
            FhirOperation(method="GET", route="DocumentReference", **searched),
            FhirOperation(method="POST", route="DocumentReference/_search", body="form", **searched),
            FhirOperation(method="PATCH", route="DocumentReference/{id}", **patched),
            FhirOperation(method="PATCH", route="DocumentReference", parameters=_PARAMETERS[:1], **patched),
        )

    def find(self, asked: FhirRequest, caller: Caller) -> FhirAnswer:
        """A searchset of references."""
        identifiers = asked.values("identifier")
        if not identifiers:
            text = "this door tells the ids of the sender's own documents, by their identifier: no other search"
            raise Refusal([RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, text, rule="V-46")], decided_by=CHANNEL)
        for token in asked.values("patient.identifier"):
            check_patient(_cx(token), caller)
        wanted = {one for value in asked.values("status") for one in value.split(",")}
        found = [
            document
            for document in self._own(identifiers, caller)
            if not wanted or c.STATUS_TO_FHIR[document.status] in wanted
        ]
        entries = [
            {
                "fullUrl": f"{asked.base}/DocumentReference/{_id(document)}",
                "resource": _reference(document),
                "search": {"mode": "match"},
            }
            for document in found
        ]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
        return FhirAnswer(resource={**bundle, "entry": entries} if entries else bundle)

    def remove(self, asked: FhirRequest, caller: Caller) -> FhirAnswer:
        """Delete the document that is named.

        Raises FhirRefused: 405 another change, 412 several documents, 422 a test that does not hold.
        """
        tested = asks_deletion(asked, self.deletion)
        if tested is None:
            text = f"this door changes the status of a document to {self.deletion}, and nothing else"
            issue = Issue(code="not-supported", reason="FHIR_FORBIDDEN", diagnostics=text)
            raise FhirRefused(405, [issue], kind=ErrorKind.FHIR_FORBIDDEN, allow="GET, PATCH, POST")
        if asked.if_match:
            issue = Issue(code="conflict", diagnostics="this door tells no versions: none can be asked for")
            raise FhirRefused(412, [issue])
        identifier = asked.variables.get("id")
        found = self._own([f"{c.URI}|{UUID_URN}{identifier}"] if identifier else asked.values("identifier"), caller)
        if len(found) != 1:
            raise _none() if not found else _several(len(found))
        (document,) = found
        if tested - {c.STATUS_TO_FHIR[document.status]}:
            raise FhirRefused(422, [Issue(code="processing", diagnostics="a test of the patch does not hold")])
        submission_set = submission_set_of(caller, the_patient(caller), self.source_id)
        order = Association(
            entry_uuid=fresh_uuid(),
            association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
            source=submission_set.entry_uuid,
            target=document.entry_uuid,
            original_status=document.status,
            new_status=AvailabilityStatus.DELETED,
        )
        try:
            self.delete(SubmitObjectsRequest(submission_set=submission_set, entries=(), associations=(order,)), caller)
        except Refusal as refusal:
            errors = placed(refusal.errors, {order.entry_uuid: "DocumentReference.status"})
            raise Refusal(errors, decided_by=refusal.decided_by, operation=refusal.operation) from None
        return FhirAnswer(resource=_reference(document, AvailabilityStatus.DELETED), may_be_minimal=True)

    def _own(self, values: Iterable[str], caller: Caller) -> Sequence[OwnDocument]:
        """The caller's own documents that these tokens, lists of tokens too, name: each once in its last version."""
        patient_id, names = the_patient(caller), [_name(token) for value in values for token in value.split(",")]
        ids = [name for name in names if name.startswith(UUID_URN)]
        by_id = self.versions.find(patient_id, ids, caller) if ids else {}
        unique_ids = [by_id[name].unique_id if name in by_id else name for name in names]
        return self.search.find(patient_id, caller, unique_ids=unique_ids, transaction=SEARCH)


def _reference(document: OwnDocument, status: AvailabilityStatus | None = None) -> dict[str, Any]:
    """A DocumentReference of ids and status alone; what FHIR requires beside them is said to be masked."""
    return {
        "resourceType": "DocumentReference",
        "id": _id(document),
        "meta": {"tag": [_TAG]},
        "masterIdentifier": write_unique_id(document.unique_id),
        "identifier": [write_uri(document.entry_uuid, "official"), write_uri(document.logical_id, "secondary")],
        "status": c.STATUS_TO_FHIR[status or document.status],
        "content": [{"attachment": {"extension": [_MASKED]}}],
    }


def _id(document: OwnDocument) -> str:
    return document.logical_id.removeprefix(UUID_URN)


def _name(token: str) -> str:
    """The uniqueId, or the `urn:uuid:`, of a token `system|value`."""
    system, _, value = token.rpartition("|")
    if system.startswith(c.OID):
        return f"{system.removeprefix(c.OID)}^{value}"
    return target_of(value).removeprefix(c.OID)


def _cx(token: str) -> str:
    system, _, value = token.rpartition("|")
    return f"{value}^^^&{system.removeprefix(c.OID)}&ISO^NH"


def _none() -> Refusal:
    text = "no document of the sender in this record has this identifier"
    return Refusal([RegistryError(XdsErrorCode.UNRESOLVED_REFERENCE, text, rule="FHIR-NOT-FOUND")])


def _several(count: int) -> FhirRefused:
    issue = Issue(code="multiple-matches", diagnostics=f"{count} documents have these identifiers, one may")
    return FhirRefused(412, [issue])
