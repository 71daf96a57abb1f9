from __future__ import annotations

import pytest

from cda.document import UnreadableDocument, parse_document
from samples.documents.vsm import vsm


def test_a_document_is_parsed_from_its_bytes():
    content = vsm()

    document = parse_document(content)

    assert document.content is content
    assert not document.is_wrapped


@pytest.mark.parametrize(
    "wrapper",
    [
        b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">%s</xsl:stylesheet>',
        b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><Object>%s</Object></Signature>',
    ],
)
def test_a_document_is_found_inside_a_style_sheet_or_a_signature(wrapper):
    inside = vsm().split(b"?>", 1)[1]

    document = parse_document(wrapper % inside)

    assert document.is_wrapped
    assert document.root.tag == "{urn:hl7-org:v3}ClinicalDocument"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "'<'"),
        (b"<a>", "well-formed"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "DTD"),
        (b"<ClinicalDocument/>", "no namespace"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"><ClinicalDocument xmlns="urn:hl7-org:v3"/></html>', "html"),
        (
            b'<s:stylesheet xmlns:s="http://www.w3.org/1999/XSL/Transform"><ClinicalDocument xmlns="urn:hl7-org:v3"/>'
            b'<ClinicalDocument xmlns="urn:hl7-org:v3"/></s:stylesheet>',
            "2 ClinicalDocument",
        ),
    ],
)
def test_what_is_no_cda_document_is_refused_with_its_reason(content, reason):
    with pytest.raises(UnreadableDocument, match=reason):
        parse_document(content)
