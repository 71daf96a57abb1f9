"""ITI-62 Remove Metadata, the use case (ITI TF-2 §3.62)."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.checks.removal import check_removal
from gateway.gate import Caller
from gateway.witness import Witness
from security.audit.event import Outcome
from xds.errors import Refusal
from xds.messages import RegistryResponse, RemoveObjectsRequest
from xds.registry.amendments import Amendments, until_unchanged
from xds.registry.registered_reader import RegisteredReader

TRANSACTION = "ITI-62"
NEIGHBOURS = 2
"""From an object to its associations, to the objects at their ends, to what these keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMetadata:
    """(1) what is registered  (2) every rule  (3) remove, audit; again when it changed meanwhile."""

    registered: RegisteredReader
    amendments: Amendments
    witness: Witness

    def __call__(self, request: RemoveObjectsRequest, caller: Caller) -> RegistryResponse:
        """Remove every object of the request, or raise Refusal with every error found. Bytes stay (ITI-86)."""
        return until_unchanged(lambda: self._attempt(request, caller))

    def _attempt(self, request: RemoveObjectsRequest, caller: Caller) -> RegistryResponse:
        facts = self.registered.ask(ids=request.ids, neighbours=NEIGHBOURS)  # (1)
        errors = (*request.errors, *check_removal(request, facts))  # (2)
        if errors:
            raise Refusal(errors)
        event = self.witness.access(
            TRANSACTION,
            Outcome.SUCCESS,
            caller,
            patient_id=facts.patient_of(request.ids),
            objects=request.ids,
        )
        self.amendments.remove(request.ids, revisions=facts.revisions, event=event)  # (3)
        return RegistryResponse.of()
