"""Bytes that are no message of the transaction they are sent as are a fault of the sender, at every transaction."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from samples.client.answers import SoapFault, body_of
from samples.client.queries import QueryId
from samples.client.raw import RawClient
from samples.feed import content_type, envelope, interaction
from samples.xds.submission import new_submission, one_document

REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
CLOSING = b"</soap-env:Body>"
Packed = tuple[str, str, str, bytes]
"""Door, service, Content-Type and envelope."""


def bare(body: bytes) -> bytes:
    """Without the XML declaration."""
    return re.sub(rb"^<\?xml[^>]*\?>\s*", b"", body)


def inside(body: bytes, text: bytes) -> bytes:
    """With something more at the end of its Body, whatever its prefix."""
    return re.sub(rb"(</[A-Za-z-]+:Body>)", lambda match: text + match[1], body)


ATTACKS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda _: b"", "XML_MALFORMED"),
    "a text": (lambda _: b"DELETE EVERYTHING", "XML_MALFORMED"),
    "a cut message": (lambda body: body[:-20], "XML_MALFORMED"),
    "a document type": (lambda body: b"<!DOCTYPE x>" + bare(body), "XML_FORBIDDEN"),
    "an entity": (lambda body: b'<!DOCTYPE x [<!ENTITY a "b">]>' + bare(body), "XML_FORBIDDEN"),
    "entities of entities": (
        lambda body: (
            b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 30))
            + b"]>"
            + inside(bare(body), b"&a29;")
        ),
        "XML_LIMIT",
    ),
    "a file of the house": (
        lambda body: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + inside(bare(body), b"&a;"),
        "XML_FORBIDDEN",
    ),
    "great depth": (lambda body: inside(body, b"<a>" * 5_000 + b"</a>" * 5_000), "XML_LIMIT"),
    "too many elements": (lambda body: inside(body, b"<a/>" * 300_000), "XML_LIMIT"),
    "too many attributes": (
        lambda body: inside(body, b"<a " + b" ".join(b'a%d=""' % n for n in range(20_000)) + b"/>"),
        "XML_LIMIT",
    ),
    "too many bytes": (lambda body: inside(body, b"<!--" + b"x" * (5 * 1024 * 1024) + b"-->"), "XML_LIMIT"),
    "UTF-16": (lambda body: b"\xff\xfe" + bare(body).decode().encode("utf-16-le"), "XML_ENCODING"),
    "broken UTF-8": (lambda body: inside(body, b"<!--\xff-->"), "XML_MALFORMED"),
    "a null byte": (lambda body: inside(body, b"\0"), "XML_MALFORMED"),
    "a reference to a null character": (lambda body: inside(body, b"&#0;"), "XML_MALFORMED"),
    "half a character": (lambda body: inside(body, b"&#xD800;"), "XML_MALFORMED"),
    "two bodies": (
        lambda body: re.sub(rb"(<([A-Za-z-]+:Body)>.*</\2>)", rb"\1\1", body, flags=re.DOTALL),
        "SOAP_STRUCTURE",
    ),
    "two requests in a body": (lambda body: inside(body, b"<second/>"), "SOAP_STRUCTURE"),
    "no ebRIM": (
        lambda body: re.sub(
            rb"(<([A-Za-z-]+:Body)>).*(</\2>)", rb'\1<html xmlns="urn:x">hello</html>\3', body, flags=re.DOTALL
        ),
        "SOAP_STRUCTURE",
    ),
}


@pytest.fixture(scope="module")
def honest(siege: Any) -> dict[str, Packed]:
    """An honest message of each transaction; ITI-41 as one envelope that includes nothing."""
    source, consumer, patient = siege.source, siege.consumer, siege.patient
    nothing = [(REPOSITORY, "1.2.3.404")]
    made = {
        "ITI-41": ("ingest", "repository", source.message(new_submission(patient))),
        "ITI-42": ("ingest", "registry", source.register_message(one_document(patient))),
        "ITI-61": ("ingest", "registry", source.register_message(one_document(patient), on_demand=True)),
        "ITI-18": ("consultation", "registry", consumer.query_message(QueryId.GET_DOCUMENTS, {})),
        "ITI-51": ("consultation", "registry", consumer.query_message(QueryId.GET_ALL, {}, multi_patient=True)),
        "ITI-57": ("consultation", "registry", consumer.update_message(new_submission(patient))),
        "ITI-62": ("consultation", "registry", consumer.remove_metadata_message(["urn:uuid:404"])),
        "ITI-43": ("consultation", "repository", consumer.retrieve_message(nothing)),
        "ITI-86": ("consultation", "repository", consumer.remove_documents_message(nothing)),
    }
    packed = {
        name: (door, service, f'application/soap+xml; charset=UTF-8; action="{message.action}"', message.root)
        for name, (door, service, message) in made.items()
    }
    announced = interaction("add", (patient.identifier, patient.authority))
    return {**packed, "ITI-44": ("ingest", "patients", content_type(announced), envelope(announced))}


def post(siege: Any, door: str, service: str, kind: str, body: bytes) -> Any:
    """Send bytes as they are; whatever comes back but a fault is not expected."""
    address = siege.house.doors[door]
    holder = siege.house.credential("chu-seine.auth" if door == "ingest" else "dr-essai.auth")
    client = RawClient(address.url, holder, address.ca, service=service)
    return body_of(client.send(body, kind).reply(), "a fault")


def kind_of(attack: Callable[[], Any]) -> str | None:
    """The kind of the fault that answers; it is the sender's."""
    with pytest.raises(SoapFault) as fault:
        attack()
    assert fault.value.code == "Sender"
    return fault.value.kind


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_is_no_message_is_a_fault_of_the_sender(siege: Any, honest: dict[str, Packed], attack: str) -> None:
    spoil, kind = ATTACKS[attack]

    def everywhere() -> dict[str, str | None]:
        return {
            name: kind_of(partial(post, siege, door, service, media_type, spoil(body)))
            for name, (door, service, media_type, body) in honest.items()
        }

    assert siege.withstands(everywhere) == dict.fromkeys(honest, kind)


def test_a_message_is_not_taken_for_one_of_another_transaction(siege: Any, honest: dict[str, Packed]) -> None:
    """Same address, action of another transaction: refused unless the request of both is the same element."""
    alike = [{"ITI-42", "ITI-61"}, {"ITI-18", "ITI-51"}]
    disguises = {}
    for name, (door, service, _, body) in honest.items():
        for other, (other_door, other_service, media_type, _) in honest.items():
            if (door, service) == (other_door, other_service) and name != other and {name, other} not in alike:
                action = media_type.partition('action="')[2].rstrip('"').encode()
                spoiled = re.sub(rb"(:Action[^>]*>)[^<]*", rb"\g<1>" + action, body, count=1)
                disguises[name, other] = (door, service, media_type, spoiled)

    def each() -> set[str | None]:
        return {kind_of(partial(post, siege, *at)) for at in disguises.values()}

    assert len(disguises) > 10
    assert siege.withstands(each) == {"SOAP_STRUCTURE"}
