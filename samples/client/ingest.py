"""Client of the ingest door: what feeds, and who is fed about (ITI-41, ITI-42, ITI-61, ITI-44)."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from lxml import etree

from samples.client.answers import FeedAnswer, RegistryAnswer, read_feed_answer, read_registry_answer
from samples.client.description import DIRECTORY, Service, service_url
from samples.client.exchange import EMPTY_LIST, DoorClient, Lot, MakeVihf, Metadata, graft, put_in_body
from samples.client.mtom import Message
from samples.client.transport import Credential

_PROVIDE_AND_REGISTER = "DocumentRepository_ProvideAndRegisterDocumentSet-b"
_REGISTER = "DocumentRegistry_RegisterDocumentSet-b"
_REGISTER_ON_DEMAND = "DocumentRegistry_RegisterOnDemandDocumentEntry"


class IngestClient(DoorClient):
    """Client of the ingest door.

    `url` is the door's; `credential` has PEM files; `ca` is the PEM file of the authority of the server; `vihf` gives
    the signed assertion of each message, none without it; `wsdl` may be `https://…/repository?wsdl`, to use what the
    door publishes. `registry` and `patients` are there in a generic domain only.

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
        self._url = url
        address = service_url(url, "repository")
        self.repository = self._service(wsdl or str(DIRECTORY / "ingest-repository.wsdl"), address)

    @cached_property
    def registry(self) -> Service:
        """The registry of this door: ITI-42, ITI-61."""
        return self._service(str(DIRECTORY / "ihe-ingest-registry.wsdl"), service_url(self._url, "registry"))

    @cached_property
    def patients(self) -> Service:
        """The patient identity feed: ITI-44."""
        return self._service(str(DIRECTORY / "ihe-ingest-patients.wsdl"), service_url(self._url, "patients"))

    def message(self, lot: Lot) -> Message:
        """Build the message of ITI-41 without sending it: what hostile tests spoil."""
        documents = [{"id": name, "_value_1": content} for name, (_, _, content) in lot.documents.items()]
        envelope = self.repository.envelope(
            _PROVIDE_AND_REGISTER, SubmitObjectsRequest={"RegistryObjectList": EMPTY_LIST}, Document=documents
        )
        graft(envelope, lot.xml)
        names = {name: (content_id, mime) for name, (content_id, mime, _) in lot.documents.items()}
        return self.transport.pack(envelope, names)

    def send(self, message: Message) -> RegistryAnswer:
        """Send a message of ITI-41, true or spoiled, and read the answer."""
        return read_registry_answer(self.transport.exchange(self.repository.address, message))

    def provide_and_register(self, lot: Lot) -> RegistryAnswer:
        """ITI-41: deposit a lot."""
        return read_registry_answer(self._exchange(self.repository, self.message(lot)))

    def register_message(self, lot: Metadata, *, on_demand: bool = False) -> Message:
        """Build the message of ITI-42, or of ITI-61, without sending it."""
        operation = _REGISTER_ON_DEMAND if on_demand else _REGISTER
        envelope = self.registry.envelope(operation, RegistryObjectList=EMPTY_LIST)
        graft(envelope, lot.xml)
        return self.transport.pack(envelope)

    def register(self, lot: Metadata) -> RegistryAnswer:
        """ITI-42: register a submission whose documents are in a repository already."""
        return read_registry_answer(self._exchange(self.registry, self.register_message(lot)))

    def register_on_demand(self, lot: Metadata) -> RegistryAnswer:
        """ITI-61: register entries whose documents are made when they are asked for."""
        return read_registry_answer(self._exchange(self.registry, self.register_message(lot, on_demand=True)))

    def announce(self, interaction: etree._Element) -> FeedAnswer:
        """ITI-44: send one interaction of the patient feed, a `PRPA_IN2013…UV02` element of HL7 V3."""
        name = etree.QName(interaction).localname
        envelope = self.patients.envelope(f"PatientIdentityFeed_{name}")
        put_in_body(envelope, interaction)
        return read_feed_answer(self._exchange(self.patients, self.transport.pack(envelope)))
