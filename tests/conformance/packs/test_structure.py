"""The XSD of a pack is asked, faults are found at their element, and a bare scheme is no URI."""

from __future__ import annotations

import pytest
from lxml import etree

from cda.document import parse_document
from conformance.packs.problems import UnusablePack
from conformance.packs.structure import structure_faults, structure_schema
from conformance.positions import Paths

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3"
 xmlns="urn:hl7-org:v3" elementFormDefault="qualified">
<xs:import namespace="urn:hl7-org:sdtc" schemaLocation="sdtc.xsd"/>
<xs:element name="ClinicalDocument"><xs:complexType><xs:sequence>
<xs:element name="code" maxOccurs="unbounded">
<xs:complexType><xs:attribute name="code" use="required"/></xs:complexType>
</xs:element>
<xs:element name="telecom" minOccurs="0" maxOccurs="unbounded">
<xs:complexType><xs:attribute name="value" type="xs:anyURI"/>
<xs:attribute name="ID" type="xs:ID"/></xs:complexType></xs:element>
<xs:element ref="s:x" xmlns:s="urn:hl7-org:sdtc" minOccurs="0"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""
SDTC = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:sdtc">
<xs:element name="x" type="xs:int"/></xs:schema>"""

FAULTS = {
    "nothing": ('<code code="1"/>', []),
    "a missing element": ("", ["/ClinicalDocument"]),
    "a missing attribute": ('<code code="1"/><code/>', ["/ClinicalDocument/code[2]"]),
    "an unknown element": ('<code code="1"/><zz/>', ["/ClinicalDocument/zz"]),
    "another namespace": ('<code code="1"/><s:x xmlns:s="urn:hl7-org:sdtc">a</s:x>', ["/ClinicalDocument/x"]),
    "a full telecom": ('<code code="1"/><telecom value="tel:1"/><telecom value=""/><telecom value="a b"/>', []),
    "bare schemes": (
        '<code code="1"/><telecom value="tel:"/><telecom value="tel:1"/><telecom value="mailto: "/>',
        ["/ClinicalDocument/telecom[1]", "/ClinicalDocument/telecom[3]"],
    ),
    "nothing after the scheme but a fragment, or slashes": (
        '<code code="1"/><telecom value="tel:#a"/><telecom value="http://"/><telecom value="//"/><telecom value="#a"/>'
        '<telecom value="http:///a"/><telecom value="x:y:"/>',
        ["/ClinicalDocument/telecom[1]", "/ClinicalDocument/telecom[2]", "/ClinicalDocument/telecom[3]"],
    ),
    "an ID used twice": ('<code code="1"/><telecom ID="a"/><telecom ID="a"/>', ["/ClinicalDocument/telecom[2]"]),
}


@pytest.fixture(scope="module")
def xsd(tmp_path_factory):
    where = tmp_path_factory.mktemp("xsd")
    (where / "sdtc.xsd").write_text(SDTC)
    (where / "cda.xsd").write_text(XSD)
    return where / "cda.xsd"


def _paths(root: etree._Element, xsd) -> list[str]:
    return [Paths().of(one.place) for one in structure_faults(root, xsd)]


@pytest.mark.parametrize("prefix", ["", "c:"])
@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_found_where_they_are(xsd, name, prefix):
    inside, expected = FAULTS[name]
    if prefix:
        for tag in ("code", "telecom", "zz"):
            inside = inside.replace(f"<{tag}", f"<{prefix}{tag}")
    named = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    text = f'<{prefix}ClinicalDocument {named}="urn:hl7-org:v3">{inside}</{prefix}ClinicalDocument>'

    assert _paths(parse_document(text.encode()).root, xsd) == expected


def test_only_the_document_is_judged_whatever_wraps_it(xsd):
    text = (
        '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template/><ClinicalDocument '
        'xmlns="urn:hl7-org:v3"><code code="1"/><code/></ClinicalDocument></xsl:stylesheet>'
    )

    assert _paths(parse_document(text.encode()).root, xsd) == ["/ClinicalDocument/code[2]"]


def test_a_schema_that_is_none_is_told(tmp_path):
    (tmp_path / "x.xsd").write_text("<a/>")

    with pytest.raises(UnusablePack, match=r"x\.xsd"):
        structure_schema(tmp_path / "x.xsd")
