"""One's own documents in FHIR at the real ingest door: their ids and their deletion (DMP TD3.1b, TD3.3c; F-09)."""

import json

import pytest
from fhir.resources.R4B.bundle import Bundle

from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot

JSON_PATCH = json.dumps([{"op": "replace", "path": "/status", "value": "entered-in-error"}]).encode()
TESTED = json.dumps(
    [
        {"op": "test", "path": "/status", "value": "current"},
        {"op": "replace", "path": "/status", "value": "entered-in-error"},
    ]
).encode()
XML_PATCH = (
    b'<diff xmlns:f="http://hl7.org/fhir">'
    b'<replace sel="f:DocumentReference/f:status/@value">entered-in-error</replace></diff>'
)
FHIRPATH = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "DocumentReference.status"},
                {"name": "value", "valueCode": "entered-in-error"},
            ],
        }
    ],
}
MASKED = {
    "system": "https://mos.esante.gouv.fr/NOS/TRE_A07-StatutVisibiliteDocument/FHIR/TRE-A07-StatutVisibiliteDocument",
    "code": "MASQUE_PS",
    "display": "Masqué aux professionnels de santé",
}
PATCHES = {
    "JSON Patch": (JSON_PATCH, "application/json-patch+json"),
    "JSON Patch with a test": (TESTED, "application/json-patch+json"),
    "XML Patch": (XML_PATCH, "application/xml-patch+xml"),
    "FHIRPath Patch": (FHIRPATH, "application/fhir+json"),
}
OTHERS = {
    "a title": [{"op": "replace", "path": "/content/0/attachment/title", "value": "x"}],
    "a label": [{"op": "replace", "path": "/securityLabel/0", "value": {}}],
    "superseded": [{"op": "replace", "path": "/status", "value": "superseded"}],
    "the status and more": [*json.loads(JSON_PATCH), {"op": "remove", "path": "/description"}],
    "nothing": [],
}


def sent(hospital):
    """A document sent in FHIR: its id and its uniqueId."""
    submission = hospital.scene.lot([vsm(hospital.scene.patient)])
    reply = hospital.send(write_lot(submission))
    assert reply.status == 200, reply.content
    return reply.resource["entry"][1]["response"]["location"].partition("/")[2], submission.unique_ids[0]


def by_unique_id(unique_id):
    return {"identifier": f"urn:ietf:rfc:3986|urn:oid:{unique_id}"}


def test_ones_own_document_is_told_by_its_ids_alone(hospital):
    identifier, unique_id = sent(hospital)
    for parameters in (by_unique_id(unique_id), {"identifier": f"urn:ietf:rfc:3986|urn:uuid:{identifier}"}):
        for reply in (
            hospital.client.get("DocumentReference", parameters),
            hospital.client.search("DocumentReference", parameters),
        ):
            assert reply.status == 200, reply.content
            assert Bundle.model_validate(reply.resource)
            (entry,) = reply.resource["entry"]
            resource = entry["resource"]
            assert (resource["id"], resource["status"]) == (identifier, "current")
            assert set(resource) == {
                "resourceType", "id", "meta", "masterIdentifier", "identifier", "status", "content"
            }  # fmt: skip


def test_a_masked_document_keeps_its_id_and_is_replaced_by_it(hospital, scene):
    # Given a document that a doctor masked after it was sent: its metadata have a new version, and a new entryUUID.
    identifier, unique_id = sent(hospital)
    mask = [{"op": "add", "path": "/securityLabel/-", "value": {"coding": [MASKED]}}]
    with scene.house.fhir("dr-essai", scene.patient.cx) as doctor:
        masked = doctor.patch(f"DocumentReference/{identifier}", mask)
    assert masked.status == 200, masked.content
    # When the hospital asks for it, then it has the id that the hospital was given, and nothing tells of the mask.
    for parameters in (by_unique_id(unique_id), {"identifier": f"urn:ietf:rfc:3986|urn:uuid:{identifier}"}):
        (entry,) = hospital.client.get("DocumentReference", parameters).resource["entry"]
        assert (entry["resource"]["id"], entry["resource"]["status"]) == (identifier, "current")
    # When the hospital replaces it by that id, then it is replaced.
    document = vsm(scene.patient, replaces=unique_id)
    submission = scene.lot([document], replaces={0: f"urn:uuid:{identifier}"})
    reply = hospital.send(write_lot(submission))
    assert reply.status == 200, reply.content
    (entry,) = hospital.client.get("DocumentReference", by_unique_id(unique_id)).resource["entry"]
    assert entry["resource"]["status"] == "superseded"


def test_the_document_of_another_is_no_document(hospital, scene):
    # Given a document of another hospital in the record,
    other = scene.lot([vsm(scene.patient)], by="ch-loire")
    assert scene.deposit(other, by="ch-loire").error_codes == []
    # when it, and one that never was, are asked for and deleted,
    answers = []
    for unique_id in (other.unique_ids[0], "1.2.250.1.999.404"):
        found = hospital.client.get("DocumentReference", by_unique_id(unique_id))
        deleted = hospital.client.patch("DocumentReference", JSON_PATCH, by_unique_id(unique_id))
        answers.append((found.status, found.content, deleted.status, deleted.content))
    # then nothing tells one from the other.
    assert answers[0] == answers[1]
    assert answers[0][0] == 200
    assert answers[0][2] == 404


@pytest.mark.parametrize("case", PATCHES)
def test_ones_own_document_is_deleted_by_any_patch_that_says_so(hospital, scene, case):
    patch, media_type = PATCHES[case]
    identifier, unique_id = sent(hospital)
    reply = hospital.client.patch(f"DocumentReference/{identifier}", patch, Content_Type=media_type)
    assert reply.status == 200, reply.content
    assert reply.resource["status"] == "entered-in-error"
    assert unique_id not in scene.found()


@pytest.mark.parametrize("path", ["/status", "/securityLabel", "/id"])
def test_a_test_that_does_not_hold_deletes_nothing(hospital, scene, path):
    identifier, unique_id = sent(hospital)
    patch = [{"op": "test", "path": path, "value": "superseded"}, *json.loads(JSON_PATCH)]
    reply = hospital.client.patch(f"DocumentReference/{identifier}", patch)
    # This door reads nothing but the status: other tests are not its own.
    assert reply.status == (422 if path == "/status" else 405)
    assert scene.found() == [unique_id]


def test_a_document_is_deleted_by_its_uniqueid(hospital, scene):
    _, unique_id = sent(hospital)
    reply = hospital.client.patch("DocumentReference", JSON_PATCH, by_unique_id(unique_id))
    assert reply.status == 200, reply.content
    assert scene.found() == []
    # Once is enough.
    again = hospital.client.patch("DocumentReference", JSON_PATCH, by_unique_id(unique_id))
    assert (again.status, again.issues[0]["expression"]) == (422, ["DocumentReference.status"])


@pytest.mark.parametrize("case", OTHERS)
def test_nothing_else_is_changed_at_this_door(hospital, scene, case):
    identifier, unique_id = sent(hospital)
    reply = hospital.client.patch(f"DocumentReference/{identifier}", OTHERS[case])
    assert reply.status == 405
    assert scene.found() == [unique_id]


def test_two_documents_are_not_deleted_at_once(hospital):
    first, second = sent(hospital)[1], sent(hospital)[1]
    token = f"urn:ietf:rfc:3986|urn:oid:{first},urn:ietf:rfc:3986|urn:oid:{second}"
    assert hospital.client.patch("DocumentReference", JSON_PATCH, {"identifier": token}).status == 412


def test_no_other_search_no_reading_no_delete(hospital):
    identifier, _ = sent(hospital)
    assert hospital.client.get("DocumentReference", {"status": "current"}).status == 403
    assert hospital.client.get("DocumentReference").status == 403
    assert hospital.client.get(f"DocumentReference/{identifier}").status == 405
    assert hospital.client.get(f"Binary/{identifier}").status == 404
    assert hospital.client.request("DELETE", f"DocumentReference/{identifier}").status == 405
