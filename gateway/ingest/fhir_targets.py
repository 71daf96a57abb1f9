"""Which version a lot in FHIR is about: a resource keeps its id, its entryUUID changes (MHD 4.2.4; DMP draft 0.1.0).

In XDS a replacement names the entryUUID of the current version. In FHIR it names the resource, or the uniqueId: what
became of the document meanwhile, a masking for one, is nothing that whoever feeds must know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.gate import Caller
from gateway.ingest.own_documents import person_of
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import RELATIONSHIPS
from xds.metadata.document_entry import AvailabilityStatus
from xds.mhd.constants import OID
from xds.mhd.relations import is_registered
from xds.registry.facts import OwnDocument
from xds.registry.identifiers import uuid_text
from xds.registry.receipts import RegistryReceipts


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentVersions:
    """Finds the current version of one's own documents; what is not one's own stays as it was named."""

    receipts: RegistryReceipts

    def __call__(self, request: ProvideAndRegisterRequest, caller: Caller) -> ProvideAndRegisterRequest:
        """The request with each target outside of it made the current version. Raises Refusal: no answer."""
        own = {entry.entry_uuid for entry in request.entries}
        targets = [
            one.target
            for one in request.associations
            if one.association_type in RELATIONSHIPS and one.target not in own and is_registered(one.target)
        ]
        if not targets or request.submission_set is None:
            return request
        found = self.find(request.submission_set.patient_id, targets, caller)
        current = {target: document.entry_uuid for target, document in found.items()}
        associations = tuple(replace(one, target=current.get(one.target, one.target)) for one in request.associations)
        return replace(request, associations=associations)

    def find(self, patient_id: str, targets: Iterable[str], caller: Caller) -> dict[str, OwnDocument]:
        """The last version of each document named by an id (`urn:uuid:`) or a uniqueId (`urn:oid:`), by its name."""
        names = tuple(dict.fromkeys(targets))
        unique_ids = {name: name.removeprefix(OID) for name in names if name.startswith(OID)}
        asked = self._ask(patient_id, caller, unique_ids.values(), [name for name in names if name not in unique_ids])
        by_id = {document.entry_uuid: document for document in asked}
        versions = {name: by_id[_spelled(name)] for name in names if _spelled(name) in by_id}
        stale = {one.unique_id for one in versions.values() if one.status is not AvailabilityStatus.APPROVED}
        last = {one.unique_id: one for one in (self._ask(patient_id, caller, stale, ()) if stale else ())}
        last |= {one.unique_id: one for one in asked if one.unique_id in unique_ids.values()}
        found = {name: last.get(version.unique_id, version) for name, version in versions.items()}
        return {**found, **{name: last[text] for name, text in unique_ids.items() if text in last}}

    def _ask(
        self, patient_id: str, caller: Caller, unique_ids: Iterable[str], ids: Iterable[str]
    ) -> tuple[OwnDocument, ...]:
        return self.receipts.own_documents(
            patient_id=patient_id,
            structure_id=caller.structure_id,
            person_id=person_of(caller),
            unique_ids=unique_ids,
            ids=ids,
        ).documents


def _spelled(name: str) -> str:
    try:
        return f"urn:uuid:{uuid_text(name)}"
    except ValueError:
        return name
