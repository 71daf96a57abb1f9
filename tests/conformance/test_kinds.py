"""What a file holds is told by its first bytes, quickly, whoever wrote them."""

from __future__ import annotations

import pytest

from conformance.kinds import Kind, kind_of
from samples.documents.vsm import vsm
from samples.hl7v2.messages import oru

FHIR = b'xmlns="http://hl7.org/fhir"'
KINDS = {
    "a document": (vsm(), Kind.XML),
    "a message": (oru().bytes, Kind.MESSAGE),
    "a message after a mark": (b"\xef\xbb\xbfMSH|^~\\&|", Kind.MESSAGE),
    "a message in its frame": (b"\x0bMSH|^~\\&|", Kind.MESSAGE),
    "a text that speaks of MSH": (b"MSH is the first segment", None),
    "JSON of FHIR": (b' {"id": "a", "resourceType": "Bundle"}', Kind.RESOURCE),
    "JSON of FHIR after a mark": (b'\xef\xbb\xbf{"resourceType": "Bundle"}', Kind.RESOURCE),
    "other JSON": (b'{"name": "package"}', None),
    "XML of FHIR": (b"<Bundle " + FHIR + b"/>", Kind.RESOURCE),
    "XML of FHIR with a prefix": (b"<f:Bundle a=\"b\" xmlns:f = 'http://hl7.org/fhir'/>", Kind.RESOURCE),
    "XML of FHIR after all that may stand before": (
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- <a> --><?a b?><!DOCTYPE Bundle [<!ENTITY a "b">]><Bundle '
        + FHIR
        + b">",
        Kind.RESOURCE,
    ),
    "XML that names FHIR inside": (b"<a><b " + FHIR + b"/></a>", Kind.XML),
    "XML that binds another prefix": (b'<a xmlns:f="http://hl7.org/fhir"/>', Kind.XML),
    "XML of another namespace": (b'<a xmlns="http://hl7.org/fhir/other"/>', Kind.XML),
    "a medium": (b"PK\x03\x04 ... IHE_XDM/SUBSET01/METADATA.XML", Kind.MEDIUM),
    "an archive of something else": (b"PK\x03\x04 ... word/document.xml", None),
    "nothing": (b"", None),
    "a PDF": (b"%PDF-1.7", None),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_of_the_kind_that_it_seems(name: str) -> None:
    content, kind = KINDS[name]

    assert kind_of(content) is kind


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "content",
    [
        b"<!--a-->" * 50_000 + b"http://hl7.org/fhir",
        b"<?a b?>\n" * 50_000 + b"http://hl7.org/fhir",
        b"<a" + b' b="c"' * 50_000 + b"http://hl7.org/fhir",
        b"<!DOCTYPE a [" + b"]" * 50_000 + b"http://hl7.org/fhir",
        b" " * 400_000 + b"x",
    ],
    ids=["comments", "instructions", "attributes", "a DTD", "blanks"],
)
def test_hostile_bytes_are_looked_at_once(content: bytes) -> None:
    assert kind_of(content) in (Kind.XML, None)
