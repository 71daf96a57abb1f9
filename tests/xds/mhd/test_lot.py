import base64
import copy
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from profiles.fhir.deviations import deviations
from samples.documents.vsm import vsm
from samples.fhir.bundle import SUPERSEDED, write_lot
from samples.submission import build_submission
from xds.metadata.association import AssociationType
from xds.mhd.lot import read_lot
from xds.mhd.requirements import missing

OFFICIAL = Path(__file__).parents[3].parent / "shared" / "samples-fr" / "fhir"
OFFICIAL_ABSENT = "the official examples of the DMP draft are not there"
OLD = "urn:uuid:4f2a8c1e-1d7b-4c55-9f0a-2b6f3c1d9e01"


def read(bundle):
    return read_lot(bundle, spell=orjson.dumps, new_oid=lambda: "2.25.1")


@pytest.fixture(scope="module")
def submission(pki):
    signer = pki.certificate("chu-seine.sign")
    return build_submission([vsm(), vsm()], signer=signer, now=datetime.now(UTC), replaces={0: OLD})


@pytest.fixture
def good(submission):
    return write_lot(submission)


def test_a_lot_that_goes_by_soap_and_by_fhir_is_the_same_lot(submission, good):
    # When the Bundle of a lot is read,
    lot = read(copy.deepcopy(good.resource))
    # then nothing is wrong with it,
    assert lot.request.errors == ()
    assert lot.deviations == ()
    assert list(missing(lot.request, lot.places)) == []
    # and it says what the lot says, ids and the ids' associations apart,
    names = {"entry_uuid": "", "logical_id": None}
    assert [_plain(entry, names) for entry in lot.request.entries] == [_plain(one, names) for one in submission.entries]
    assert _plain(lot.request.submission_set, {"entry_uuid": ""}) == _plain(
        submission.submission_set, {"entry_uuid": ""}
    )
    # with the same bytes.
    contents = [lot.request.documents[entry.entry_uuid] for entry in lot.request.entries]
    assert contents == [submission.contents[entry.entry_uuid] for entry in submission.entries]
    kinds = [one.association_type for one in lot.request.associations]
    assert kinds.count(AssociationType.HAS_MEMBER) == 3
    assert kinds.count(AssociationType.SIGNS) == 2
    (replacement,) = [one for one in lot.request.associations if one.association_type is AssociationType.RPLC]
    assert replacement.target == OLD


def _plain(item, changes):
    return replace(item, **{name: value for name, value in changes.items() if hasattr(item, name)})


def drop_binary(bundle):
    del bundle["entry"][2]


def spoil_base64(bundle):
    bundle["entry"][2]["resource"]["data"] += "?"


def two_lists(bundle):
    bundle["entry"].append({**bundle["entry"][0], "fullUrl": "urn:uuid:4f2a8c1e-1d7b-4c55-9f0a-2b6f3c1d9e02"})


def no_list(bundle):
    del bundle["entry"][0]


def conditional_create(bundle):
    bundle["entry"][1]["request"]["ifNoneExist"] = "identifier=1"


def put_document(bundle):
    bundle["entry"][1]["request"]["method"] = "PUT"


def a_patient(bundle):
    request = {"method": "POST", "url": "Patient"}
    bundle["entry"].append({"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Patient"}, "request": request})


def delete_something(bundle):
    bundle["entry"].append({"request": {"method": "DELETE", "url": "DocumentReference/1"}})


def patch_another(bundle):
    bundle["entry"][-1]["request"]["url"] = "DocumentReference/another"


def patch_the_title(bundle):
    patch = copy.deepcopy(SUPERSEDED)
    patch["parameter"][0]["part"][1]["valueString"] = "DocumentReference.description"
    bundle["entry"][-1]["resource"] = patch


def batch(bundle):
    bundle["type"] = "batch"


def literal_author(bundle):
    bundle["entry"][1]["resource"]["author"] = [{"reference": "Practitioner/1"}]


def literal_patient(bundle):
    bundle["entry"][1]["resource"]["subject"] = {"reference": "Patient/1"}


def hexadecimal_hash(bundle):
    bundle["entry"][1]["resource"]["content"][0]["attachment"]["hash"] = "03f84c46bbfa635e418d233c90c2e276bcfe9877"


def superseded_at_once(bundle):
    bundle["entry"][1]["resource"]["status"] = "superseded"


def modifier(bundle):
    bundle["entry"][1]["resource"]["modifierExtension"] = [{"url": "urn:x:not", "valueBoolean": True}]


def retired_list(bundle):
    bundle["entry"][0]["resource"]["status"] = "retired"


def snapshot(bundle):
    bundle["entry"][0]["resource"]["mode"] = "snapshot"


def implicit_rules(bundle):
    bundle["entry"][1]["resource"]["implicitRules"] = "urn:x:rules"


def implicit_rules_of_all(bundle):
    bundle["implicitRules"] = "urn:x:rules"


def document_in_its_address(bundle):
    bundle["entry"][1]["resource"]["content"][0]["attachment"]["url"] = "data:application/xml;base64,PHNlY3JldC8+"


def unknown_relation(bundle):
    bundle["entry"][1]["resource"]["relatesTo"][0]["code"] = "supersedes"


def same_address(bundle):
    bundle["entry"][3]["fullUrl"] = bundle["entry"][1]["fullUrl"]


def name_without_uuid(bundle):
    bundle["entry"][2]["fullUrl"] = "urn:uuid:NOT-A-UUID"


def patch_name_without_uuid(bundle):
    bundle["entry"][-1]["fullUrl"] = "urn:uuid:"


def other_media_type(bundle):
    bundle["entry"][2]["resource"]["contentType"] = "application/pdf"


def two_contents(bundle):
    bundle["entry"][1]["resource"]["content"] *= 2


FAULTS = {
    drop_binary: ("DOCUMENT", "Bundle.entry[1].resource.content[0].attachment.url"),
    spoil_base64: ("DOCUMENT", "Bundle.entry[2].resource.data"),
    two_lists: ("M2", "Bundle"),
    no_list: ("M2", "Bundle"),
    conditional_create: ("FHIR-FORBIDDEN", "Bundle.entry[1].request.ifNoneExist"),
    put_document: ("FHIR-FORBIDDEN", "Bundle.entry[1].request"),
    a_patient: ("FHIR-FORBIDDEN", "Bundle.entry[8].resource"),
    delete_something: ("FHIR-FORBIDDEN", "Bundle.entry[8].request"),
    patch_another: ("FHIR-FORBIDDEN", "Bundle.entry[7].resource"),
    patch_the_title: ("FHIR-FORBIDDEN", "Bundle.entry[7].resource"),
    batch: ("FHIR-BUNDLE", "Bundle.type"),
    literal_author: ("FHIR-REFERENCE", "Bundle.entry[1].resource.author[0]"),
    literal_patient: ("FHIR-REFERENCE", "Bundle.entry[1].resource.subject"),
    hexadecimal_hash: ("O3", "Bundle.entry[1].resource.content[0].attachment.hash"),
    superseded_at_once: ("O12", "Bundle.entry[1].resource.status"),
    modifier: ("FHIR-EXTENSION", "Bundle.entry[1].resource.modifierExtension"),
    retired_list: ("O3", "Bundle.entry[0].resource.status"),
    snapshot: ("O3", "Bundle.entry[0].resource.mode"),
    implicit_rules: ("FHIR-UNMAPPED", "Bundle.entry[1].resource.implicitRules"),
    implicit_rules_of_all: ("FHIR-UNMAPPED", "Bundle.implicitRules"),
    document_in_its_address: ("DOCUMENT", "Bundle.entry[1].resource.content[0].attachment.url"),
    unknown_relation: ("A1", "Bundle.entry[1].resource.relatesTo[0].code"),
    same_address: ("FHIR-BUNDLE", "Bundle.entry[3].fullUrl"),
    name_without_uuid: ("FHIR-BUNDLE", "Bundle.entry[2].fullUrl"),
    patch_name_without_uuid: ("FHIR-BUNDLE", "Bundle.entry[7].fullUrl"),
    other_media_type: ("DOCUMENT", "Bundle.entry[2].resource.contentType"),
    two_contents: ("O2", "Bundle.entry[1].resource.content"),
}


@pytest.mark.parametrize("change", FAULTS, ids=lambda change: change.__name__)
def test_a_fault_is_told_with_its_rule_and_its_fhirpath(good, change):
    # Given a good lot in which one thing was changed,
    bundle = copy.deepcopy(good.resource)
    change(bundle)
    # when it is read, then what is wrong is told where it is.
    assert FAULTS[change] in [(one.rule, one.location) for one in read(bundle).request.errors]


def test_a_uuid_in_upper_case_is_one(good):
    content = orjson.dumps(good.resource).decode()
    for one in good.resource["entry"]:
        content = content.replace(one["fullUrl"], "urn:uuid:" + one["fullUrl"].removeprefix("urn:uuid:").upper())
    assert read(orjson.loads(content)).request.errors == ()


def test_an_address_that_holds_a_document_is_not_quoted(good):
    bundle = copy.deepcopy(good.resource)
    document_in_its_address(bundle)
    assert not [one for one in read(bundle).request.errors if "PHNl" in one.context]


def no_custodian(bundle):
    resource = bundle["entry"][1]["resource"]
    del resource["custodian"]
    resource["contained"] = [one for one in resource["contained"] if one["id"] != "custodian"]


def no_lot_identifier(bundle):
    del bundle["entry"][0]["resource"]["identifier"]


def no_patch(bundle):
    del bundle["entry"][-1]


def signed_bundle(bundle):
    bundle["signature"] = {"type": [{"code": "1"}], "when": "2026-06-12T10:00:00Z", "who": {"display": "me"}}


def no_profile(bundle):
    del bundle["meta"]


def extension(bundle):
    bundle["entry"][1]["resource"]["extension"] = [{"url": "urn:x:mood", "valueString": "good"}]


def unmapped(bundle):
    bundle["entry"][1]["resource"]["docStatus"] = "final"


def item_that_is_gone(bundle):
    bundle["entry"][0]["resource"]["entry"][0]["deleted"] = True


def date_of_sending(bundle):
    bundle["entry"][1]["resource"]["date"] = "2031-01-01T00:00:00Z"


def second_coding(bundle):
    bundle["entry"][1]["resource"]["type"]["coding"].append({"system": "urn:x:y", "code": "2"})


def second_name(bundle):
    role = bundle["entry"][1]["resource"]["contained"]
    practitioner = next(one for one in role if one["resourceType"] == "Practitioner")
    practitioner["name"] = [*practitioner["name"], {"family": "AUTRE"}]


def contained_for_nothing(bundle):
    bundle["entry"][1]["resource"]["contained"].append({"resourceType": "Organization", "id": "x", "name": "X"})


DEVIATIONS = {
    no_custodian: ("FHIR-CUSTODIAN", "Bundle.entry[1].resource.custodian"),
    no_lot_identifier: ("FHIR-LIST-IDENTIFIER", "Bundle.entry[0].resource.identifier"),
    no_patch: ("FHIR-PATCH", "Bundle.entry[1].resource.relatesTo[0]"),
    signed_bundle: ("FHIR-BUNDLE-SIGNATURE", "Bundle.signature"),
    no_profile: ("FHIR-PROFILE", "Bundle.meta.profile"),
    extension: ("FHIR-EXTENSION", "Bundle.entry[1].resource.extension[0]"),
    unmapped: ("FHIR-UNMAPPED", "Bundle.entry[1].resource.docStatus"),
    item_that_is_gone: ("FHIR-UNMAPPED", "Bundle.entry[0].resource.entry[0].deleted"),
    date_of_sending: ("FHIR-DATE", "Bundle.entry[1].resource.date"),
    second_coding: ("FHIR-UNMAPPED", "Bundle.entry[1].resource.type.coding[1]"),
    second_name: ("FHIR-UNMAPPED", "Bundle.entry[1].resource.contained[1].name[1]"),
    contained_for_nothing: ("FHIR-UNMAPPED", "Bundle.entry[1].resource.contained[6]"),
}


@pytest.mark.parametrize("change", DEVIATIONS, ids=lambda change: change.__name__)
def test_a_deviation_is_told_and_nothing_else(good, change):
    bundle = copy.deepcopy(good.resource)
    change(bundle)
    lot = read(bundle)
    assert lot.request.errors == ()
    assert [(one.rule, one.location) for one in lot.deviations] == [DEVIATIONS[change]]
    assert lot.deviations[0].rule in deviations()


def test_a_patient_named_by_a_condition_is_the_one_of_the_condition(good, submission):
    bundle = copy.deepcopy(good.resource)
    identifier = bundle["entry"][1]["resource"]["subject"]["identifier"]
    literal = f"Patient?identifier={identifier['system']}|{identifier['value']}"
    bundle["entry"][1]["resource"]["subject"] = {"reference": literal}
    lot = read(bundle)
    assert lot.request.errors == lot.deviations == ()
    assert lot.request.entries[0].patient_id == submission.entries[0].patient_id


def test_a_document_in_fhir_is_written_as_its_members_stand(good):
    # Given a lot whose document is a Bundle, without hash,
    bundle = copy.deepcopy(good.resource)
    document = {"resourceType": "Bundle", "type": "document", "entry": [{"resource": {"resourceType": "Composition"}}]}
    bundle["entry"][2]["resource"] = document
    bundle["entry"][2]["request"]["url"] = "Bundle"
    attachment = bundle["entry"][1]["resource"]["content"][0]["attachment"]
    attachment["contentType"] = "application/fhir+json"
    del attachment["hash"], attachment["size"]
    # when it is read, then its bytes are that JSON.
    lot = read(bundle)
    assert lot.request.errors == lot.deviations == ()
    assert lot.request.documents[lot.request.entries[0].entry_uuid] == orjson.dumps(document)
    assert lot.ids[1] == lot.ids[2]


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason=OFFICIAL_ABSENT)
@pytest.mark.parametrize("name", ["Bundle-example-td2-iti65-lot-soumission", "Bundle-example-td2-1-remplacement"])
def test_an_official_bundle_deviates_as_it_is_known_to(name):
    lot = read(json.loads((OFFICIAL / f"{name}.json").read_bytes()))
    assert lot.request.errors == ()
    assert sorted(one.rule for one in lot.deviations) == ["FHIR-CUSTODIAN", "FHIR-LIST-IDENTIFIER"]
    (entry,) = lot.request.entries
    content = lot.request.documents[entry.entry_uuid]
    assert (entry.size, entry.hash) == (len(content), hashlib.sha1(content, usedforsecurity=False).hexdigest())


def test_blanks_inside_base64_do_not_count(good):
    bundle = copy.deepcopy(good.resource)
    binary = bundle["entry"][2]["resource"]
    content = base64.b64decode(binary["data"])
    binary["data"] = "\n".join((binary["data"][:76], binary["data"][76:]))
    lot = read(bundle)
    assert lot.request.errors == ()
    assert lot.request.documents[lot.request.entries[0].entry_uuid] == content
