"""What FHIR reads of documents: those of ITI-18, each once, in its last version (IHE MHD 4.2.4 §2:3.67; DMP TD3.1a)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.consultation.registry_stored_query import Found, RegistryStoredQuery
from gateway.gate import Caller
from xds.errors import Refusal
from xds.metadata.symbolic import UUID_URN
from xds.mhd.constants import OID, URI
from xds.mhd.document_search import DocumentReferenceSearch
from xds.mhd.search_values import Token
from xds.queries import GetDocuments
from xds.registry.whole_documents import FoundDocument, found_documents


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReferences:
    """(1) patient, rights, what may be read: as ITI-18  (2) whole documents  (3) sort out  (4) audit, trace."""

    stored_query: RegistryStoredQuery
    transaction: str = "ITI-67"

    def search(self, wanted: DocumentReferenceSearch, caller: Caller) -> tuple[FoundDocument, ...]:
        """The documents that a search finds. Raises Refusal: another patient, no right to consult, too many."""
        found = self.stored_query.find_whole(wanted.query, caller)  # (1)
        documents = _documents(found)  # (2)
        names = [self._unique_ids(tokens, caller) for tokens in wanted.identifiers]
        kept = tuple(  # (3)
            one
            for one in documents
            if _keeps(wanted, one) and all(one.unique_id in alternatives for alternatives in names)
        )
        self._write_down(found, kept, caller)  # (4)
        return kept

    def by_id(self, identifier: str, caller: Caller) -> tuple[FoundDocument, ...]:
        """The document of an id of FHIR, or none: absent and hidden are one. Raises Refusal: no right to consult.

        An id is a logicalID; an entryUUID, former ones too, names the document as well.
        """
        return self.by_identifiers((Token(URI, UUID_URN + identifier),), caller)

    def look(self, logical_id: str, caller: Caller) -> tuple[FoundDocument, ...]:
        """A document that the caller has just changed, if he still sees it; nothing is written down of that."""
        try:
            return _documents(self.stored_query.find_whole(GetDocuments(logical_ids=(logical_id,)), caller))
        except Refusal:
            return ()

    def by_ids(self, logical_ids: Iterable[str], caller: Caller) -> tuple[FoundDocument, ...]:
        """The documents of some logicalIDs, as far as they are seen. Raises Refusal as `by_id`."""
        wanted = tuple(logical_ids)
        return self._named(GetDocuments(logical_ids=wanted), caller) if wanted else ()

    def by_identifiers(self, tokens: Iterable[Token], caller: Caller) -> tuple[FoundDocument, ...]:
        """The documents that uniqueIds, logicalIDs or entryUUIDs name, former ones too. Raises Refusal as `by_id`."""
        return self._named(GetDocuments(unique_ids=tuple(self._unique_ids(tokens, caller))), caller)

    def _named(self, query: GetDocuments, caller: Caller) -> tuple[FoundDocument, ...]:
        found = self.stored_query.find_whole(query, caller)
        documents = _documents(found)
        self._write_down(found, documents, caller)
        return documents

    def _unique_ids(self, tokens: Iterable[Token], caller: Caller) -> frozenset[str]:
        """The uniqueIds of what these tokens name, as far as it is seen: a document has one in all its versions."""
        names = [_name(token) for token in tokens]
        uuids = tuple(name.lower() for name in names if name.startswith(UUID_URN))
        found = {name for name in names if not name.startswith(UUID_URN)}
        for query in (GetDocuments(entry_uuids=uuids), GetDocuments(logical_ids=uuids)) if uuids else ():
            found |= {one.unique_id for one in self.stored_query.find(query, caller).view.entries}
        return frozenset(found)

    def _write_down(self, found: Found, documents: Iterable[FoundDocument], caller: Caller) -> None:
        seen = (one.unique_id for one in documents)
        self.stored_query.write_down(found, seen, caller, self.transaction)


def _documents(found: Found) -> tuple[FoundDocument, ...]:
    """Raises Refusal: there are too many."""
    found.view.check_size()
    return found_documents(found.view)


def _keeps(wanted: DocumentReferenceSearch, one: FoundDocument) -> bool:
    own = {one.version.logical_id.removeprefix(UUID_URN), one.entry_uuid.removeprefix(UUID_URN)}
    if wanted.ids is not None and not own & wanted.ids:
        return False
    if not wanted.changed_within(one.version.changed_at):
        return False
    related = {target.removeprefix(UUID_URN) for _, target in one.version.relations}
    if not all(related & {name.rpartition("/")[2] for name in names} for names in wanted.relates_to):
        return False
    if not wanted.keep:
        return True
    entry = one.whole().entry
    return all(keep(entry) for keep in wanted.keep)


def _name(token: Token) -> str:
    """A uniqueId, or a `urn:uuid:`, of an identifier."""
    if token.system and token.system != URI:
        return f"{token.system.removeprefix(OID)}^{token.code}"
    return token.code.removeprefix(OID)
