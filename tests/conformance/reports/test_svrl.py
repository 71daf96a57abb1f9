"""SVRL is what Annex D of ISO/IEC 19757-3 describes: the grammar below says so in our words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from conformance.positions import positions
from conformance.report import Report
from conformance.reports.judged import Judged, Options
from conformance.reports.locations import PREFIXES, locations
from conformance.reports.svrl import render
from security import xml

GRAMMAR = etree.RelaxNG(
    etree.fromstring("""
<element name="schematron-output" ns="http://purl.oclc.org/dsdl/svrl" xmlns="http://relaxng.org/ns/structure/1.0"
    datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <optional><attribute name="title" ns=""/></optional>
  <optional><attribute name="schemaVersion" ns=""/></optional>
  <zeroOrMore><element name="ns-prefix-in-attribute-values">
    <attribute name="prefix" ns=""><data type="NMTOKEN"/></attribute><attribute name="uri" ns=""/><empty/>
  </element></zeroOrMore>
  <oneOrMore>
    <element name="active-pattern">
      <optional><attribute name="documents" ns=""><data type="anyURI"/></attribute></optional>
      <optional><attribute name="name" ns=""/></optional><empty/>
    </element>
    <oneOrMore>
      <element name="fired-rule"><attribute name="context" ns=""/><empty/></element>
      <zeroOrMore>
        <element name="failed-assert">
          <optional><attribute name="id" ns=""><data type="NCName"/></attribute></optional>
          <attribute name="location" ns=""/>
          <attribute name="test" ns=""/>
          <attribute name="role" ns=""><data type="NMTOKEN"/></attribute>
          <zeroOrMore><element name="diagnostic-reference">
            <attribute name="diagnostic" ns=""><data type="NMTOKEN"/></attribute>
            <element name="text"><attribute name="xml:lang"/><text/></element>
          </element></zeroOrMore>
          <element name="text"><attribute name="xml:lang"/><attribute name="see" ns=""/><text/></element>
        </element>
      </zeroOrMore>
    </oneOrMore>
  </oneOrMore>
</element>""")
)
SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}


def output(*judged: Judged) -> etree._Element:
    return xml.parse(b"".join(render(judged, Options(language="en"))))


def test_the_output_follows_the_grammar(invalid, valid, unusable, hostile):
    for judged in ((), (invalid,), (valid,), (unusable,), (hostile,), (invalid, valid, unusable)):
        GRAMMAR.assertValid(output(*judged))


def test_locations_find_the_elements_of_the_document(invalid):
    document = xml.parse(invalid.content)
    prefixes = output(invalid).iterfind("svrl:ns-prefix-in-attribute-values", SVRL)
    declared = {one.get("prefix"): one.get("uri") for one in prefixes}
    found = {
        one.get("id"): document.xpath(one.get("location"), namespaces=PREFIXES)
        for one in output(invalid).iterfind("svrl:failed-assert", SVRL)
    }

    assert [one.tag for one in found["VSM-CODE"]] == ["{urn:hl7-org:v3}code"]
    assert [str(one) for one in found["HDR-DECEASED"]] == ["oui"]
    assert declared == PREFIXES


def test_without_the_source_locations_go_by_local_names(invalid):
    document = xml.parse(invalid.content)

    locations = [
        one.get("location") for one in output(Judged("a.xml", invalid.report)).iterfind("svrl:failed-assert", SVRL)
    ]

    assert [len(document.xpath(one)) for one in locations] == [1, 1]


def test_an_assertion_carries_its_test_its_source_and_what_was_met(invalid):
    failed = next(one for one in output(invalid).iterfind("svrl:failed-assert", SVRL) if one.get("id") == "VSM-CODE")

    said = {one.get("diagnostic"): one[0].text for one in failed.iterfind("svrl:diagnostic-reference", SVRL)}
    text = failed.find("svrl:text", SVRL)
    assert failed.get("test") == "cda:code/@code = 'SYNTH'"
    assert failed.getprevious().get("context") == "cda:ClinicalDocument"
    assert (text.text, text.get("see")) == ("The code of the document is SYNTH.", "CI-SIS VSM 2023.01")
    assert said == {"found": "34133-9", "expected": "SYNTH", "hint": "Write code='SYNTH'.", "place": "3:26"}


def test_layers_that_were_asked_are_patterns_and_others_are_not(invalid):
    names = [one.get("name") for one in output(invalid).iterfind("svrl:active-pattern", SVRL)]

    assert names == ["CDA structure", "Header", "Document model"]


@pytest.mark.parametrize(
    "source",
    [b'<x:a xmlns:x="urn:x"><x:b/><b/><b xmlns="urn:x"/></x:a>', b"<a><b/><c/><b/></a>"],
)
def test_every_element_has_one_location_that_is_its_own(source, invalid):
    root = xml.parse(source)
    places = {place[:2]: element for element, place in positions(source, root).items()}
    findings = tuple(replace(invalid.report.findings[0], line=line, column=column) for line, column in places)

    found = locations(Report("p", findings), source)

    assert {place: root.xpath(path) for place, path in found.items()} == {
        place: [etree.XPath("self::*")(element)[0]] for place, element in places.items()
    }
