"""ITI-68 and ITI-66: bytes as they were sent, lots and what they hold."""

from __future__ import annotations

import base64
from contextlib import closing
from typing import Any

import pytest

from samples.documents.vsm import vsm
from samples.submission import MASQUE_PS


def test_the_address_of_an_attachment_gives_the_document_byte_for_byte(reader: Any) -> None:
    content = vsm(reader.scene.patient)
    lot = reader.scene.lot([content])
    assert reader.scene.deposit(lot).succeeded
    attachment = reader.named(lot.unique_ids[0])["content"][0]["attachment"]
    reply = reader.client.get(attachment["url"], Accept=attachment["contentType"])
    assert (reply.status, reply.content_type, reply.content) == (200, "application/xml", content)


@pytest.mark.parametrize("accept", ["", "*/*", "application/xml", "text/xml", "application/*;q=0.5"])
def test_a_document_comes_in_its_own_type(reader: Any, accept: str) -> None:
    (unique_id,) = reader.deposit()
    reply = reader.client.get(f"Binary/{reader.named(unique_id)['id']}", Accept=accept)
    assert (reply.status, reply.content_type) == (200, "application/xml")


def test_a_document_comes_as_a_resource_to_whoever_wants_fhir(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    address = f"Binary/{reader.named(unique_id)['id']}"
    wrapped = reader.client.get(address, Accept="application/fhir+json").resource
    assert base64.b64decode(wrapped["data"]) == reader.client.get(address, Accept="*/*").content
    assert b"<Binary" in reader.client.get(address, Accept="application/fhir+xml").content


@pytest.mark.parametrize(
    ("wanted", "accept", "content_type"),
    [
        ("json", "application/xml", "application/fhir+json"),
        ("json", "", "application/fhir+json"),
        ("application/fhir+json", "application/fhir+xml", "application/fhir+json"),
        ("xml", "application/fhir+json", "application/fhir+xml"),
        ("application/xml", "", "application/fhir+xml"),
        ("*/*", "application/fhir+json", "application/xml"),
    ],
)
def test_format_says_what_a_document_comes_as_whatever_accept_says(
    reader: Any, wanted: str, accept: str, content_type: str
) -> None:
    (unique_id,) = reader.deposit()
    address = f"Binary/{reader.named(unique_id)['id']}"
    as_sent = reader.client.get(address, Accept="*/*").content

    reply = reader.client.get(address, {"_format": wanted}, Accept=accept)

    assert (reply.status, reply.content_type) == (200, content_type)
    if content_type == "application/fhir+json":
        assert reply.resource["resourceType"] == "Binary"
        assert base64.b64decode(reply.resource["data"]) == as_sent
    else:
        assert reply.content == as_sent if content_type == "application/xml" else b"<Binary" in reply.content


@pytest.mark.parametrize("wanted", ["application/pdf", "turtle"])
def test_a_format_that_the_document_has_not_is_not_acceptable(reader: Any, wanted: str) -> None:
    (unique_id,) = reader.deposit()
    reply = reader.client.get(f"Binary/{reader.named(unique_id)['id']}", {"_format": wanted}, Accept="*/*")
    assert reply.status == 406


def test_a_document_that_is_absent_is_told_in_the_format_that_is_wanted(reader: Any) -> None:
    reply = reader.client.get("Binary/00000000-0000-4000-8000-000000000000", {"_format": "xml"})
    assert (reply.status, reply.content_type) == (404, "application/fhir+xml")


def test_another_type_is_not_acceptable(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    reply = reader.client.get(f"Binary/{reader.named(unique_id)['id']}", Accept="application/pdf")
    assert reply.status == 406


def test_an_absent_document_and_a_hidden_one_look_the_same(reader: Any, colleague: Any) -> None:
    (unique_id,) = reader.deposit(MASQUE_PS)
    hidden_id = reader.named(unique_id)["id"]
    for kind in ("Binary", "DocumentReference", "Bundle"):
        hidden = colleague.client.get(f"{kind}/{hidden_id}")
        absent = colleague.client.get(f"{kind}/00000000-0000-4000-8000-000000000000")
        assert (hidden.status, hidden.content) == (404, absent.content)
    assert colleague.find().resource["total"] == 0
    asked = [reader.patient, ("code", "submissionset"), ("status", "current")]
    assert colleague.client.search("List", asked).resource["total"] == 0


def test_a_reading_is_traced_as_behind_soap(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    assert reader.client.get(f"Binary/{reader.named(unique_id)['id']}", Accept="*/*").status == 200
    with closing(reader.scene.house.owner()) as connection:
        rows = connection.execute(
            "SELECT operation FROM ecluse.traces WHERE %s = ANY (documents)", (unique_id,)
        ).fetchall()
    assert "TD3.2" in {row[0] for row in rows}


def test_a_lot_lists_its_documents_and_brings_them_along(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    wanted = reader.named(unique_id)["id"]
    asked = [reader.patient, ("code", "submissionset"), ("status", "current"), ("_include", "List:item")]
    said = reader.client.search("List", asked).resource
    (lot,) = [entry["resource"] for entry in said["entry"] if entry["search"]["mode"] == "match"]
    assert f"DocumentReference/{wanted}" in {entry["item"]["reference"] for entry in lot["entry"]}
    assert wanted in {entry["resource"]["id"] for entry in said["entry"] if entry["search"]["mode"] == "include"}
    assert reader.client.get(f"List/{lot['id']}").resource == lot


@pytest.mark.parametrize(
    ("name", "meets", "differs"),
    [
        ("date", "ge2020", "lt2020"),
        ("code", "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes|submissionset", "folder"),
        ("source.family", "", "zzz"),
        ("sourceId", "", "urn:oid:1.2.3"),
        ("isArchived", "false", "true"),
    ],
)
def test_lots_are_searched_by(reader: Any, name: str, meets: str, differs: str) -> None:
    reader.deposit()
    asked = [reader.patient, *([] if name == "code" else [("code", "submissionset")]), ("status", "current")]
    more = [(name, meets)] if meets else []
    assert reader.client.search("List", [*asked, *more]).resource["total"] == 1
    assert reader.client.search("List", [*asked, (name, differs)]).resource["total"] == 0


@pytest.mark.parametrize("left_out", ["patient.identifier", "code", "status"])
def test_a_search_of_lots_names_patient_code_and_status(reader: Any, left_out: str) -> None:
    asked = [reader.patient, ("code", "submissionset"), ("status", "current")]
    reply = reader.client.search("List", [pair for pair in asked if pair[0] != left_out])
    assert (reply.status, reply.codes) == (400, ["XDSStoredQueryMissingParam"])
