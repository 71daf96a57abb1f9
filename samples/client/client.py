"""Clients of the two doors: what a vendor's software does, in Python (ITI-41, ITI-18, ITI-43).

zeep builds every message from the WSDL; documents and answers are read on raw bytes. A client is for one person (or
system) and one credential, and for one thread; it holds its connections until `close()`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from lxml import etree
from zeep.plugins import Plugin

from samples.client import queries
from samples.client.addressing import Addressing, addressing
from samples.client.answers import (
    QueryAnswer,
    RegistryAnswer,
    RetrieveAnswer,
    UnexpectedAnswer,
    read_query_answer,
    read_registry_answer,
    read_retrieve_answer,
)
from samples.client.description import DIRECTORY, Service, service_url
from samples.client.mtom import Message
from samples.client.transport import Credential, MtomTransport, Reply, open_session
from samples.client.vihf import VihfHeader
from xds.ebrim.constants import XDS

MakeVihf: TypeAlias = Callable[[], etree._Element]

_PROVIDE_AND_REGISTER = "DocumentRepository_ProvideAndRegisterDocumentSet-b"
_STORED_QUERY = "DocumentRegistry_RegistryStoredQuery"
_RETRIEVE = "DocumentRepository_RetrieveDocumentSet"


class Lot(Protocol):
    """What can be provided and registered: `samples.submission.Submission` is one.

    `xml` is the `lcm:SubmitObjectsRequest`; `documents` map `xds:Document/@id` to Content-ID, media type and bytes.
    """

    @property
    def xml(self) -> etree._Element: ...

    @property
    def documents(self) -> Mapping[str, tuple[str, str, bytes]]: ...


class _Client:
    """What both doors share: a session, and the plug-ins of each message."""

    def __init__(self, credential: Credential | None, ca: Path | None, vihf: MakeVihf | None, timeout: float) -> None:
        self.session = open_session(credential, ca)
        self.transport = MtomTransport(self.session, timeout=timeout)
        self._vihf = vihf

    def _service(self, wsdl: str, address: str) -> Service:
        plugins: list[Plugin] = [Addressing(address)]
        if self._vihf is not None:
            plugins.append(VihfHeader(self._vihf))
        return Service(wsdl, address, self.transport, plugins)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class IngestClient(_Client):
    """Client of the ingest door.

    `url` is the door's; `credential` has PEM files; `ca` is the PEM file of the authority of the server; `vihf` gives
    the signed assertion of each message; `wsdl` may be `https://…/repository?wsdl`, to use what the door publishes.

    Every call raises SoapFault, NotSoap, MimeError, UnexpectedAnswer and requests.RequestException (a refused
    certificate is its ConnectionError).
    """

    def __init__(
        self,
        url: str,
        credential: Credential | None,
        ca: Path | None,
        *,
        vihf: MakeVihf | None = None,
        wsdl: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(credential, ca, vihf, timeout)
        address = service_url(url, "repository")
        self.repository = self._service(wsdl or str(DIRECTORY / "ingest-repository.wsdl"), address)

    def message(self, lot: Lot) -> Message:
        """Build the message of ITI-41 without sending it: what hostile tests spoil."""
        documents = [{"id": name, "_value_1": content} for name, (_, _, content) in lot.documents.items()]
        envelope = self.repository.envelope(
            _PROVIDE_AND_REGISTER, SubmitObjectsRequest={"RegistryObjectList": {"_value_1": []}}, Document=documents
        )
        _graft(envelope, lot.xml)
        names = {name: (content_id, mime) for name, (content_id, mime, _) in lot.documents.items()}
        return self.transport.pack(envelope, names)

    def send(self, message: Message) -> RegistryAnswer:
        """Send a message of ITI-41, true or spoiled, and read the answer."""
        return read_registry_answer(self.transport.exchange(self.repository.address, message))

    def provide_and_register(self, lot: Lot) -> RegistryAnswer:
        """ITI-41: deposit a lot."""
        message = self.message(lot)
        reply = self.transport.exchange(self.repository.address, message)
        _check_reply(message, reply)
        return read_registry_answer(reply)


class ConsultationClient(_Client):
    """Client of the consultation door; the arguments and what is raised are those of `IngestClient`.

    `registry_wsdl` and `repository_wsdl` may be the URLs `…/registry?wsdl` and `…/repository?wsdl`.
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
        registry_wsdl = registry_wsdl or str(DIRECTORY / "consultation-registry.wsdl")
        repository_wsdl = repository_wsdl or str(DIRECTORY / "consultation-repository.wsdl")
        self.registry = self._service(registry_wsdl, service_url(url, "registry"))
        self.repository = self._service(repository_wsdl, service_url(url, "repository"))

    def query_message(
        self,
        query_id: str,
        slots: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str | Iterable[str]]],
        return_type: str = "LeafClass",
    ) -> Message:
        """Build the message of ITI-18 without sending it. Values are written as they are: quote them."""
        rows = [{"name": name, "ValueList": {"Value": list(values)}} for name, values in queries.slots_of(slots)]
        envelope = self.registry.envelope(
            _STORED_QUERY,
            ResponseOption={"returnType": return_type, "returnComposedObjects": True},
            AdhocQuery={"id": query_id, "Slot": rows},
        )
        return self.transport.pack(envelope)

    def stored_query(
        self,
        query_id: str,
        slots: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str | Iterable[str]]],
        return_type: str = "LeafClass",
    ) -> QueryAnswer:
        """ITI-18: any stored query. Values are written as they are: quote them (`queries.quoted`, `queries.one_of`)."""
        return read_query_answer(self._exchange(self.registry, self.query_message(query_id, slots, return_type)))

    def find_documents(
        self,
        patient_id: str,
        *,
        status: queries.Filter = queries.APPROVED,
        return_type: str = "LeafClass",
        **filters: queries.Filter,
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
        self, patient_id: str, *, status: queries.Filter = queries.APPROVED, return_type: str = "LeafClass"
    ) -> QueryAnswer:
        """GetAll: submission sets, documents and associations of a patient."""
        return self.stored_query(queries.QueryId.GET_ALL, queries.get_all(patient_id, status), return_type)

    def retrieve_message(self, documents: Iterable[tuple[str, str]]) -> Message:
        """Build the message of ITI-43 without sending it."""
        wanted = [
            {"RepositoryUniqueId": repository, "DocumentUniqueId": unique_id} for repository, unique_id in documents
        ]
        return self.transport.pack(self.repository.envelope(_RETRIEVE, DocumentRequest=wanted))

    def retrieve(self, documents: Iterable[tuple[str, str]]) -> RetrieveAnswer:
        """ITI-43: fetch documents, each given by repositoryUniqueId and uniqueId."""
        return read_retrieve_answer(self._exchange(self.repository, self.retrieve_message(documents)))

    def _exchange(self, service: Service, message: Message) -> Reply:
        reply = self.transport.exchange(service.address, message)
        _check_reply(message, reply)
        return reply


def _graft(envelope: etree._Element, request: etree._Element) -> None:
    """Put `request` in the place that zeep made for it, so that metadata travel exactly as they were written."""
    for message in envelope.iter(f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest"):
        message.replace(message[0], copy.deepcopy(request))


def _check_reply(message: Message, reply: Reply) -> None:
    """The answer must be to this message (WS-Addressing 1.0 §3.4); one refused before addressing is read names none."""
    found = addressing(reply.root, "RelatesTo")
    if found is not None and found != message.message_id:
        raise UnexpectedAnswer(f"the answer relates to {found}, the request is {message.message_id}")
