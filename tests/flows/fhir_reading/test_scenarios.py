"""Scenarios of homologation that several operations tell together (F-06, F-08, F-09, F-10, F-13)."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from security.strict_json import write_json
from xds.mhd.constants import DELETED

NOWHERE = "00000000-0000-4000-8000-000000000000"
VISIBILITY = "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument"
MASK = {"coding": [{"system": VISIBILITY, "code": "MASQUE_PS"}]}


def labels(resource: dict[str, Any]) -> list[str]:
    return sorted(coding["code"] for label in resource["securityLabel"] for coding in label["coding"])


def last_event(reader: Any) -> tuple[str, str, str]:
    """Transaction, outcome and code of the last event of this door."""
    with closing(reader.scene.house.owner()) as connection:
        ((event,),) = connection.execute(
            "SELECT event FROM ecluse.audit_events WHERE door = 'consultation' ORDER BY sequence DESC LIMIT 1"
        ).fetchall()
    said = json.loads(event)
    return said["transaction"], said["outcome"], said["code"]


def test_a_document_is_read_at_each_form_of_its_address(reader: Any) -> None:
    content = vsm(reader.scene.patient)
    lot = reader.scene.lot([content])
    assert reader.scene.deposit(lot).succeeded
    found = reader.named(lot.unique_ids[0])
    url = found["content"][0]["attachment"]["url"]
    assert urlsplit(url).scheme == "https"

    for address in (url, f"Binary/{found['id']}", f"Bundle/{found['id']}"):
        reply = reader.client.get(address, Accept="application/xml")
        assert (reply.status, reply.content) == (200, content), address
    for kind in ("Binary", "Bundle"):
        assert reader.client.get(f"{kind}/{NOWHERE}", Accept="application/xml").status == 404


def test_what_changed_since_is_a_mask_and_a_replacement_under_ids_that_stay(reader: Any) -> None:
    masked, replaced, still = reader.deposit(documents=3)
    before = {unique_id: reader.named(unique_id) for unique_id in (masked, replaced, still)}
    newest = max(one["meta"]["lastUpdated"] for one in before.values())

    patch = [{"op": "add", "path": "/securityLabel/-", "value": MASK}]
    assert reader.client.patch(f"DocumentReference/{before[masked]['id']}", patch).status == 200
    target = before[replaced]["identifier"][0]["value"]
    (new,) = reader.deposit(replaces={0: target}, former=replaced)

    entries = reader.find(("_lastUpdated", f"gt{newest}")).resource["entry"]
    found = {one["resource"]["masterIdentifier"]["value"].removeprefix("urn:oid:"): one["resource"] for one in entries}
    assert found.keys() == {masked, new}
    assert found[masked]["id"] == before[masked]["id"]
    assert found[masked]["identifier"][0] != before[masked]["identifier"][0]
    assert (labels(found[masked]), labels(before[masked])) == (["MASQUE_PS", "N"], ["N"])
    relation = {"code": "replaces", "target": {"reference": f"DocumentReference/{before[replaced]['id']}"}}
    assert found[new]["relatesTo"] == [relation]


def test_nothing_is_deposited_written_over_or_destroyed_at_this_door(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    found = reader.named(unique_id)
    address = f"DocumentReference/{found['id']}"
    for method, path in (
        ("POST", ""),
        ("POST", "DocumentReference"),
        ("POST", "List"),
        ("POST", "Binary"),
        ("PUT", address),
        ("DELETE", address),
        ("DELETE", f"Binary/{found['id']}"),
        ("DELETE", "DocumentReference"),
    ):
        reply = reader.client.request(
            method, path, body=b'{"resourceType":"Bundle"}', headers={"Content-Type": "application/fhir+json"}
        )
        assert reply.status in (404, 405), (method, path)
    assert reader.named(unique_id) == found


def test_a_lot_sent_to_this_door_is_told_where_lots_go_and_leaves_an_event(reader: Any) -> None:
    lot = write_json(write_lot(reader.scene.lot([vsm(reader.scene.patient)])).resource)
    said = []
    for path in ("", "metadata"):
        reply = reader.client.request("POST", path, body=lot, headers={"Content-Type": "application/fhir+json"})
        said.append((reply.status, reply.codes, *last_event(reader)))
    assert said == [(405, ["FHIR_FORBIDDEN"], "FHIR", "refused", "FHIR_FORBIDDEN")] * 2
    reply = reader.client.request("POST", "", body=lot, headers={"Content-Type": "application/fhir+json"})
    assert reply.headers["Allow"] == ""
    assert "at the ingest door" in reply.resource["issue"][0]["diagnostics"]


@pytest.mark.parametrize("title", ["Autre", "", None])
def test_a_title_does_not_change(reader: Any, title: str | None) -> None:
    (unique_id,) = reader.deposit()
    found = reader.named(unique_id)
    patch = [{"op": "replace", "path": "/content/0/attachment/title", "value": title}]
    reply = reader.client.patch(f"DocumentReference/{found['id']}", patch)
    assert (reply.status, reply.codes) == (405, ["FHIR_FORBIDDEN"])
    assert reply.headers["Allow"] == "GET, PATCH, POST"
    assert reader.named(unique_id) == found


def test_superseded_deletes_nothing_where_another_status_does(reader: Any) -> None:
    (unique_id,) = reader.deposit()
    found = reader.named(unique_id)
    superseded = {"op": "replace", "path": "/status", "value": "superseded"}
    mark = {"op": "add", "path": "/extension", "value": [{"url": DELETED, "valueBoolean": True}]}
    for patch in ([superseded], [superseded, mark]):
        assert reader.client.patch(f"DocumentReference/{found['id']}", patch).status in (405, 422)
    assert reader.named(unique_id) == found


def test_what_the_author_deleted_is_found_by_its_status_alone(reader: Any, colleague: Any) -> None:
    (unique_id,) = reader.deposit()
    found = reader.named(unique_id)
    patch = [{"op": "replace", "path": "/status", "value": "entered-in-error"}]
    assert reader.client.patch(f"DocumentReference/{found['id']}", patch).status == 200
    with closing(reader.scene.consultation()) as soap:
        assert list(soap.find_documents(reader.scene.patient.cx).unique_ids) == []
    for one in (reader, colleague):
        assert one.ids(status="current,superseded") == []
        assert one.ids(status="entered-in-error") == [found["id"]]
