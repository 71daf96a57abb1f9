"""ITI-65 at the real ingest door: deposits, replacements, refusals (IHE MHD 4.2.4; F-01, F-03, F-04, F-12)."""

import base64
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle

from gateway.wire.fhir.media_types import FhirFormat
from gateway.wire.fhir.writing import write_resource
from samples.documents.pdf import one_page
from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from samples.jades import with_json_signature
from security.strict_json import write_json
from xds.ebrim.objects import read_entry

OFFICIAL = Path(__file__).parents[3].parent / "shared" / "samples-fr" / "fhir"
OFFICIAL_ABSENT = "the official examples of the DMP draft are not there"
DEPOSIT, REPLACEMENT = "Bundle-example-td2-iti65-lot-soumission", "Bundle-example-td2-1-remplacement"
LENIENT_RULES = {
    "FHIR-AUTHOR-ORG",
    "FHIR-CUSTODIAN",
    "FHIR-EMPTY-DOCUMENT",
    "FHIR-LIST-IDENTIFIER",
    "FHIR-UNSIGNED",
    "DMP-CLASS",
    "O6",
}


def unique_ids(lot):
    """The uniqueIds of the documents of a lot, its signature left out."""
    documents = [one["resource"] for one in lot.entries("DocumentReference")]
    signing = [one for one in documents if any(item["code"] == "signs" for item in one.get("relatesTo", ()))]
    return sorted(one["masterIdentifier"]["value"].removeprefix("urn:oid:") for one in documents if one not in signing)


def told(reply):
    """Every rule of every issue of an answer, by where it is."""
    found = []
    bundle = reply.resource
    outcomes = (
        [bundle]
        if bundle["resourceType"] == "OperationOutcome"
        else [entry["response"].get("outcome", {"issue": []}) for entry in bundle["entry"]]
    )
    for outcome in outcomes:
        for issue in outcome["issue"]:
            rule = next((one["code"] for one in issue["details"]["coding"][1:]), issue["details"]["coding"][0]["code"])
            found.append((rule, issue["severity"], (issue.get("expression") or [""])[0]))
    return found


def location(reply, rank):
    return reply.resource["entry"][rank]["response"]["location"]


def official(name, hospital, **replaced):
    """An official bundle, about a patient and by a sender that this house knows; nothing else of it is touched."""
    text = (OFFICIAL / f"{name}.json").read_text(encoding="utf-8")
    scene = hospital.scene
    patient, sender = (
        scene.patient.cx.partition("^")[0],
        f"{scene.house.credential('chu-seine.sign').structure_id}/0001",
    )
    changes = {
        "urn:oid:1.2.250.1.213.1.4.8|": "urn:oid:1.2.250.1.213.1.4.10|",
        '"urn:oid:1.2.250.1.213.1.4.8"': '"urn:oid:1.2.250.1.213.1.4.10"',
        "123456789012345": patient,
        "899700218896": sender,
        **replaced,
    }
    for old, new in changes.items():
        text = text.replace(old, new)
    return json.loads(text)


def test_a_lot_sent_in_fhir_is_registered_and_found_by_soap(hospital, scene):
    # Given a signed lot of two documents,
    lot = hospital.lot(documents=2)
    # when it is sent as a transaction,
    reply = hospital.send(lot)
    # then each entry has its answer, in order,
    assert reply.status == 200, reply.content
    assert Bundle.model_validate(reply.resource)
    assert reply.resource["type"] == "transaction-response"
    responses = [entry["response"] for entry in reply.resource["entry"]]
    kinds = [one["resource"]["resourceType"] for one in lot.resource["entry"]]
    assert [one["status"] for one in responses] == ["201 Created"] * 7
    assert [one["location"].partition("/")[0] for one in responses] == kinds
    # and a doctor finds both documents by SOAP, with the bytes that were sent.
    assert scene.found() == unique_ids(lot)


def test_the_same_lot_by_soap_and_by_fhir_leaves_the_same_metadata(hospital, scene):
    # Given one document by SOAP, and another of the same kind by FHIR,
    soap = scene.lot([vsm(scene.patient)])
    assert scene.deposit(soap).error_codes == []
    fhir = scene.lot([vsm(scene.patient)])
    assert hospital.send(write_lot(fhir)).status == 200
    # when the doctor looks at both,
    with closing(scene.consultation()) as doctor:
        found = {one.unique_id: one for one in map(read_entry, doctor.find_documents(scene.patient.cx).entries)}
    one, other = found[soap.unique_ids[0]], found[fhir.unique_ids[0]]
    # then they differ by what makes them two documents, and by nothing else.
    own = ("entry_uuid", "logical_id", "unique_id", "hash", "size", "creation_time")
    for name in type(one).__dataclass_fields__:
        if name not in own:
            assert getattr(one, name) == getattr(other, name), name


def test_a_lot_in_xml_is_the_same_lot(hospital, scene):
    lot = hospital.lot()
    body, _ = write_resource(lot.resource, FhirFormat.XML)
    reply = hospital.client.post("", body, Content_Type="application/fhir+xml")
    assert reply.status == 200, reply.content
    assert scene.found() == unique_ids(lot)


def test_a_minimal_bundle_leaves_the_rest_to_the_document(hospital, scene):
    # Given a lot whose DocumentReference says little, but whose document says it all,
    lot = hospital.lot()
    document = lot.document()
    for name in ("author", "authenticator", "custodian", "category", "date", "securityLabel", "context"):
        document.pop(name)
    document.pop("contained")
    document["content"][0].pop("format")
    document["content"][0]["attachment"] = {
        name: document["content"][0]["attachment"][name] for name in ("contentType", "url", "language", "title")
    }
    lot.resource["meta"]["profile"] = [
        "https://profiles.ihe.net/ITI/MHD/StructureDefinition/IHE.MHD.Minimal.ProvideBundle"
    ]
    # when it is sent, then it is registered as its document says.
    reply = hospital.send(lot)
    assert reply.status == 200, reply.content
    assert scene.found() == unique_ids(lot)


def test_a_second_document_that_is_wrong_keeps_the_first_out(hospital, scene):
    # Given a lot of two, the second of which has another hash and a class that is not that of its type,
    lot = hospital.lot(documents=2)
    second = lot.document(1)
    second["content"][0]["attachment"]["hash"] = "A/hMRrv6Y15BjSM8kMLidrz+mHc="
    second["category"][0]["coding"][0]["code"] = "42"
    before = scene.kept()
    # when it is sent, then everything wrong is told where it is, and nothing is kept.
    reply = hospital.send(lot)
    assert reply.status == 422
    assert ("HASH", "error", "Bundle.entry[3].resource.content[0].attachment.hash") in told(reply)
    assert ("DMP-CLASS", "error", "Bundle.entry[3].resource.category") in told(reply)
    assert scene.kept() == before


def drop(name):
    def change(lot):
        del lot.document()[name]

    return change


def other_patient(lot):
    lot.document()["subject"]["identifier"]["value"] = "158077690100157"


def unknown_type(lot):
    lot.document()["type"]["coding"][0]["code"] = "0-0"


def content_of_elsewhere(lot):
    lot.document()["content"][0]["attachment"]["url"] = "https://elsewhere.example/Binary/1"


def raw_pdf(lot):
    content = one_page("Compte rendu", ("Rien à signaler.",))
    document, binary = lot.document(), lot.entries("Binary")[0]["resource"]
    attachment = document["content"][0]["attachment"]
    attachment.update(contentType="application/pdf")
    for name in ("hash", "size"):
        del attachment[name]
    binary.update(contentType="application/pdf", data=base64.b64encode(content).decode())


def document_out_of_list(lot):
    lot.entries("List")[0]["resource"]["entry"].pop()


REFUSED = {
    "no type": (drop("type"), ("O1", "error", "Bundle.entry[1].resource.type")),
    "no uniqueId": (drop("masterIdentifier"), ("O1", "error", "Bundle.entry[1].resource.masterIdentifier")),
    "no custodian": (drop("custodian"), ("FHIR-CUSTODIAN", "error", "Bundle.entry[1].resource.custodian")),
    "another patient": (other_patient, ("P2", "error", "Bundle.entry[1].resource.subject")),
    "a type that is none": (unknown_type, ("O6", "error", "Bundle.entry[1].resource.type")),
    "bytes elsewhere": (
        content_of_elsewhere,
        ("DOCUMENT", "error", "Bundle.entry[1].resource.content[0].attachment.url"),
    ),
    "a document that its List leaves out": (document_out_of_list, ("A3", "error", "Bundle.entry[3].resource")),
    "a bare PDF": (raw_pdf, ("O7", "error", "Bundle.entry[1].resource.content[0].attachment.contentType")),
}


def test_a_name_that_holds_no_uuid_is_refused_at_its_place(hospital, scene):
    lot = hospital.lot()
    lot.resource["entry"][2]["fullUrl"] = "urn:uuid:NOT-A-UUID"
    lot.document()["content"][0]["attachment"]["url"] = "urn:uuid:NOT-A-UUID"
    before = scene.kept()
    reply = hospital.send(lot)
    assert (reply.status, told(reply)) == (400, [("FHIR-BUNDLE", "error", "Bundle.entry[2].fullUrl")])
    assert scene.kept() == before


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_with_its_rule_and_its_place(hospital, scene, case):
    change, issue = REFUSED[case]
    lot = hospital.lot()
    change(lot)
    before = scene.kept()
    reply = hospital.send(lot)
    assert reply.status == 422
    assert issue in told(reply)
    assert scene.kept() == before


def test_a_document_in_fhir_is_recognised_and_refused_as_the_dmp_has_only_cda(hospital, scene):
    # Given a French summary in FHIR, whose Composition is of another type than its metadata,
    lot = hospital.lot()
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"coding": [{"system": "http://loinc.org", "code": "60591-5", "display": "Patient summary"}]},
        "date": "2026-06-12T10:00:00+02:00",
        "author": [{"display": "Dr Essai"}],
        "title": "Synthèse",
    }
    profile = "https://interop.esante.gouv.fr/ig/document/core/StructureDefinition/fr-bundle-document"
    document = {
        "resourceType": "Bundle",
        "meta": {"profile": [profile]},
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:oid:1.2.3.4"},
        "timestamp": "2026-06-12T10:00:00+02:00",
        "entry": [{"fullUrl": "urn:uuid:4f2a8c1e-1d7b-4c55-9f0a-2b6f3c1d9e09", "resource": composition}],
    }
    entry = lot.entries("Binary")[0]
    entry["resource"], entry["request"]["url"] = document, "Bundle"
    attachment = lot.document()["content"][0]["attachment"]
    attachment["contentType"] = "application/fhir+json"
    del attachment["hash"], attachment["size"]
    # when it is sent, then what it is, what it contradicts and why the DMP does not take it are told.
    reply = hospital.send(lot)
    assert reply.status == 422
    place = "Bundle.entry[1].resource.content[0].attachment"
    assert ("FHIR-COMPOSITION", "error", place) in told(reply)
    assert ("O7", "error", f"{place}.contentType") in told(reply)
    assert "French patient summary in FHIR (IPS-FR)" in reply.content.decode()


def test_a_replacement_supersedes_by_its_patch(hospital, scene):
    # Given a document sent in FHIR,
    first = hospital.lot()
    old = location(hospital.send(first), 1)
    # when another replaces it, with the PATCH that supersedes it,
    identifier = f"urn:uuid:{old.partition('/')[2]}"
    second = replacement(hospital, first, identifier)
    reply = hospital.send(second)
    # then the PATCH has its answer, and only the new one is current.
    assert reply.status == 200, reply.content
    assert reply.resource["entry"][-1]["response"] == {"status": "200 OK"}
    assert scene.found() == unique_ids(second)


def replacement(hospital, first, identifier, **changes):
    scene = hospital.scene
    replaced = unique_ids(first)[0]
    submission = scene.lot([vsm(scene.patient, replaces=replaced)], replaces={0: identifier})
    return write_lot(submission, **changes)


def test_a_replacement_without_patch_is_refused_unless_the_door_is_lenient(hospital, scene):
    # Given a document and its replacement, whose PATCH is not there,
    first = hospital.lot()
    old = location(hospital.send(first), 1)
    second = replacement(hospital, first, f"urn:uuid:{old.partition('/')[2]}", patches=False)
    # when a strict door gets it, then it is refused for that,
    refused = hospital.send(second)
    assert refused.status == 422
    assert told(refused) == [("FHIR-PATCH", "error", "Bundle.entry[1].resource.relatesTo[0]")]
    # when a lenient one does, then the old document is superseded, and the sender is told.
    admitted = hospital.send(second, lenient=True)
    assert admitted.status == 200, admitted.content
    assert told(admitted) == [("FHIR-PATCH", "warning", "Bundle.entry[1].resource.relatesTo[0]")]
    assert scene.found() == unique_ids(second)


def test_a_replacement_names_its_target_by_uniqueid_too(hospital, scene):
    first = hospital.lot()
    old = location(hospital.send(first), 1)
    second = replacement(hospital, first, f"urn:uuid:{old.partition('/')[2]}")
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{unique_ids(first)[0]}"}
    second.document()["relatesTo"][0]["target"] = {"identifier": identifier}
    query = f"identifier=urn:ietf:rfc:3986|urn:oid:{unique_ids(first)[0]}"
    second.entries("Parameters")[0]["request"]["url"] = f"DocumentReference?{query}"
    reply = hospital.send(second)
    assert reply.status == 200, reply.content
    assert scene.found() == unique_ids(second)


def test_the_document_of_another_and_no_document_cannot_be_told_apart(hospital, scene):
    # Given a document of another hospital in the same record,
    other = scene.lot([vsm(scene.patient)], by="ch-loire")
    assert scene.deposit(other, by="ch-loire").error_codes == []
    with closing(scene.consultation()) as doctor:
        (entry,) = map(read_entry, doctor.find_documents(scene.patient.cx).entries)
    # when one replaces it, or something that never was,
    answers = []
    for target in (entry.entry_uuid, "urn:uuid:00000000-0000-4000-8000-000000000000"):
        submission = scene.lot([vsm(scene.patient, replaces=other.unique_ids[0])], replaces={0: target})
        reply = hospital.send(write_lot(submission))
        answers.append((reply.status, told(reply)))
    # then both answers are the same.
    assert answers[0] == answers[1]
    assert answers[0][0] == 422


def test_a_signature_that_does_not_cover_the_lot_is_refused(hospital, scene):
    # Given a lot whose document was changed after it was signed, hash and all,
    submission = scene.lot([vsm(scene.patient)])
    changed = submission.with_content(0, submission.contents["Document01"] + b"<!-- changed -->", declared=True)
    before = scene.kept()
    # when it is sent, even to a lenient door, then its signature refuses it.
    for lenient in (False, True):
        reply = hospital.send(write_lot(changed), lenient=lenient)
        assert reply.status == 422
        assert reply.codes[0].startswith("SIG_")
    assert scene.kept() == before


def test_a_lot_is_signed_in_json_too(hospital, scene):
    # Given a lot that its hospital signed in JSON,
    signer = scene.house.credential("chu-seine.sign")
    made = scene.lot([vsm(scene.patient)])
    submission = with_json_signature(made, signer=signer, now=datetime.now(UTC))
    # when it is sent to a strict door, then it is registered;
    reply = hospital.send(write_lot(submission))
    assert reply.status == 200, reply.content
    assert scene.found() == list(submission.unique_ids)


def without_the_set(header):
    del header["iheSSId"]


def without_crit(header):
    header["crit"] = ["sigD", "sigT"]


def without_a_document(header):
    for name in ("pars", "hashV", "ctys"):
        header["sigD"][name] = header["sigD"][name][1:]


@pytest.mark.parametrize("change", [without_the_set, without_crit, without_a_document], ids=lambda one: one.__name__)
def test_a_signature_in_json_that_is_wrong_refuses_the_lot(hospital, scene, change):
    signer = scene.house.credential("chu-seine.sign")
    documents = [vsm(scene.patient), vsm(scene.patient)]
    submission = with_json_signature(scene.lot(documents), signer=signer, now=datetime.now(UTC), change=change)
    before = scene.kept()
    for lenient in (False, True):
        reply = hospital.send(write_lot(submission), lenient=lenient)
        assert reply.status == 422
        assert reply.codes[0].startswith("SIG_")
    assert scene.kept() == before


def test_a_lot_without_signature_is_refused_unless_the_door_is_lenient(hospital, scene):
    lot = write_lot(scene.lot([vsm(scene.patient)]).without_signature())
    refused = hospital.send(lot)
    assert (refused.status, refused.codes) == (422, ["SIG_MISSING"])
    admitted = hospital.send(lot, lenient=True)
    assert admitted.status == 200, admitted.content
    assert told(admitted) == [("FHIR-UNSIGNED", "warning", "Bundle")]


def test_a_signature_of_the_bundle_is_no_signature_of_the_lot(hospital):
    lot = hospital.lot()
    lot.resource["signature"] = {
        "type": [{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}],
        "when": "2026-06-12T10:00:00Z",
        "who": {"display": "CHU"},
    }
    refused = hospital.send(lot)
    assert told(refused) == [("FHIR-BUNDLE-SIGNATURE", "error", "Bundle.signature")]
    admitted = hospital.send(lot, lenient=True)
    assert admitted.status == 200
    assert told(admitted) == [("FHIR-BUNDLE-SIGNATURE", "warning", "Bundle.signature")]


def test_a_duplicate_is_a_conflict(hospital):
    lot = hospital.lot()
    assert hospital.send(lot).status == 200
    again = hospital.send(lot)
    assert again.status == 409
    assert "duplicate" in {issue["code"] for issue in again.issues}


def test_an_unknown_record_is_not_found_and_a_closed_one_refuses(hospital, scene):
    lot = hospital.lot()
    with closing(scene.house.owner()) as connection:
        connection.execute(
            "UPDATE ecluse.records SET status = 'CLOSED', closed_at = now(), revision = revision + 1"
            " WHERE patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            [scene.patient.cx],
        )
    closed = hospital.send(lot)
    assert (closed.status, closed.codes[0]) == (422, "DMPClosed")


def test_texts_of_an_answer_hold_no_id_that_nobody_sent(hospital):
    lot = hospital.lot()
    unknown_type(lot)
    assert "urn:uuid:" not in hospital.send(lot).content.decode()


def test_what_is_no_bundle_is_refused(hospital):
    reply = hospital.send({"resourceType": "Patient"})
    assert reply.status == 400
    assert write_json(reply.resource)


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=OFFICIAL_ABSENT)
def test_the_official_lot_is_refused_with_every_deviation_or_admitted_with_every_warning(hospital, scene):
    # Given the official example, about a patient that is known here,
    bundle = official(DEPOSIT, hospital)
    before = scene.kept()
    # when a strict door gets it, then everything it deviates by is told, and nothing is kept;
    refused = hospital.send(bundle)
    assert refused.status == 422
    errors = {rule for rule, severity, _ in told(refused) if severity == "error"}
    assert errors == LENIENT_RULES - {"FHIR-EMPTY-DOCUMENT"}
    assert scene.kept() == before
    places = {place for rule, _, place in told(refused) if rule == "O6"}
    assert places == {
        "Bundle.entry[0].resource.extension('https://profiles.ihe.net/ITI/MHD/StructureDefinition/ihe-designationType')"
        ".value",
        "Bundle.entry[1].resource.content[0].format",
        "Bundle.entry[1].resource.context.facilityType",
        "Bundle.entry[1].resource.context.practiceSetting",
    }
    # when a lenient door gets it, then it is registered, and each of these is a warning.
    admitted = hospital.send(bundle, lenient=True)
    assert admitted.status == 200, admitted.content
    assert {severity for _, severity, _ in told(admitted)} == {"warning"}
    assert {rule for rule, _, _ in told(admitted)} >= LENIENT_RULES
    assert scene.found() == ["1.2.250.1.213.1.4.8.99999.2"]


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=OFFICIAL_ABSENT)
def test_the_official_replacement_replaces_the_official_lot(hospital, scene):
    # Given the official example, registered under another uniqueId than in the test above,
    first = official(DEPOSIT, hospital, **{"4.8.99999.2": "4.8.99999.22"})
    old = location(hospital.send(first, lenient=True), 1).partition("/")[2]
    # when the official replacement names it,
    bundle = official(REPLACEMENT, hospital, **{"doc-x-id": old})
    # then it is refused where the door is strict, and replaces it where it is lenient.
    assert hospital.send(bundle).status == 422
    reply = hospital.send(bundle, lenient=True)
    assert reply.status == 200, reply.content
    assert scene.found() == ["1.2.250.1.213.1.4.8.99999.3"]
