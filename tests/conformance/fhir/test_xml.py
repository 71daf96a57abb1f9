"""A resource in XML has the findings of its twin in JSON, at its own lines; hostile XML is refused."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from conformance.fhir.xml_places import XmlPlaces
from conformance.judging import Judge
from gateway.wire.fhir.resource_xml import write_xml
from samples.documents.vsm import vsm
from samples.fhir.bundle import simplified, write_lot
from samples.submission import build_submission
from security.strict_json import read_json, write_json

OFFICIAL = Path(__file__).parents[4] / "shared" / "samples-fr" / "fhir"
needs_official = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official examples are not on this machine")
NS = 'xmlns="http://hl7.org/fhir"'


@pytest.fixture(scope="module")
def submission(pki):
    return build_submission([vsm()], signer=pki.certificate("chu-seine.sign"), now=datetime.now(UTC))


@pytest.fixture
def lot(submission):
    return write_lot(submission)


def told(report):
    """Findings without their lines, which differ."""
    return (
        report.profile,
        report.document_type,
        sorted((one.rule, str(one.severity), one.path, str(one.found), str(one.expected)) for one in report.findings),
        [(one.name, one.asked, one.errors, one.warnings) for one in report.layers],
    )


def spoiled(lot):
    document = lot.document()
    document.pop("custodian")
    document["category"][0]["coding"][0]["code"] = "42"
    document["content"][0]["attachment"]["size"] = 1


def empty(lot):
    lot.resource["entry"] = lot.resource["entry"][:1]


@pytest.mark.parametrize("change", [lambda lot: None, spoiled, empty], ids=["good", "spoiled", "empty"])
@pytest.mark.parametrize("lenient", [False, True], ids=["strict", "lenient"])
def test_a_lot_in_xml_has_the_findings_of_its_twin_in_json(lot, change, lenient):
    change(lot)
    judge = Judge(lenient=lenient)

    assert told(judge(write_xml(lot.resource))) == told(judge(write_json(lot.resource)))


def test_a_document_in_xml_has_the_findings_of_its_twin_in_json(submission):
    entry = submission.entries[0]
    resource = simplified(entry, submission.contents[entry.entry_uuid])
    resource["content"][0]["attachment"]["size"] = 1

    assert told(Judge()(write_xml(resource))) == told(Judge()(write_json(resource)))


@needs_official
@pytest.mark.parametrize("path", sorted(OFFICIAL.glob("*.json")), ids=lambda path: path.stem)
def test_an_official_example_in_xml_has_the_findings_of_its_twin_in_json(path):
    resource = read_json(path.read_bytes())

    assert told(Judge()(write_xml(resource))) == told(Judge()(path.read_bytes()))


def test_each_finding_is_at_the_line_of_its_element(lot):
    spoiled(lot)
    root = etree.fromstring(write_xml(lot.resource))
    etree.indent(root)
    content = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    lines = content.decode().splitlines()
    shown = {one.path.rpartition(".")[2]: lines[one.line - 1][one.column - 1 :] for one in Judge()(content).errors}

    assert shown["category"].startswith("<category>")
    assert shown["size"].startswith('<size value="1"/>')
    assert shown["custodian"].startswith("<DocumentReference>")


FAULTS = {
    "an element that is not there": (f'<DocumentReference {NS}><zip value="1"/></DocumentReference>', "zip", "<zip"),
    "another order": (
        f'<DocumentReference {NS}><date value="2026-01-01T10:00:00Z"/><status value="current"/><content>'
        "<attachment/></content></DocumentReference>",
        "status",
        "<status",
    ),
    "a value that is none": (
        f'<DocumentReference {NS}><status value="current"/><content><attachment><size value="big"/></attachment>'
        "</content></DocumentReference>",
        "content[0].attachment.size",
        "<size",
    ),
    "an attribute": (
        f'<DocumentReference {NS}><status value="current"/><content a="b"><attachment/></content></DocumentReference>',
        "content[0]",
        "<content",
    ),
    "an element of elsewhere": (
        f'<DocumentReference {NS}><status value="current"/><content><attachment/><a xmlns="urn:b"/></content>'
        "</DocumentReference>",
        "content[0]",
        "<content",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_fhir_does_not_have_is_told_once_at_its_place(name):
    text, path, element = FAULTS[name]
    report = Judge()(text.encode())
    found = [one for one in report.errors if one.path == f"DocumentReference.{path}"]

    assert [(one.rule, text[one.column - 1 :].startswith(element)) for one in found] == [("FHIR-STRUCTURE", True)]


def test_all_faults_are_told_not_the_first():
    text = f'<DocumentReference {NS}><zip/><zap/><status value="current"/><status value="current"/></DocumentReference>'

    assert {one.path.partition(".")[2] for one in Judge()(text.encode()).errors} == {"zip", "zap", "status", "content"}


HOSTILE = {
    "a bomb": f'<!DOCTYPE a [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]><Bundle {NS}><id value="&b;"/></Bundle>',
    "a file outside": f'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><Bundle {NS}>&a;</Bundle>',
    "depth": f"<Bundle {NS}>" + "<entry>" * 200 + "</entry>" * 200 + "</Bundle>",
    "cut": f"<Bundle {NS}><entry>",
    "latin-1": f'<?xml version="1.0" encoding="ISO-8859-1"?><Bundle {NS}/>',
    "XML 1.1": f'<?xml version="1.1"?><Bundle {NS}/>',
    "many elements": f"<Bundle {NS}>" + "<entry/>" * 100_001 + "</Bundle>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_cannot_be_judged_and_is_told_why_and_what_to_do(name):
    for judge in (Judge(), Judge(profile="fhir-provide-bundle")):
        report = judge(HOSTILE[name].encode())
        (finding,) = report.findings
        assert (report.profile, finding.rule) == (None, "CDA-UNREADABLE")
        assert "CDA" not in finding.message
        assert finding.hint


def test_another_resource_and_another_document_are_said_to_be_others():
    for content in (f"<Patient {NS}/>".encode(), vsm()):
        assert Judge(profile="fhir-searchset")(content).profile is None
    assert Judge()(f"<Patient {NS}/>".encode()).profile is None
    assert Judge(profile="fhir-searchset")(b'<f:Bundle xmlns:f="urn:b"/>').profile is None


def test_a_resource_of_another_country_says_what_is_wrong_in_its_structure():
    report = Judge()(f'<Bundle {NS}><type value="transaction"/><entry/></Bundle>'.encode())
    assert (report.profile, report.valid) == ("fhir-provide-bundle", False)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Bundle", "<Bundle"),
        ("Bundle.entry[1].resource.id", "<id"),
        ("Bundle.entry[1].resource", "<Patient"),
        ("Bundle.entry[7].resource", "<entry><fullUrl"),
        ("Bundle.entry[0].link", "<entry><fullUrl"),
        ("Bundle.extension('https://a/second').value", '<extension url="https://b/second"'),
        ("Bundle.é", "<Bundle"),
        ("", "<Bundle"),
    ],
)
def test_a_place_is_always_told(path, expected):
    text = (
        '<Bundle xmlns="http://hl7.org/fhir"><extension url="https://b/first"/><extension url="https://b/second"/>'
        '<entry><fullUrl value="urn:a"/></entry><entry><resource><Patient><id value="a"/></Patient></resource></entry>'
        "</Bundle>"
    )
    line, column = XmlPlaces(text.encode(), etree.fromstring(text)).of(path)
    assert line == 1
    assert text[column - 1 :].startswith(expected)


def test_a_resource_with_a_hundred_thousand_faults_is_judged_in_time(lot):
    resource = copy.deepcopy(lot.resource)
    text = write_xml(resource).decode().replace("</Bundle>", "<zip/>" * 90_000 + "</Bundle>")
    report = Judge()(text.encode())
    assert len(report.findings) <= 10_000
    assert not report.valid
