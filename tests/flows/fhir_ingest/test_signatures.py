"""How a lot may be signed, by FHIR and by SOAP: in XML, in JSON, and in no other way (IHE DSG, DSGj; F-12)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from samples.jades import with_json_signature

LEVEL = "SIG-LEVEL"


@pytest.fixture
def signed(scene):
    """A lot of one summary, signed in JSON."""

    def made(by="chu-seine", *, change=lambda header: None):
        signer = scene.house.credential(f"{by}.sign")
        return with_json_signature(scene.lot([vsm(scene.patient)]), signer=signer, now=datetime.now(UTC), change=change)

    return made


def told(reply):
    outcomes = [entry["response"].get("outcome", {}) for entry in reply.resource["entry"]]
    issues = [issue for outcome in outcomes for issue in outcome.get("issue", ())]
    return [(issue["severity"], issue["details"]["coding"][-1]["code"]) for issue in issues]


def test_a_lot_signed_in_json_is_registered_by_fhir_with_a_warning_of_its_level(hospital, scene, signed):
    lot = signed()
    reply = hospital.send(write_lot(lot))
    assert reply.status == 200, reply.content
    assert told(reply) == [("warning", LEVEL)]
    assert scene.found() == list(lot.unique_ids)


def test_a_lot_signed_in_json_is_registered_by_soap_too(scene, signed):
    lot = signed()
    answer = scene.deposit(lot)
    assert [(error.severity, error.context.partition(":")[0]) for error in answer.errors] == [("Warning", LEVEL)]
    assert scene.found() == list(lot.unique_ids)


def test_another_house_does_not_sign_in_json_either(hospital, scene, signed):
    before = scene.kept()
    refused = hospital.send(write_lot(signed("ch-loire")))
    assert (refused.status, refused.codes) == (422, ["ASSERTION_IDENTITY"])
    assert scene.kept() == before


def test_a_signature_in_json_is_not_one_in_xml(hospital, scene, signed):
    # Given a signature in JSON that says it is XML, and one in XML that says it is JSON,
    in_json, in_xml = signed(), scene.lot([vsm(scene.patient)])
    mislabelled = [
        in_json.with_entry(1, mime_type="text/xml"),
        in_xml.with_entry(1, mime_type="application/jose+json"),
    ]
    before = scene.kept()
    # when each is sent, then it is refused for what it is not.
    for lot in mislabelled:
        refused = hospital.send(write_lot(lot))
        assert (refused.status, refused.codes) == (422, ["SIG_STRUCTURE"])
    assert scene.kept() == before


def test_a_provenance_signs_no_lot(hospital, scene):
    # Given a signed lot, and a Provenance that signs its resources besides,
    lot = hospital.lot()
    signature = {
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
        "when": "2026-06-12T10:00:00Z",
        "who": {"display": "CHU"},
        "sigFormat": "application/jose",
        "data": base64.b64encode(b"e30..AAAA").decode(),
    }
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": one["fullUrl"]} for one in lot.entries("DocumentReference")],
        "recorded": "2026-06-12T10:00:00Z",
        "agent": [{"who": {"display": "CHU"}}],
        "signature": [signature],
    }
    url = "urn:uuid:4f2a8c1e-1d7b-4c55-9f0a-2b6f3c1d9e77"
    lot.resource["entry"].append(
        {"fullUrl": url, "resource": provenance, "request": {"method": "POST", "url": "Provenance"}}
    )
    # when it is sent, strict or lenient, then it is refused, and the reason is told.
    before = scene.kept()
    for lenient in (False, True):
        refused = hospital.send(lot, lenient=lenient)
        assert refused.status == 400
        assert "sign the lot by a document of it" in refused.content.decode()
    assert scene.kept() == before
