"""Documents in FHIR judged alone: what they are, their form, their references, the metadata that they give."""

from __future__ import annotations

import base64
import copy
import re
from datetime import UTC, datetime

import pytest

from conformance.catalogue import FHIR_DOCUMENT
from conformance.explaining import rule
from conformance.judging import Judge
from conformance.report import Severity
from gateway.wire.fhir.resource_xml import write_xml
from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from samples.fhir.document import FRENCH_DOCUMENT, french_summary
from samples.submission import build_submission
from security.strict_json import read_json, write_json

COMPOSITION = "Bundle.entry[0].resource"
SPELLINGS = {"JSON": write_json, "XML": write_xml}


@pytest.fixture(scope="module")
def submission(pki):
    return build_submission([vsm()], signer=pki.certificate("chu-seine.sign"), now=datetime.now(UTC))


@pytest.fixture(scope="module")
def good(submission):
    return french_summary(submission)


@pytest.fixture
def document(good):
    return copy.deepcopy(good)


def told(report, severity=Severity.ERROR):
    return [(one.rule, one.path) for one in report.findings if one.severity is severity]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("profile", [None, FHIR_DOCUMENT])
def test_a_french_summary_in_fhir_is_recognised_and_valid(document, spelling, profile):
    report = Judge(profile=profile, language="en")(SPELLINGS[spelling](document))

    assert (report.profile, report.findings) == ("fhir-document", ())
    assert report.document_type == "Synthèse patient française en FHIR (IPS-FR)"
    assert [note.partition(".")[0] for note in report.notes] == ["French patient summary in FHIR (IPS-FR)"]
    assert [(layer.name, layer.asked) for layer in report.layers] == [("fhir", True), ("fhir-document", True)]


@pytest.mark.parametrize(
    ("profile", "code", "name"),
    [
        (FRENCH_DOCUMENT, "11488-4", "Document français en FHIR"),
        ("http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips", "60591-5", "Synthèse patient internationale"),
        ("http://example.test/another", "11488-4", "Document en FHIR"),
    ],
)
def test_other_documents_are_told_by_profile_and_type(document, profile, code, name):
    document["meta"]["profile"] = [profile]
    document["entry"][0]["resource"]["type"]["coding"][0]["code"] = code

    report = Judge()(write_json(document))

    assert report.document_type.startswith(name)
    assert report.notes[0].startswith(name)


def composition(document):
    return document["entry"][0]["resource"]


def entry_of(document, kind):
    return next(one for one in document["entry"] if one["resource"]["resourceType"] == kind)


def swap(document):
    entries = document["entry"]
    entries[0], entries[1] = entries[1], entries[0]


def twice(document):
    document["entry"][2]["fullUrl"] = document["entry"][1]["fullUrl"]


def change(name, value):
    return lambda document: composition(document).update({name: value})


def of_section(number, name, value):
    return lambda document: composition(document)["section"][number].update({name: value})


def subject(reference):
    return change("subject", {"reference": reference})


def leads_to(reference):
    return lambda document: entry_of(document, "Condition")["resource"].update(encounter={"reference": reference})


CONDITION = "Bundle.entry[4].resource"
BROKEN = {
    "no identifier": (lambda one: one.pop("identifier"), "FHIR-DOCUMENT", "Bundle.identifier"),
    "an identifier without system": (lambda one: one["identifier"].pop("system"), "FHIR-DOCUMENT", "Bundle.identifier"),
    "no timestamp": (lambda one: one.pop("timestamp"), "FHIR-DOCUMENT", "Bundle.timestamp"),
    "a total": (lambda one: one.update(total=6), "FHIR-DOCUMENT", "Bundle.total"),
    "no entry": (lambda one: one.pop("entry"), "FHIR-DOCUMENT", "Bundle.entry"),
    "another resource first": (swap, "FHIR-DOCUMENT", COMPOSITION),
    "no resource": (
        lambda one: one["entry"].append({"fullUrl": "urn:uuid:1f0a3d5e-0000-4000-8000-000000000001"}),
        "FHIR-DOCUMENT",
        "Bundle.entry[6].resource",
    ),
    "no fullUrl": (lambda one: one["entry"][0].pop("fullUrl"), "FHIR-DOCUMENT", "Bundle.entry[0].fullUrl"),
    "a fullUrl that is relative": (
        lambda one: one["entry"][0].update(fullUrl="Composition/1"),
        "FHIR-DOCUMENT",
        "Bundle.entry[0].fullUrl",
    ),
    "a fullUrl without a UUID": (
        lambda one: one["entry"][0].update(fullUrl="urn:uuid:NOT-A-UUID"),
        "FHIR-DOCUMENT",
        "Bundle.entry[0].fullUrl",
    ),
    "a fullUrl with a version": (
        lambda one: one["entry"][0].update(fullUrl="https://a.test/Composition/1/_history/2"),
        "FHIR-DOCUMENT",
        "Bundle.entry[0].fullUrl",
    ),
    "a fullUrl of another id": (
        lambda one: one["entry"][0].update(fullUrl="https://a.test/Composition/1") or change("id", "2")(one),
        "FHIR-DOCUMENT",
        "Bundle.entry[0].fullUrl",
    ),
    "a fullUrl twice": (twice, "FHIR-DOCUMENT", "Bundle.entry[2].fullUrl"),
    "a request": (
        lambda one: one["entry"][0].update(request={"method": "POST", "url": "Composition"}),
        "FHIR-DOCUMENT",
        "Bundle.entry[0].request",
    ),
    "an empty section": (
        lambda one: composition(one)["section"][0].pop("text"),
        "FHIR-SECTION",
        f"{COMPOSITION}.section[0]",
    ),
    "an empty section that is not": (
        of_section(1, "emptyReason", {"text": "none"}),
        "FHIR-SECTION",
        f"{COMPOSITION}.section[1].emptyReason",
    ),
    "an empty section in a section": (
        of_section(0, "section", [{"title": "?"}]),
        "FHIR-SECTION",
        f"{COMPOSITION}.section[0].section[0]",
    ),
    "a patient that is not there": (
        subject("urn:uuid:1f0a3d5e-0000-4000-8000-000000000001"),
        "FHIR-REFERENCE",
        f"{COMPOSITION}.subject",
    ),
    "a patient on a server": (subject("https://a.test/Patient/1"), "FHIR-REFERENCE", f"{COMPOSITION}.subject"),
    "an entry of a section on a server": (
        of_section(0, "entry", [{"reference": "https://a.test/AllergyIntolerance/1"}]),
        "FHIR-REFERENCE",
        f"{COMPOSITION}.section[0].entry[0]",
    ),
    "a relative reference without root": (leads_to("Encounter/1"), "FHIR-REFERENCE", f"{CONDITION}.encounter"),
    "a urn that is not there": (
        leads_to("urn:uuid:1f0a3d5e-0000-4000-8000-000000000001"),
        "FHIR-REFERENCE",
        f"{CONDITION}.encounter",
    ),
    "a contained resource that is not there": (leads_to("#one"), "FHIR-REFERENCE", f"{CONDITION}.encounter"),
    "a conditional reference": (
        leads_to("https://a.test/Encounter?identifier=1"),
        "FHIR-REFERENCE",
        f"{CONDITION}.encounter",
    ),
    "no INS": (
        lambda one: entry_of(one, "Patient")["resource"].pop("identifier"),
        "O1",
        f"{COMPOSITION}.subject",
    ),
    "a type that the DMP does not have": (
        lambda one: composition(one)["type"]["coding"][0].update(code="1-8"),
        "O6",
        f"{COMPOSITION}.type",
    ),
    "a confidentiality that the DMP does not have": (
        change("confidentiality", "L"),
        "O6",
        f"{COMPOSITION}.confidentiality",
    ),
    "a type without system": (
        lambda one: composition(one)["type"]["coding"][0].pop("system"),
        "O4",
        f"{COMPOSITION}.type.coding[0].system",
    ),
    "no title": (lambda one: composition(one).pop("title"), "FHIR-STRUCTURE", f"{COMPOSITION}.title"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_a_document_is_an_error_where_it_is(document, case, spelling):
    spoil, broken, path = BROKEN[case]
    spoil(document)

    report = Judge()(SPELLINGS[spelling](document))

    assert (broken, path) in told(report)
    assert report.profile == FHIR_DOCUMENT
    assert all(one.line for one in report.findings)


MILD = {
    "an address elsewhere": (leads_to("https://a.test/Encounter/1"), "FHIR-OUTSIDE", f"{CONDITION}.encounter"),
    "nothing leads there": (
        lambda one: composition(one)["section"][1].pop("entry"),
        "FHIR-ORPHAN",
        CONDITION,
    ),
    "no language": (lambda one: composition(one).pop("language"), "O1", f"{COMPOSITION}.language"),
    "no confidentiality": (lambda one: composition(one).pop("confidentiality"), "O1", f"{COMPOSITION}.confidentiality"),
    "no category": (lambda one: composition(one).pop("category"), "O1", f"{COMPOSITION}.category"),
    "an author by name only": (change("author", [{"display": "Dr Essai"}]), "O1", f"{COMPOSITION}.author"),
}


@pytest.mark.parametrize("case", MILD)
def test_what_a_sender_may_say_elsewhere_is_a_warning(document, case):
    spoil, broken, path = MILD[case]
    spoil(document)

    report = Judge()(write_json(document))

    assert (broken, path) in told(report, Severity.WARNING)
    assert told(report) == []


def at_a_server(document):
    """The same document as a server gives it: its own addresses, relative references."""
    content = write_json(document).decode()
    for number, entry in enumerate(document["entry"]):
        kind = entry["resource"]["resourceType"]
        content = content.replace(f'"fullUrl":"{entry["fullUrl"]}"', f'"fullUrl":"https://a.test/fhir/{kind}/{number}"')
        content = re.sub(f'"{entry["fullUrl"]}"', f'"{kind}/{number}"', content)
    return read_json(content.encode())


def test_relative_references_have_the_root_of_the_address_beside_them(document):
    served = at_a_server(document)
    assert Judge()(write_json(served)).findings == ()

    served["entry"][4]["fullUrl"] = "https://b.test/fhir/Condition/4"
    report = Judge()(write_json(served))
    assert ("FHIR-OUTSIDE", f"{CONDITION}.subject") in told(report, Severity.WARNING)
    assert told(report) == [("FHIR-REFERENCE", f"{COMPOSITION}.section[1].entry[0]")]


def test_a_provenance_of_the_document_and_a_style_sheet_belong_to_it(document):
    provenance = {
        "resourceType": "Provenance",
        "target": [{"reference": document["entry"][0]["fullUrl"]}],
        "recorded": "2026-06-12T10:00:00+02:00",
        "agent": [{"who": {"identifier": {"system": "urn:oid:1.2.3", "value": "4"}}}],
    }
    binary = {"resourceType": "Binary", "contentType": "text/css", "data": "YQ=="}
    for number, one in enumerate((provenance, binary)):
        document["entry"].append({"fullUrl": f"urn:uuid:1f0a3d5e-0000-4000-8000-00000000000{number}", "resource": one})

    assert Judge()(write_json(document)).findings == ()


def test_an_ins_is_found_wherever_it_stands_among_the_identifiers(document):
    patient = entry_of(document, "Patient")["resource"]
    patient["identifier"].insert(0, {"system": "https://hospital.test/ipp", "value": "12"})

    assert Judge()(write_json(document)).findings == ()


def test_two_addresses_that_lead_to_each_other_end(document):
    document["entry"][1]["resource"]["generalPractitioner"] = [{"reference": document["entry"][5]["fullUrl"]}]
    document["entry"][4]["resource"]["evidence"] = [{"detail": [{"reference": document["entry"][4]["fullUrl"]}]}]

    assert Judge()(write_json(document)).findings == ()


def lot_with(submission, document, *, as_bytes):
    """A transaction whose document is one in FHIR: as a Bundle, or as the bytes of a Binary."""
    lot = write_lot(submission)
    entry = lot.entries("Binary")[0]
    if as_bytes:
        data = base64.b64encode(write_json(document)).decode()
        entry["resource"] = {"resourceType": "Binary", "contentType": "application/fhir+json", "data": data}
    else:
        entry["resource"], entry["request"]["url"] = document, "Bundle"
    attachment = lot.document()["content"][0]["attachment"]
    attachment["contentType"] = "application/fhir+json"
    del attachment["hash"], attachment["size"]
    return lot.resource


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("as_bytes", [False, True], ids=["a Bundle", "a Binary"])
def test_a_document_in_fhir_inside_a_lot_is_judged_at_its_place(submission, document, as_bytes, spelling):
    composition(document)["section"][0].pop("text")

    report = Judge()(SPELLINGS[spelling](lot_with(submission, document, as_bytes=as_bytes)))

    (found,) = [one for one in report.findings if one.layer == "fhir-document"]
    place = "Bundle.entry[2].resource.data/Bundle.entry[0]" if as_bytes else "Bundle.entry[2].resource.entry[0]"
    assert found.rule == "FHIR-SECTION"
    assert found.path.partition(" (")[0] == f"{place}.resource.section[0]"
    assert found.line
    assert report.profile == "fhir-provide-bundle"
    assert [one.rule for one in report.errors if one.path.endswith("contentType")] == ["O7"]


def test_another_profile_does_not_judge_a_document_and_it_judges_nothing_else(document):
    assert Judge(profile="fhir-provide-bundle")(write_json(document)).profile is None
    document["type"] = "collection"
    assert Judge(profile=FHIR_DOCUMENT)(write_json(document)).profile is None


@pytest.mark.parametrize("identifier", ["FHIR-DOCUMENT", "FHIR-SECTION", "FHIR-OUTSIDE", "FHIR-ORPHAN"])
def test_the_rules_of_documents_are_explained(identifier):
    explained = rule(identifier)

    assert explained is not None
    assert explained.profiles == (FHIR_DOCUMENT,)
    assert explained.severity is (Severity.WARNING if identifier in ("FHIR-OUTSIDE", "FHIR-ORPHAN") else Severity.ERROR)
