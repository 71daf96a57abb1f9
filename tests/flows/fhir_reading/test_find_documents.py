"""ITI-67: the same documents as ITI-18, each once, in its last version."""

from __future__ import annotations

import base64
from contextlib import closing
from typing import Any

import pytest
from fhirclient.models.bundle import Bundle

from gateway.wire.fhir.resource_xml import read_xml
from xds.mhd.document_reference_reader import read_document_reference
from xds.mhd.element import Element
from xds.mhd.notes import Notes


def test_a_document_deposited_by_soap_is_found_in_fhir_with_its_ids_hash_and_size(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    entry = reader.by_soap(unique_id)
    found = reader.named(unique_id)
    attachment = found["content"][0]["attachment"]
    assert found["masterIdentifier"]["value"] == f"urn:oid:{unique_id}"
    assert {"use": "official", "system": "urn:ietf:rfc:3986", "value": entry.entry_uuid} in found["identifier"]
    assert base64.b64decode(attachment["hash"]).hex() == entry.hash
    assert attachment["size"] == entry.size


def test_a_replacement_is_found_with_what_it_replaces_which_it_can_bring_along(reader: Any) -> None:
    (former,) = reader.deposit()
    before = reader.named(former)
    (unique_id,) = reader.deposit(replaces={0: before["identifier"][0]["value"]}, former=former)
    found = reader.named(unique_id)
    assert found["relatesTo"] == [{"code": "replaces", "target": {"reference": f"DocumentReference/{before['id']}"}}]
    assert reader.ids() == [found["id"]]
    assert reader.ids(status="superseded") == [before["id"]]
    assert reader.ids(("relatesto", f"DocumentReference/{before['id']}")) == [found["id"]]
    brought = reader.find(("_include", "DocumentReference:relatesto")).resource["entry"][-1]
    assert (brought["search"]["mode"], brought["resource"]["id"]) == ("include", before["id"])


def test_a_search_is_answered_alike_in_json_and_in_xml_and_again(reader: Any) -> None:
    reader.deposit(documents=2)
    first, again = reader.find(), reader.find()
    spelled = reader.find(Accept="application/fhir+xml")
    assert spelled.content_type == "application/fhir+xml"
    assert first.resource == again.resource == read_xml(spelled.content)


def test_another_implementation_of_fhir_reads_the_answer(reader: Any) -> None:
    reader.deposit()
    bundle = Bundle(reader.find().resource)
    assert {entry.resource.resource_type for entry in bundle.entry} == {"DocumentReference"}


@pytest.mark.parametrize(
    ("name", "meets", "differs"),
    [
        ("type", "http://loinc.org|11503-0", "http://loinc.org|11502-2"),
        ("type", "11503-0", "11502-2"),
        ("category", "10,11", "52"),
        ("security-label", "N", "R"),
        ("date", "ge2000", "lt2000"),
        ("creation", "gt1999-12-31", "eb2000-01-01T00:00:00Z"),
        ("period", "ge2000-01-01", "lt1900"),
        ("author.family", "e", "zzz"),
        ("_lastUpdated", "gt2020-01-01", "lt2020-01-01"),
        ("isArchived", "false", "true"),
    ],
)
def test_a_parameter_finds_what_meets_it_and_nothing_else(reader: Any, name: str, meets: str, differs: str) -> None:
    (unique_id,) = reader.deposit()
    wanted = reader.named(unique_id)["id"]
    assert wanted in reader.ids((name, meets)) or name in ("type", "category", "author.family")
    assert wanted not in reader.ids((name, differs))


def test_a_document_is_found_by_its_own_type_class_and_author(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    found = reader.named(unique_id)
    author = next(one for one in found["contained"] if one["resourceType"] == "Practitioner")
    type_code, category = found["type"]["coding"][0], found["category"][0]["coding"][0]
    for name, value in (
        ("type", f"{type_code['system']}|{type_code['code']}"),
        ("type", f"nothing,{type_code['code']}"),
        ("category", f"{category['system']}|{category['code']}"),
        ("author.family", author["name"][0]["family"][:3].lower()),
        ("_id", found["id"]),
        ("identifier", found["identifier"][0]["value"]),
        ("identifier", f"urn:ietf:rfc:3986|{found['identifier'][1]['value']}"),
    ):
        assert found["id"] in reader.ids((name, value)), (name, value)


@pytest.mark.parametrize("left_out", ["patient.identifier", "status"])
def test_a_search_without_patient_or_status_is_refused(reader: Any, left_out: str) -> None:
    asked = [pair for pair in (reader.patient, ("status", "current")) if pair[0] != left_out]
    reply = reader.client.search("DocumentReference", asked)
    assert reply.status == 400
    assert reply.codes == ["XDSStoredQueryMissingParam"]
    assert left_out in reply.issues[0]["diagnostics"]


@pytest.mark.parametrize("resource_type", ["DocumentReference", "List"])
def test_a_patient_is_never_named_by_a_reference(reader: Any, resource_type: str) -> None:
    asked = [reader.patient, ("status", "current"), ("code", "submissionset"), ("patient", "Patient/1")]
    reply = reader.client.search(resource_type, asked)
    assert (reply.status, reply.codes[0]) == (400, "XDSStoredQueryParamNumber")
    assert "expected patient.identifier" in reply.issues[0]["diagnostics"]


def test_a_lenient_search_may_leave_the_status_out(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    reply = reader.find(status="", Prefer="handling=lenient")
    assert f"urn:oid:{unique_id}" in {
        entry["resource"]["masterIdentifier"]["value"] for entry in reply.resource["entry"]
    }


def test_the_record_of_somebody_else_is_refused_as_behind_soap(reader: Any) -> None:
    other = reader.patient[1][:-1] + ("1" if reader.patient[1][-1] != "1" else "2")
    reply = reader.client.search("DocumentReference", [("patient.identifier", other), ("status", "current")])
    assert (reply.status, reply.codes) == (422, ["XDSPatientIdDoesNotMatch"])


def test_pages_hold_every_document_once_and_their_links_name_no_patient(reader: Any) -> None:
    reader.deposit(documents=3)
    everything = reader.ids()
    reply = reader.find(("_count", "2"))
    seen = []
    while True:
        said = reply.resource
        assert said["total"] == len(everything)
        seen += [entry["resource"]["id"] for entry in said["entry"]]
        links = {link["relation"]: link["url"] for link in said["link"]}
        number = reader.patient[1].partition("|")[2]
        assert not any(number in url for relation, url in links.items() if relation != "self")
        if "next" not in links:
            break
        reply = reader.client.get(links["next"])
    assert seen == everything


def test_a_document_that_goes_between_two_pages_makes_nobody_miss_another(reader: Any) -> None:
    # Given the first two pages of four documents,
    reader.deposit(documents=4)
    everything = reader.ids()
    following = [link["url"] for link in reader.find(("_count", "1")).resource["link"] if link["relation"] == "next"]
    second = reader.client.get(following[0]).resource
    # when the two that were shown are deleted, then the next page begins where the second one ended,
    deletion = [{"op": "replace", "path": "/status", "value": "entered-in-error"}]
    for gone in everything[:2]:
        assert reader.client.patch(f"DocumentReference/{gone}", deletion).status == 200
    links = {link["relation"]: link["url"] for link in second["link"]}
    third = reader.client.get(links["next"]).resource
    assert [entry["resource"]["id"] for entry in third["entry"]] == [everything[2]]
    # and the second page again is what stands there now.
    again = reader.client.get(links["self"]).resource
    assert [entry["resource"]["id"] for entry in again["entry"]] == [everything[2]]


def test_a_page_of_somebody_else_is_no_page(reader: Any) -> None:
    reader.deposit(documents=2)
    (following,) = [link["url"] for link in reader.find(("_count", "1")).resource["link"] if link["relation"] == "next"]
    with closing(reader.scene.house.fhir("dr-blanc", reader.scene.patient.cx)) as other:
        assert other.get(following).status == 404


def test_a_count_of_zero_tells_the_total_alone(reader: Any) -> None:
    reader.deposit()
    said = reader.find(("_count", "0")).resource
    assert said["total"] == 1
    assert "entry" not in said


def test_an_unknown_parameter_is_ignored_unless_the_client_wants_it_strict(reader: Any) -> None:
    reply = reader.find(("colour", "blue"), ("_count", "5"))
    assert reply.status == 200
    assert reply.resource["link"][0]["url"].endswith("status=current&_count=5")
    assert reader.find(("colour", "blue"), Prefer="handling=strict").status == 400


def test_a_document_is_read_by_its_id_with_its_version(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    found = reader.named(unique_id)
    reply = reader.client.get(f"DocumentReference/{found['id']}")
    assert reply.resource == found
    assert reply.headers["ETag"] == 'W/"1"'
    assert reader.client.get("DocumentReference/00000000-0000-4000-8000-000000000000").status == 404


def test_what_fhir_says_of_a_document_is_what_ebrim_says(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    entry = reader.by_soap(unique_id)
    again = read_document_reference(Element(reader.named(unique_id), "DocumentReference", Notes())).entry
    assert again.authors == entry.authors
    assert again.confidentiality_codes == entry.confidentiality_codes
    assert (again.title, again.creation_time, again.type_code) == (entry.title, entry.creation_time, entry.type_code)
