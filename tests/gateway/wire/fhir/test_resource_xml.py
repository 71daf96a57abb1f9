"""XML and JSON say the same: nothing is lost either way, and what FHIR does not have is refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.wire.fhir.outcome import FhirRefused
from gateway.wire.fhir.resource_xml import read_xml, write_xml
from gateway.wire.fhir.validation import check_resource
from security.errors import MalformedMessage
from security.strict_json import read_json

OFFICIAL = Path(__file__).parents[5] / "shared" / "samples-fr" / "fhir"
NS = 'xmlns="http://hl7.org/fhir"'

FULL: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "a",
    "meta": {"versionId": "3", "lastUpdated": "2026-01-02T03:04:05.120+01:00", "profile": ["urn:p", "urn:q"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>a &amp; b</p></div>'},
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Hôpital"}],
    "extension": [
        {"id": "e1", "url": "urn:u", "valueDecimal": Decimal("1.00")},
        {"url": "urn:v", "extension": [{"url": "w", "valueBoolean": True}, {"url": "x", "valueInteger": 3}]},
    ],
    "identifier": [{"id": "i", "system": "urn:s", "value": "  two  blanks  "}],
    "active": False,
    "_active": {"id": "act", "extension": [{"url": "urn:q", "valueInteger": 3}]},
    "name": [{"id": "n", "given": ["a", None, "c"], "_given": [None, {"id": "g"}, None]}],
    "_gender": {"extension": [{"url": "urn:absent", "valueCode": "unknown"}]},
    "birthDate": "1990-02",
    "_birthDate": {"extension": [{"url": "urn:t", "valueDateTime": "1990-02-01T10:00:00.000+02:00"}]},
    "multipleBirthInteger": 2,
}


def test_every_part_of_a_resource_survives_both_ways() -> None:
    check_resource(FULL)

    assert read_xml(write_xml(FULL)) == FULL


def test_what_another_writer_says_of_a_resource_is_read() -> None:
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
    <f:Bundle xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
              xsi:schemaLocation="http://hl7.org/fhir bundle.xsd">
      <!-- a comment says nothing -->
      <f:type value="collection"/>
      <f:entry><f:resource><Observation {NS}>
        <status value="final"/><code><text value="Poids"/></code>
        <valueQuantity><value value="72.50"/></valueQuantity>
      </Observation></f:resource></f:entry>
    </f:Bundle>"""

    said = read_xml(text.encode())
    assert said == {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {"text": "Poids"},
                    "valueQuantity": {"value": Decimal("72.50")},
                }
            }
        ],
    }
    assert str(said["entry"][0]["resource"]["valueQuantity"]["value"]) == "72.50"


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official examples are not here")
def test_the_official_examples_survive_both_ways() -> None:
    for path in sorted(OFFICIAL.glob("*.json")):
        resource = read_json(path.read_bytes())
        assert read_xml(write_xml(resource)) == resource, path.name


REFUSED = [
    ("no resource", f"<Zork {NS}/>", "is no resource"),
    ("another namespace", '<Patient xmlns="urn:other"/>', "outside of"),
    ("no namespace", "<Patient/>", "outside of"),
    ("an element that is not there", f'<Patient {NS}><zip value="1"/></Patient>', "Patient.zip is not an element"),
    ("an element of elsewhere", f'<Patient {NS}><a xmlns="urn:b"/></Patient>', "outside of"),
    ("an attribute", f'<Patient {NS} a="1"/>', "has an attribute"),
    ("an attribute of a value", f'<Patient {NS}><active value="true" b="1"/></Patient>', "has an attribute"),
    ("an attribute of an object", f'<Patient {NS}><name use="usual"/></Patient>', "has an attribute"),
    ("text between elements", f'<Patient {NS}>text<active value="true"/></Patient>', "holds a text"),
    ("text inside a value", f'<Patient {NS}><active value="true">a</active></Patient>', "holds a text"),
    ("text after an element", f'<Patient {NS}><active value="true"/>text</Patient>', "holds a text"),
    ("two of one", f'<Patient {NS}><active value="true"/><active value="false"/></Patient>', "occurs twice"),
    ("another order", f'<Patient {NS}><gender value="male"/><active value="true"/></Patient>', "stands after"),
    ("no value", f"<Patient {NS}><active/></Patient>", "neither a value nor an extension"),
    ("a boolean that is none", f'<Patient {NS}><active value="1"/></Patient>', "neither true nor false"),
    ("a number that is none", f'<Patient {NS}><multipleBirthInteger value="0x1"/></Patient>', "not a number"),
    ("a number with a plus", f'<Patient {NS}><multipleBirthInteger value="+1"/></Patient>', "not a number"),
    (
        "two resources in one place",
        f"<Patient {NS}><contained><Basic/><Basic/></contained></Patient>",
        "holds 2 resources",
    ),
    ("no resource in its place", f"<Patient {NS}><contained/></Patient>", "holds 0 resources"),
    ("a value in a value", f'<Patient {NS}><active value="true"><id value="a"/></active></Patient>', "something else"),
    ("a processing instruction", f"<Patient {NS}><?a b?></Patient>", "processing instruction"),
    ("an id twice", f'<Patient {NS}><name id="a"><id value="b"/></name></Patient>', "is not an element"),
]


@pytest.mark.parametrize(("text", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_fhir_does_not_have_is_refused(text: str, said: str) -> None:
    with pytest.raises(FhirRefused, match=said) as refused:
        read_xml(text.encode())
    assert refused.value.status == 400


HOSTILE = [
    b'<!DOCTYPE Patient [<!ENTITY a SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir"/>',
    '<?xml version="1.0" encoding="UTF-16"?><Patient xmlns="http://hl7.org/fhir"/>'.encode("utf-16"),
    b"<" + b"a" * 20 + b">" * 3,
    b"<Patient xmlns='http://hl7.org/fhir'>"
    + b"<contained><Basic>" * 100
    + b"</Basic></contained>" * 100
    + b"</Patient>",
]


@pytest.mark.parametrize("text", HOSTILE, ids=["a DTD", "UTF-16", "not well formed", "too deep"])
def test_hostile_xml_is_refused_before_it_is_looked_at(text: bytes) -> None:
    with pytest.raises(MalformedMessage) as refused:
        read_xml(text)
    assert str(refused.value.kind).startswith("XML_")


def test_a_mistake_of_ours_is_not_written() -> None:
    with pytest.raises(LookupError, match="zip"):
        write_xml({"resourceType": "Patient", "zip": "1"})
    with pytest.raises(LookupError, match="Zork"):
        write_xml({"resourceType": "Zork"})
