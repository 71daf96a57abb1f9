"""ITI-105 at the real ingest door: one document in its resource (IHE MHD 4.2.4 §2:3.105; F-02)."""

import base64
import hashlib
import json
from contextlib import closing
from pathlib import Path

import pytest
from fhir.resources.R4B.documentreference import DocumentReference

from samples.documents.vsm import vsm
from samples.fhir.bundle import simplified
from xds.ebrim.objects import read_entry

OFFICIAL = Path(__file__).parents[3].parent / "shared" / "samples-fr" / "fhir"
OFFICIAL_ABSENT = "the official examples of the DMP draft are not there"
EXAMPLE = "DocumentReference-example-td2-iti105-publication-simplifiee.json"


def publication(scene):
    submission = scene.lot([vsm(scene.patient)])
    return submission.entries[0], simplified(submission.entries[0], submission.contents["Document01"])


def warnings(resource):
    (outcome,) = [one for one in resource["contained"] if one["resourceType"] == "OperationOutcome"]
    return sorted(issue["details"]["coding"][-1]["code"] for issue in outcome["issue"])


def test_a_document_alone_is_published_with_what_its_header_says(hospital, scene):
    # Given a document in a resource that says little,
    entry, resource = publication(scene)
    # when it is published where the door is lenient,
    reply = hospital.publish(resource)
    # then the answer is the resource, whole, with an id, a version, and a warning: nobody signed it,
    assert reply.status == 201, reply.content
    made = reply.resource
    assert DocumentReference.model_validate(made)
    assert reply.headers["Location"].endswith(f"/ingest/fhir/DocumentReference/{made['id']}")
    assert reply.headers["ETag"] == 'W/"1"'
    assert made["meta"]["versionId"] == "1"
    assert warnings(made) == ["FHIR-UNSIGNED"]
    attachment = made["content"][0]["attachment"]
    assert base64.b64decode(attachment["hash"]).hex() == entry.hash
    # and what is registered is what the header of the document says.
    with closing(scene.consultation()) as doctor:
        (found,) = map(read_entry, doctor.find_documents(scene.patient.cx).entries)
    for name in ("unique_id", "type_code", "class_code", "authors", "practice_setting_code", "title", "hash", "size"):
        assert getattr(found, name) == getattr(entry, name), name
    assert found.entry_uuid == f"urn:uuid:{made['id']}"


def test_a_publication_cannot_be_signed_so_a_strict_door_refuses_it(hospital, scene):
    before = scene.kept()
    reply = hospital.publish(publication(scene)[1], lenient=False)
    assert (reply.status, reply.codes) == (422, ["SIG_MISSING"])
    assert scene.kept() == before


def test_a_publication_without_its_document_is_told_once_where_it_goes(hospital, scene):
    _, resource = publication(scene)
    del resource["content"][0]["attachment"]["data"]
    before = scene.kept()
    for lenient in (False, True):
        reply = hospital.publish(resource, lenient=lenient)
        (issue,) = reply.issues
        assert reply.codes == ["XDSMissingDocument"]
        assert "ITI-105 carries it in attachment.data" in issue["diagnostics"]
        assert issue["expression"] == ["DocumentReference.content[0].attachment.data"]
    assert scene.kept() == before


@pytest.mark.parametrize("content", [b"%PDF-1.4", b"<a/>", b'<!DOCTYPE a><ClinicalDocument xmlns="urn:hl7-org:v3"/>'])
def test_what_is_sent_as_cda_and_is_none_is_told_beside_what_its_header_would_have_said(hospital, scene, content):
    _, resource = publication(scene)
    attachment = resource["content"][0]["attachment"]
    attachment["data"] = base64.b64encode(content).decode("ascii")
    attachment.pop("hash", None)
    attachment.pop("size", None)
    before = scene.kept()
    reply = hospital.publish(resource)
    assert reply.status == 422
    (cause,) = [issue for issue in reply.issues if issue["details"]["coding"][-1]["code"] == "AGR-CDA"]
    assert cause["details"]["coding"][0]["code"] == "InvalidDocumentContent"
    assert cause["expression"] == ["DocumentReference.content[0].attachment.data"]
    assert "O1" in [issue["details"]["coding"][-1]["code"] for issue in reply.issues]
    assert scene.kept() == before


def test_a_creation_with_a_condition_is_refused_not_done_without_it(hospital, scene):
    _, resource = publication(scene)
    before = scene.kept()
    reply = hospital.publish(resource, If_None_Exist="identifier=urn:oid:1.2.3")
    assert (reply.status, reply.codes) == (400, ["FHIR_FORBIDDEN"])
    assert scene.kept() == before


def test_a_conditional_reference_outside_of_a_transaction_is_a_deviation(hospital, scene):
    _, resource = publication(scene)
    identifier = resource["subject"]["identifier"]
    resource["subject"] = {"reference": f"Patient?identifier={identifier['system']}|{identifier['value']}"}
    refused = hospital.publish(resource, lenient=False)
    assert refused.status == 422
    assert "FHIR-CONDITIONAL" in [issue["details"]["coding"][-1]["code"] for issue in refused.issues]
    admitted = hospital.publish(resource)
    assert admitted.status == 201, admitted.content
    assert warnings(admitted.resource) == ["FHIR-CONDITIONAL", "FHIR-UNSIGNED"]


def test_a_publication_replaces_by_itself(hospital, scene):
    # Given a document that was published,
    entry, resource = publication(scene)
    old = hospital.publish(resource).resource
    # when another one replaces it, without any PATCH,
    submission = scene.lot([vsm(scene.patient, replaces=entry.unique_id)])
    new = simplified(submission.entries[0], submission.contents["Document01"])
    new["relatesTo"] = [{"code": "replaces", "target": {"reference": f"DocumentReference/{old['id']}"}}]
    reply = hospital.publish(new)
    # then the old one is superseded.
    assert reply.status == 201, reply.content
    assert scene.found() == list(submission.unique_ids)


@pytest.mark.parametrize("returning", ["minimal", "OperationOutcome"])
def test_what_comes_back_is_what_the_client_prefers(hospital, scene, returning):
    _, resource = publication(scene)
    reply = hospital.publish(resource, Prefer=f"handling=lenient, return={returning}")
    assert reply.status == 201
    # Warnings are always told.
    expected = {"minimal": "DocumentReference", "OperationOutcome": "OperationOutcome"}[returning]
    assert reply.resource["resourceType"] == expected


def test_bytes_that_are_not_inside_are_missing(hospital, scene):
    _, resource = publication(scene)
    attachment = resource["content"][0]["attachment"]
    del attachment["data"]
    attachment["url"] = "Binary/1"
    before = scene.kept()
    reply = hospital.publish(resource)
    assert reply.status == 422
    assert "XDSMissingDocument" in reply.codes
    assert scene.kept() == before


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=OFFICIAL_ABSENT)
def test_the_official_publication_says_too_little_for_its_empty_document(hospital, scene):
    # Given the official example, about a patient and by a professional of this house,
    text = (OFFICIAL / EXAMPLE).read_text(encoding="utf-8")
    structure = scene.house.credential("chu-seine.sign").structure_id
    for old, new in {
        "urn:oid:1.2.250.1.213.1.4.8|": "urn:oid:1.2.250.1.213.1.4.10|",
        "123456789012345": scene.patient.cx.partition("^")[0],
        "899700218896": f"{structure}/0001",
    }.items():
        text = text.replace(old, new)
    resource = json.loads(text)
    # when it is published, then a strict door tells its conditional reference,
    refused = hospital.publish(resource, lenient=False)
    assert "FHIR-CONDITIONAL" in [issue["details"]["coding"][-1]["code"] for issue in refused.issues]
    # and a lenient one what neither the resource nor its empty document say.
    reply = hospital.publish(resource)
    assert reply.status == 422
    lacking = {issue["expression"][0] for issue in reply.issues if issue["code"] == "required"}
    assert "DocumentReference.context.facilityType" in lacking
    # With a document that has a header, the same resource is published.
    document = vsm(scene.patient)
    submission = scene.lot([document])
    entry = submission.entries[0]
    resource["masterIdentifier"]["value"] = f"urn:oid:{entry.unique_id}"
    del resource["type"]
    del resource["date"]
    resource["content"][0]["attachment"]["data"] = base64.b64encode(document).decode()
    admitted = hospital.publish(resource)
    assert admitted.status == 201, [issue["diagnostics"] for issue in admitted.issues]
    sha1 = hashlib.sha1(document, usedforsecurity=False).digest()
    assert base64.b64decode(admitted.resource["content"][0]["attachment"]["hash"]) == sha1
