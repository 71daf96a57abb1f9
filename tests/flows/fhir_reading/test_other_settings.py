"""A house that decided otherwise where the draft disagrees with itself: ids that move, deletion by `superseded`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.fhir import JSON
from samples.documents.vsm import vsm
from xds.mhd.constants import DELETED

from .conftest import Reader

SETTINGS = {"ECLUSE_FHIR_ID_POLICY": "entryuuid", "ECLUSE_FHIR_DELETION": "superseded"}
VISIBILITY = "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument"
MASK = [{"op": "add", "path": "/securityLabel/-", "value": {"coding": [{"system": VISIBILITY, "code": "MASQUE_PS"}]}}]
SUPERSEDED = {"op": "replace", "path": "/status", "value": "superseded"}
MARK = {"op": "add", "path": "/extension", "value": [{"url": DELETED, "valueBoolean": True}]}
IN_ERROR = {"op": "replace", "path": "/status", "value": "entered-in-error"}


@pytest.fixture(scope="module")
def other_house() -> Iterator[Rehearsal]:
    with Rehearsal(SETTINGS) as opened:
        yield opened


@pytest.fixture
def doctor(other_house: Rehearsal, new_scene: Callable[[Rehearsal], Any]) -> Iterator[Reader]:
    scene = new_scene(other_house)
    with closing(other_house.fhir("dr-essai", scene.patient.cx)) as client:
        yield Reader(scene, client)


def test_an_id_is_that_of_the_version_and_a_former_one_still_names_the_document(doctor: Reader) -> None:
    (unique_id,) = doctor.deposit()
    before = doctor.named(unique_id)
    assert before["identifier"][0]["value"] == f"urn:uuid:{before['id']}"

    assert doctor.client.patch(f"DocumentReference/{before['id']}", MASK).status == 200
    after = doctor.named(unique_id)

    assert after["id"] != before["id"]
    assert after["identifier"][0]["value"] == f"urn:uuid:{after['id']}"
    for one in (before["id"], after["id"]):
        assert doctor.client.get(f"DocumentReference/{one}").resource == after
        assert doctor.ids(("identifier", f"urn:uuid:{one}")) == [after["id"]]
    assert doctor.ids(("_id", after["id"])) == [after["id"]]


def test_a_document_that_was_masked_is_read_at_its_address(doctor: Reader) -> None:
    content = vsm(doctor.scene.patient)
    lot = doctor.scene.lot([content])
    assert doctor.scene.deposit(lot).succeeded
    unique_id = lot.unique_ids[0]
    assert doctor.client.patch(f"DocumentReference/{doctor.named(unique_id)['id']}", MASK).status == 200
    found = doctor.named(unique_id)
    assert doctor.client.get(found["content"][0]["attachment"]["url"], Accept="*/*").content == content


def test_a_reference_keeps_the_id_that_stays_and_leads_to_what_comes_with_it(doctor: Reader) -> None:
    (former,) = doctor.deposit()
    before = doctor.named(former)
    assert doctor.client.patch(f"DocumentReference/{before['id']}", MASK).status == 200
    target = doctor.named(former)
    doctor.deposit(replaces={0: target["identifier"][0]["value"]}, former=former)

    entries = doctor.find(("_include", "DocumentReference:relatesto")).resource["entry"]
    (relation,) = [one for entry in entries for one in entry["resource"].get("relatesTo", ())]
    reference = relation["target"]["reference"]
    (brought,) = [entry["resource"] for entry in entries if entry["search"]["mode"] == "include"]
    assert reference == f"DocumentReference/{before['id']}"
    assert brought["id"] == target["id"]
    assert doctor.client.get(reference).resource == brought
    assert len(doctor.ids(("relatesto", reference))) == 1


def test_superseded_with_its_mark_deletes_and_nothing_else_does(doctor: Reader) -> None:
    (unique_id,) = doctor.deposit()
    found = doctor.named(unique_id)
    address = f"DocumentReference/{found['id']}"
    for patch in ([SUPERSEDED], [IN_ERROR], [IN_ERROR, MARK]):
        assert doctor.client.patch(address, patch).status == 422
        assert doctor.ids() == [found["id"]]
    assert doctor.client.patch(address, [SUPERSEDED, MARK]).status == 200
    assert doctor.ids(status="current,superseded") == []


def test_a_sender_deletes_its_own_document_so(doctor: Reader) -> None:
    (unique_id,) = doctor.deposit()
    named = [("identifier", f"urn:oid:{unique_id}")]
    scene = doctor.scene
    with closing(scene.house.fhir("chu-seine", scene.patient.cx)) as hospital:
        for patch in ([SUPERSEDED], [IN_ERROR]):
            assert hospital.patch("DocumentReference", patch, named).status == 405
        parts = {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "operation", "part": [
                    {"name": "type", "valueCode": "replace"},
                    {"name": "path", "valueString": "DocumentReference.status"},
                    {"name": "value", "valueCode": "superseded"},
                ]},
                {"name": "operation", "part": [
                    {"name": "type", "valueCode": "add"},
                    {"name": "path", "valueString": "DocumentReference"},
                    {"name": "name", "valueString": "extension"},
                    {"name": "value", "part": [
                        {"name": "url", "valueUri": DELETED}, {"name": "value", "valueBoolean": True},
                    ]},
                ]},
            ],
        }  # fmt: skip
        assert hospital.patch("DocumentReference", parts, named, Content_Type=JSON).status == 200
    assert doctor.ids(status="current,superseded") == []
