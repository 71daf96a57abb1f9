"""ITI-57 Update Document Set, the use case (ITI TF-2 §3.57)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.checks.update import check_update
from gateway.gate import Caller
from gateway.witness import Witness
from profiles.codes import Domain
from security.audit.event import Outcome
from xds.errors import Refusal, Severity
from xds.messages import RegistryResponse, SubmitObjectsRequest
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.registry.amendments import Amendments, until_unchanged
from xds.registry.registered import RegisteredFacts
from xds.registry.registered_reader import RegisteredReader
from xds.registry.update_plan import plan_update

TRANSACTION = "ITI-57"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateDocumentSet:
    """(1) what is registered  (2) every rule  (3) plan  (4) write, audit; again when it changed meanwhile."""

    registered: RegisteredReader
    amendments: Amendments
    domain: Domain
    witness: Witness

    def __call__(self, request: SubmitObjectsRequest, caller: Caller) -> RegistryResponse:
        """Do every operation of the message, or raise Refusal with every error found."""
        return until_unchanged(lambda: self._attempt(request, caller))

    def _attempt(self, request: SubmitObjectsRequest, caller: Caller) -> RegistryResponse:
        facts = self._facts(request)  # (1)
        findings = (*request.errors, *check_update(request, facts, self.domain))  # (2)
        submission_set = request.submission_set
        record = facts.record_of(submission_set.patient_id) if submission_set is not None else None
        refused = any(finding.severity is Severity.ERROR for finding in findings)
        if submission_set is None or record is None or refused:
            raise Refusal(findings)
        self.amendments.update(  # (4)
            plan_update(request, facts),  # (3)
            revisions=facts.revisions,
            patient_key=record.patient_key,
            structure_id=caller.structure_id,
            now=caller.now,
            event=self.witness.access(
                TRANSACTION,
                Outcome.SUCCESS,
                caller,
                patient_id=submission_set.patient_id,
                objects=(submission_set.unique_id, *_concerned(request)),
            ),
        )
        return RegistryResponse.of(findings)

    def _facts(self, request: SubmitObjectsRequest) -> RegisteredFacts:
        submission_set = request.submission_set
        return self.registered.ask(
            ids=_ids(request),
            logical_ids=[one.logical_id for one in _versions(request) if one.logical_id],
            unique_ids=[*([submission_set.unique_id] if submission_set else ()), *_unique_ids(request)],
            patient_ids=[submission_set.patient_id] if submission_set else (),
        )


def _versions(request: SubmitObjectsRequest) -> Iterator[DocumentEntry | Folder]:
    yield from request.entries
    yield from request.folders


def _unique_ids(request: SubmitObjectsRequest) -> Iterator[str]:
    return (one.unique_id for one in _versions(request))


def _new_ids(request: SubmitObjectsRequest) -> Iterator[str]:
    if request.submission_set is not None:
        yield request.submission_set.entry_uuid
    yield from (one.entry_uuid for one in _versions(request))
    yield from (one.entry_uuid for one in request.associations)


def _ends(request: SubmitObjectsRequest) -> Iterator[str]:
    for association in request.associations:
        yield from (association.source, association.target)


def _ids(request: SubmitObjectsRequest) -> tuple[str, ...]:
    return (*_new_ids(request), *_ends(request))


def _concerned(request: SubmitObjectsRequest) -> Iterator[str]:
    """What the trail names: documents and folders by their uniqueId, other registered objects by their UUID."""
    yield from _unique_ids(request)
    new = frozenset(_new_ids(request))
    yield from dict.fromkeys(end for end in _ends(request) if end not in new)
