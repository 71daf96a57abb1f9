"""What FHIR reads of submission sets: those of ITI-18, and the documents of them that are seen (ITI-66)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gateway.consultation.registry_stored_query import Found, RegistryStoredQuery
from gateway.gate import Caller
from xds.metadata.association import AssociationType
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import UUID_URN
from xds.mhd.list_search import ListSearch
from xds.queries import FindDocuments, GetAssociations, GetSubmissionSetAndContents
from xds.registry.whole_documents import WholeDocuments, read_lot


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A submission set and its documents, by their logicalIDs."""

    submission_set: SubmissionSet
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionLists:
    """(1) patient, rights, what may be read: as ITI-18  (2) what each lot holds  (3) sort out  (4) audit, trace."""

    stored_query: RegistryStoredQuery
    documents: WholeDocuments
    transaction: str = "ITI-66"

    def search(self, wanted: ListSearch, caller: Caller) -> tuple[Lot, ...]:
        """The lots that a search finds, newest first. Raises Refusal: another patient, no right to consult."""
        # What nothing can meet is asked of the record all the same: the law has its say.
        nothing = FindDocuments(patient_id=wanted.patient_id, statuses=())
        found = self.stored_query.find(wanted.query or nothing, caller)  # (1)
        lots = tuple(one for one in self._lots(found, caller) if all(keep(one.submission_set) for keep in wanted.keep))
        self.stored_query.write_down(found, (), caller, self.transaction)
        return lots

    def by_id(self, identifier: str, caller: Caller) -> tuple[Lot, ...]:
        """The lot of an id of FHIR, or none. Raises Refusal: no right to consult."""
        query = GetSubmissionSetAndContents(entry_uuids=(UUID_URN + identifier.lower(),))
        found = self.stored_query.find(query, caller)
        lots = self._lots(found, caller)
        self.stored_query.write_down(found, (), caller, self.transaction)
        return lots

    def _lots(self, found: Found, caller: Caller) -> tuple[Lot, ...]:
        view = found.view
        view.check_size()
        if view.record is None or not view.submission_sets:
            return ()
        ids = tuple(one.entry_uuid for one in view.submission_sets)
        links = self.stored_query.find(GetAssociations(entry_uuids=ids), caller).view.associations
        members = [link for link in links if link.association_type == AssociationType.HAS_MEMBER]
        logical_ids = self.documents.logical_ids(view.record.patient_key, [link.target for link in members])
        held: dict[str, dict[str, None]] = {}
        for link in members:
            if link.target in logical_ids:
                held.setdefault(link.source, {})[logical_ids[link.target]] = None
        return tuple(
            Lot(
                submission_set=replace(read_lot(one.fragment), entry_uuid=one.entry_uuid),
                documents=tuple(held.get(one.entry_uuid, ())),
            )
            for one in view.submission_sets
        )
