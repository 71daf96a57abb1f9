"""Client of the consultation door: what finds, fetches, amends and removes (ITI-18, 51, 43, 57, 62, 86)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from samples.client import queries
from samples.client.answers import (
    QueryAnswer,
    RegistryAnswer,
    RetrieveAnswer,
    read_query_answer,
    read_registry_answer,
    read_retrieve_answer,
)
from samples.client.description import DIRECTORY, service_url
from samples.client.exchange import EMPTY_LIST, DoorClient, MakeVihf, Metadata, graft
from samples.client.mtom import Message
from samples.client.transport import Credential

_STORED_QUERY = "DocumentRegistry_RegistryStoredQuery"
_MULTI_PATIENT_QUERY = "DocumentRegistry_MultiPatientStoredQuery"
_UPDATE = "DocumentRegistry_UpdateDocumentSet"
_REMOVE_METADATA = "DocumentRegistry_DeleteDocumentSet"
_RETRIEVE = "DocumentRepository_RetrieveDocumentSet"
_REMOVE_DOCUMENTS = "DocumentRepository_RemoveDocuments"


class ConsultationClient(DoorClient):
    """Client of the consultation door; the arguments and what is raised are those of `IngestClient`.

    `registry_wsdl` and `repository_wsdl` may be the URLs `…/registry?wsdl` and `…/repository?wsdl`. Multi-patient
    queries and removals are there in a generic domain only; `samples.changes` makes the updates of the DMP.
    """

    def __init__(
        self,
        url: str,
        credential: Credential | None,
        ca: Path | None,
        *,
        vihf: MakeVihf | None = None,
        registry_wsdl: str | None = None,
        repository_wsdl: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(credential, ca, vihf, timeout)
        registry_wsdl = registry_wsdl or str(DIRECTORY / "ihe-consultation-registry.wsdl")
        repository_wsdl = repository_wsdl or str(DIRECTORY / "ihe-consultation-repository.wsdl")
        self.registry = self._service(registry_wsdl, service_url(url, "registry"))
        self.repository = self._service(repository_wsdl, service_url(url, "repository"))

    def query_message(
        self,
        query_id: str,
        slots: queries.AnySlots,
        return_type: str = "LeafClass",
        *,
        multi_patient: bool = False,
        home: str | None = None,
    ) -> Message:
        """Build the message of ITI-18, or of ITI-51, without sending it. Values are written as they are: quote them."""
        rows = [{"name": name, "ValueList": {"Value": list(values)}} for name, values in queries.slots_of(slots)]
        envelope = self.registry.envelope(
            _MULTI_PATIENT_QUERY if multi_patient else _STORED_QUERY,
            ResponseOption={"returnType": return_type, "returnComposedObjects": True},
            AdhocQuery={"id": query_id, "Slot": rows, **({"home": home} if home else {})},
        )
        return self.transport.pack(envelope)

    def stored_query(
        self,
        query_id: str,
        slots: queries.AnySlots,
        return_type: str = "LeafClass",
        *,
        multi_patient: bool = False,
        home: str | None = None,
    ) -> QueryAnswer:
        """ITI-18, or ITI-51: any query, with values as they are: quote them (`queries.quoted`, `queries.one_of`)."""
        message = self.query_message(query_id, slots, return_type, multi_patient=multi_patient, home=home)
        return read_query_answer(self._exchange(self.registry, message))

    def query(
        self, query_id: queries.QueryId, *, return_type: str = "LeafClass", **parameters: queries.Parameter
    ) -> QueryAnswer:
        """ITI-18, or ITI-51 for the queries of several patients; `parameters` are those of `queries.CATALOGUE`."""
        slots = queries.build(query_id, **parameters)
        return self.stored_query(query_id, slots, return_type, multi_patient=query_id in queries.MULTI_PATIENT)

    def find_documents(
        self,
        patient_id: str,
        *,
        status: queries.Parameter = queries.APPROVED,
        return_type: str = "LeafClass",
        **filters: queries.Parameter,
    ) -> QueryAnswer:
        """FindDocuments; `filters` are those of `queries.find_documents`."""
        slots = queries.find_documents(patient_id, status, **filters)
        return self.stored_query(queries.QueryId.FIND_DOCUMENTS, slots, return_type)

    def get_documents(
        self,
        *,
        entry_uuids: Iterable[str] = (),
        unique_ids: Iterable[str] = (),
        return_type: str = "LeafClass",
    ) -> QueryAnswer:
        """GetDocuments, by entryUUIDs or by uniqueIds."""
        slots = queries.get_documents(entry_uuids=entry_uuids, unique_ids=unique_ids)
        return self.stored_query(queries.QueryId.GET_DOCUMENTS, slots, return_type)

    def get_all(
        self, patient_id: str, *, status: queries.Parameter = queries.APPROVED, return_type: str = "LeafClass"
    ) -> QueryAnswer:
        """GetAll: submission sets, documents, folders and associations of a patient."""
        return self.stored_query(queries.QueryId.GET_ALL, queries.get_all(patient_id, status), return_type)

    def retrieve_message(self, documents: Iterable[tuple[str, str]]) -> Message:
        """Build the message of ITI-43 without sending it."""
        return self.transport.pack(self.repository.envelope(_RETRIEVE, DocumentRequest=_named(documents)))

    def retrieve(self, documents: Iterable[tuple[str, str]]) -> RetrieveAnswer:
        """ITI-43: fetch documents, each given by repositoryUniqueId and uniqueId."""
        return read_retrieve_answer(self._exchange(self.repository, self.retrieve_message(documents)))

    def update_message(self, lot: Metadata) -> Message:
        """Build the message of ITI-57 without sending it."""
        envelope = self.registry.envelope(_UPDATE, RegistryObjectList=EMPTY_LIST)
        graft(envelope, lot.xml)
        return self.transport.pack(envelope)

    def update(self, lot: Metadata) -> RegistryAnswer:
        """ITI-57: new versions, statuses and associations of what is registered."""
        return read_registry_answer(self._exchange(self.registry, self.update_message(lot)))

    def remove_metadata_message(self, ids: Iterable[str]) -> Message:
        """Build the message of ITI-62 without sending it."""
        refs = {"ObjectRef": [{"id": each} for each in ids]}
        return self.transport.pack(self.registry.envelope(_REMOVE_METADATA, ObjectRefList=refs))

    def remove_metadata(self, ids: Iterable[str]) -> RegistryAnswer:
        """ITI-62: forget registered objects, given by their ids; documents stay where they are."""
        return read_registry_answer(self._exchange(self.registry, self.remove_metadata_message(ids)))

    def remove_documents_message(self, documents: Iterable[tuple[str, str]]) -> Message:
        """Build the message of ITI-86 without sending it."""
        return self.transport.pack(self.repository.envelope(_REMOVE_DOCUMENTS, DocumentRequest=_named(documents)))

    def remove_documents(self, documents: Iterable[tuple[str, str]]) -> RegistryAnswer:
        """ITI-86: destroy documents, each given by repositoryUniqueId and uniqueId; metadata stay."""
        return read_registry_answer(self._exchange(self.repository, self.remove_documents_message(documents)))


def _named(documents: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"RepositoryUniqueId": repository, "DocumentUniqueId": unique_id} for repository, unique_id in documents]
