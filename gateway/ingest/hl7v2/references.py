"""The documents that a message speaks of, among those of its own structure (DMP TD3.1b)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cda.header_values import CdaHeader, unique_id_of
from gateway.gate import Caller
from gateway.ingest.own_documents import person_of, the_patient
from gateway.ingest.reference_search import ReferenceSearch
from xds.ebrim.query import GET_DOCUMENTS
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import AdhocQueryRequest
from xds.metadata.document_entry import AvailabilityStatus
from xds.queries import ReturnType
from xds.registry.facts import OwnDocument
from xds.registry.receipts import RegistryReceipts

_SHOWN: Final = 3
_ID = re.compile(rb'id="(urn:uuid:[0-9a-f-]{36})"')


@dataclass(frozen=True, slots=True)
class References:
    """Finds by the search that a SOAP sender would make, and looks whether an earlier attempt did its work."""

    search: ReferenceSearch
    receipts: RegistryReceipts

    def replaced_by(self, header: CdaHeader, caller: Caller) -> str:
        """The entryUUID of the document that this one replaces. Raises Refusal: it names none, or none of one's own."""
        replaced = unique_id_of(header.replaces)
        if not replaced:
            text = "ClinicalDocument/relatedDocument: found nothing, expected the document that is replaced"
            raise Refusal([RegistryError(XdsErrorCode.UNRESOLVED_REFERENCE, text)])
        return next(iter(self.of([replaced], caller)))

    def of(self, unique_ids: Sequence[str], caller: Caller) -> Mapping[str, AvailabilityStatus]:
        """The entryUUIDs of one's own documents, taken for the version in force. Raises Refusal: one is not found."""
        asked = tuple(dict.fromkeys(unique_ids))
        values = ",".join(f"'{unique_id}'" for unique_id in asked)
        request = AdhocQueryRequest(
            query_id=GET_DOCUMENTS,
            return_type=ReturnType.OBJECT_REF,
            slots=(("$XDSDocumentEntryUniqueId", (f"({values})",)),),
        )
        found = [_ID.search(one) for one in self.search(request, caller).objects]
        ids = [one[1].decode() for one in found if one is not None]
        if len(ids) < len(asked):
            named = ", ".join(asked[:_SHOWN]) + (", …" if len(asked) > _SHOWN else "")
            text = (
                f"found {named} ({len(ids)} of {len(asked)} registered as the sender's), "
                f"expected documents that the sender deposited in this record"
            )
            raise Refusal([RegistryError(XdsErrorCode.UNRESOLVED_REFERENCE, text)])
        return dict.fromkeys(ids, AvailabilityStatus.APPROVED)

    def are_registered(self, entry_uuids: Sequence[str], caller: Caller) -> bool:
        """Whether all these entries are registered, as this structure's."""
        own = self._own(caller, ids=entry_uuids)
        return bool(entry_uuids) and len({one.entry_uuid for one in own}) == len(entry_uuids)

    def are_deleted(self, unique_ids: Sequence[str], caller: Caller) -> bool:
        """Whether all these documents are deleted."""
        own = self._own(caller, unique_ids=unique_ids)
        return len(own) >= len(unique_ids) and all(one.status is AvailabilityStatus.DELETED for one in own)

    def _own(self, caller: Caller, *, unique_ids: Sequence[str] = (), ids: Sequence[str] = ()) -> Sequence[OwnDocument]:
        return self.receipts.own_documents(
            patient_id=the_patient(caller),
            structure_id=caller.structure_id,
            person_id=person_of(caller),
            unique_ids=unique_ids,
            ids=ids,
        ).documents
