"""How messages travel to the doors of a generic domain, and how they are answered (ITI TF-2 §V; MTOM 1.0; XOP 1.0)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

import pytest
from lxml import etree

from gateway.cli.rehearsal import Rehearsal
from gateway.consultation import app as consultation
from gateway.ingest import app as ingest
from gateway.wire.addressing import (
    ITI_18,
    ITI_41,
    ITI_42,
    ITI_43,
    ITI_51,
    ITI_57,
    ITI_61,
    ITI_62,
    ITI_86,
    Transaction,
)
from samples.client.addressing import addressing
from samples.client.answers import read_retrieve_answer
from samples.client.mtom import Message, Packaging, Part, media_parameters
from samples.client.queries import QueryId
from samples.client.transport import Reply, read_reply
from samples.feed import adt
from samples.xds.documents import text_document
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import new_submission, one_document
from security import xml
from xds.ebrim.constants import QUERY, RIM, RS, XDS, XOP
from xds.metadata.association import AssociationType

REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
SOAP_TYPE = "application/soap+xml; charset=UTF-8"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"


@dataclass(frozen=True)
class Refused:
    """A message that its transaction understands and refuses: where it goes and what it is."""

    address: str
    message: Message


def refused(transaction: Transaction, source: Any, consumer: Any) -> Refused:
    """Ask for what may not be, with every transaction in its own words."""
    stranger = new_patient()
    lot = one_document(stranger)
    nothing = [(REPOSITORY, "1.2.3.404")]
    made: dict[Transaction, Callable[[], tuple[Any, Message]]] = {
        ITI_41: lambda: (source.repository, source.message(lot)),
        ITI_42: lambda: (source.registry, source.register_message(lot)),
        ITI_61: lambda: (source.registry, source.register_message(lot, on_demand=True)),
        ITI_18: lambda: (consumer.registry, consumer.query_message(QueryId.GET_DOCUMENTS, {})),
        ITI_51: lambda: (consumer.registry, consumer.query_message(QueryId.GET_DOCUMENTS, {}, multi_patient=True)),
        ITI_57: lambda: (consumer.registry, consumer.update_message(new_submission(stranger))),
        ITI_62: lambda: (consumer.registry, consumer.remove_metadata_message(["urn:uuid:404"])),
        ITI_43: lambda: (consumer.repository, consumer.retrieve_message(nothing)),
        ITI_86: lambda: (consumer.repository, consumer.remove_documents_message(nothing)),
    }
    service, message = made[transaction]()
    return Refused(service.address, message)


def client_of(transaction: Transaction, source: Any, consumer: Any) -> Any:
    return source if transaction in (ITI_41, ITI_42, ITI_61) else consumer


def post(client: Any, address: str, content_type: str, body: bytes) -> Reply:
    response = client.session.post(address, data=body, headers={"Content-Type": content_type}, timeout=30)
    return read_reply(response.status_code, dict(response.headers), response.content)


TRANSACTIONS = [
    transaction
    for offer in (ingest.OFFER, consultation.OFFER)
    for transactions in offer["ihe"].values()
    for transaction in transactions
    if transaction.name != "ITI-44"
]


@pytest.mark.parametrize("packaging", Packaging)
@pytest.mark.parametrize("transaction", TRANSACTIONS, ids=[one.name for one in TRANSACTIONS])
def test_a_refusal_is_an_answer_of_its_transaction_packaged_as_the_request(
    transaction: Transaction, packaging: Packaging, source: Any, consumer: Any
) -> None:
    what = refused(transaction, source, consumer)
    message = what.message if packaging is Packaging.MTOM or not what.message.parts else inline(what.message)
    client = client_of(transaction, source, consumer)
    reply = client.transport.exchange(what.address, replace(message, packaging=packaging))
    assert (reply.status, reply.packaging) == (200, packaging)
    assert addressing(reply.root, "Action") == transaction.reply_action
    assert addressing(reply.root, "RelatesTo") == message.message_id
    (answer,) = reply.root[-1]
    response = answer.find(f"{{{RS}}}RegistryResponse") if transaction is ITI_43 else answer
    assert response is not None
    assert response.get("status") == FAILURE
    (errors,) = response.iter(f"{{{RS}}}RegistryErrorList")
    assert len(errors) > 0
    assert all(error.get("codeContext") and error.get("severity") for error in errors)
    if transaction in (ITI_18, ITI_51):
        assert answer.tag == f"{{{QUERY}}}AdhocQueryResponse"
        assert [child.tag for child in answer] == [f"{{{RS}}}RegistryErrorList", f"{{{RIM}}}RegistryObjectList"]


def inline(message: Message) -> Message:
    """The same message with its documents as base64 text."""
    contents = {part.content_id: part.content for part in message.parts}
    root = xml.parse(message.root)
    for document in root.iter(f"{{{XDS}}}Document"):
        (include,) = document
        document.text = base64.b64encode(contents[unquote(include.get("href", "")[4:])]).decode()
        document.remove(include)
    return replace(message, root=etree.tostring(root, xml_declaration=True, encoding="UTF-8"), parts=())


def test_a_deposit_and_a_retrieval_in_simple_soap_are_answered_in_simple_soap(
    source: Any, consumer: Any, patient: DomainPatient
) -> None:
    lot = one_document(patient, text_document("Deux lignes.\r\n\nEt une fin."))
    answer = source.send(replace(inline(source.message(lot)), packaging=Packaging.SIMPLE))
    assert (answer.succeeded, answer.packaging) == (True, Packaging.SIMPLE)
    message = replace(consumer.retrieve_message([(REPOSITORY, lot.unique_ids[0])]), packaging=Packaging.SIMPLE)
    reply = consumer.transport.exchange(consumer.repository.address, message)
    assert reply.packaging is Packaging.SIMPLE
    assert not list(reply.root.iter(f"{{{XOP}}}Include"))
    (given,) = read_retrieve_answer(reply).documents
    assert [given.content] == list(lot.contents.values())


def test_a_query_in_a_package_is_answered_in_a_package(consumer: Any, patient: DomainPatient) -> None:
    message = consumer.query_message(QueryId.GET_ALL, {})
    reply = consumer.transport.exchange(consumer.registry.address, replace(message, packaging=Packaging.MTOM))
    assert (reply.packaging, dict(reply.parts)) == (Packaging.MTOM, {})


def test_a_package_that_is_answered_names_its_root_and_its_types(consumer: Any) -> None:
    message = consumer.retrieve_message([(REPOSITORY, "1.2.3.404")])
    reply = consumer.transport.exchange(consumer.repository.address, message)
    parameters = media_parameters(str(reply.headers["Content-Type"]))
    assert parameters["type"] == "application/xop+xml"
    assert parameters["start-info"] == "application/soap+xml"
    assert parameters["start"].startswith("<")
    assert parameters["boundary"]


def without(message: Message, *names: str) -> Message:
    """The same message without these addressing headers."""
    root = xml.parse(message.root)
    for block in list(root[0]):
        if etree.QName(block).localname in names:
            root[0].remove(block)
    return message.with_root(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


@pytest.mark.parametrize("names", [("ReplyTo",), ("To",), ("ReplyTo", "To")], ids=" and ".join)
def test_an_answer_goes_back_on_the_connection_when_nothing_else_is_asked(
    names: tuple[str, ...], source: Any, patient: DomainPatient
) -> None:
    assert source.send(without(source.message(one_document(patient)), *names)).succeeded


def test_the_action_of_the_content_type_may_be_left_out_and_its_charset_be_in_any_case(
    source: Any, consumer: Any, patient: DomainPatient
) -> None:
    query = consumer.query_message(QueryId.GET_DOCUMENTS, {"$XDSDocumentEntryUniqueId": "('1.2')"})
    for content_type in ("application/soap+xml", 'Application/SOAP+XML; charset="utf-8"', SOAP_TYPE):
        assert post(consumer, consumer.registry.address, content_type, query.root).status == 200
    content_type, body = source.message(one_document(patient)).encode()
    without_action = re.sub(r"; action=.*$", "", content_type)
    assert "action" not in without_action
    assert post(source, source.repository.address, without_action, body).status == 200


BOUNDARIES = ("----=_Part_1.2'()+,/:=?x", "uuid:0ca0e16e-feb1-426c-97d8-c4508ada5e82+id=1", "b")


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_boundary_has_any_character_that_mime_allows(boundary: str, source: Any, patient: DomainPatient) -> None:
    lot = one_document(patient)
    assert source.send(replace(source.message(lot), boundary=boundary)).succeeded


@pytest.mark.parametrize("encoding", ["binary", "8bit", "base64"])
def test_a_part_travels_in_any_encoding_and_keeps_its_bytes(
    encoding: str, source: Any, consumer: Any, patient: DomainPatient
) -> None:
    document = text_document("Fin de ligne\r\nmélangée\n\r\n--pas une frontière\r\n")
    lot = one_document(patient, document)
    message = source.message(lot)
    assert source.send(
        replace(message, parts=tuple(replace(part, encoding=encoding) for part in message.parts))
    ).succeeded
    (given,) = consumer.retrieve([(REPOSITORY, lot.unique_ids[0])]).documents
    assert given.content == document.content


def test_the_media_type_of_a_part_decides_nothing(source: Any, consumer: Any, patient: DomainPatient) -> None:
    lot = one_document(patient)
    message = source.message(lot)
    parts = tuple(replace(part, content_type="application/octet-stream") for part in message.parts)
    assert source.send(replace(message, parts=parts)).succeeded
    (given,) = consumer.retrieve([(REPOSITORY, lot.unique_ids[0])]).documents
    assert given.mime_type == lot.entries[0].mime_type


def test_a_part_that_nothing_names_is_ignored(source: Any, consumer: Any, patient: DomainPatient) -> None:
    lot = one_document(patient)
    message = source.message(lot).with_part(Part("extra@nobody", "text/plain", b"nobody looks at this"))
    assert source.send(message).succeeded
    (given,) = consumer.retrieve([(REPOSITORY, lot.unique_ids[0])]).documents
    assert [given.content] == list(lot.contents.values())


def test_a_part_that_is_missing_is_a_document_that_is_missing(source: Any, patient: DomainPatient) -> None:
    message = source.message(one_document(patient))
    assert source.send(message.without_part(message.parts[0].content_id)).error_codes == ["XDSMissingDocument"]


def test_a_document_asked_for_twice_is_given_once(source: Any, consumer: Any, patient: DomainPatient) -> None:
    lot = one_document(patient)
    assert source.provide_and_register(lot).succeeded
    answer = consumer.retrieve([(REPOSITORY, lot.unique_ids[0])] * 2)
    assert answer.succeeded
    assert [one.content for one in answer.documents] == list(lot.contents.values())


def test_a_document_that_was_replaced_is_still_given(source: Any, consumer: Any, patient: DomainPatient) -> None:
    old = one_document(patient)
    assert source.provide_and_register(old).succeeded
    (entry,) = consumer.get_documents(unique_ids=old.unique_ids).document_entries
    new = one_document(patient, text_document("Une autre version."))
    replacement = new.relate(AssociationType.RPLC, new.entries[0].entry_uuid, entry.entry_uuid)
    assert source.provide_and_register(replacement).succeeded
    answer = consumer.retrieve([(REPOSITORY, old.unique_ids[0]), (REPOSITORY, new.unique_ids[0])])
    assert answer.succeeded
    assert [one.content for one in answer.documents] == [*old.contents.values(), *new.contents.values()]


def test_documents_of_two_patients_are_given_together(
    generic_house: Rehearsal, source: Any, consumer: Any, patient: DomainPatient, feed_of: Any
) -> None:
    other = new_patient()
    with feed_of(generic_house) as feed:
        feed.send(adt("A04", other.cx))
    lots = [one_document(patient), one_document(other, text_document("Autre."))]
    assert all(source.provide_and_register(lot).succeeded for lot in lots)
    answer = consumer.retrieve([(REPOSITORY, lot.unique_ids[0]) for lot in lots])
    assert answer.succeeded
    assert len(answer.documents) == 2


def test_an_assertion_that_is_not_believed_is_a_fault_and_never_a_registry_response(
    generic_house: Rehearsal, patient: DomainPatient
) -> None:
    with closing(generic_house.source("chu-seine")) as source, closing(generic_house.consumer("dr-essai")) as consumer:
        for transaction in (ITI_41, ITI_42, ITI_18):
            what = refused(transaction, source, consumer)
            root = xml.parse(what.message.root)
            wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
            security = etree.SubElement(root[0], f"{{{wsse}}}Security")
            etree.SubElement(security, "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion", ID="_1", Version="2.0")
            message = what.message.with_root(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))
            reply = client_of(transaction, source, consumer).transport.exchange(what.address, message)
            assert reply.status == 400
            (fault,) = reply.root[-1]
            assert etree.QName(fault).localname == "Fault"
