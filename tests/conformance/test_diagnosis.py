"""A file that is no CDA document is told what it is, where it breaks, and what its sender can do."""

from __future__ import annotations

import pytest

from cda.document import UnreadableDocument, parse_document
from conformance.diagnosis import diagnose

CDA = b'<ClinicalDocument xmlns="urn:hl7-org:v3">\n  <title>x</title>\n</ClinicalDocument>'
CASES = {
    "nothing": (b"", "file is empty", "Export", (0, 0)),
    "white space": (b"\xef\xbb\xbf \n", "file is empty", "Export", (0, 0)),
    "a PDF": (b"%PDF-1.7\n\x00\x01", "is a PDF", "level 1", (0, 0)),
    "a ZIP": (b"PK\x03\x04\x00\x00\x00", "a ZIP archive", "ecluse xdm", (0, 0)),
    "HL7 v2": (b"MSH|^~\\&|", "HL7 v2", "OBX", (0, 0)),
    "a batch": (b"FHS|^~\\&|", "a batch of HL7 v2", "one by one", (0, 0)),
    "FHIR": (b'{"resourceType": "Bundle"}', "is JSON", "CDA document", (0, 0)),
    "RTF": (b"{\\rtf1}", "an RTF", "CDA document", (0, 0)),
    "a text": (b"Bonjour", "not XML", "CDA document", (1, 1)),
    "UTF-16": (CDA.decode().encode("utf-16"), "UTF-16", "iconv", (0, 0)),
    "UTF-16 without a mark": (CDA.decode().encode("utf-16-be"), "UTF-16", "iconv", (0, 0)),
    "UTF-8 said to be latin-1": (
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode(),
        "says that it is in ISO-8859-1",
        "UTF-8 already",
        (1, 31),
    ),
    "latin-1": (
        '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"),
        "says that it is in ISO-8859-1",
        "iconv -f ISO-8859-1",
        (1, 31),
    ),
    "latin-1 said to be UTF-8": (b"<a>\n  caf\xe9</a>", "0xE9 is not UTF-8", "latin-1", (2, 6)),
    "a DTD": (b"<?xml version='1.0'?>\n<!DOCTYPE a>\n<a/>", "has a DTD", "DOCTYPE", (2, 1)),
    "XML 1.1": (b"<?xml version='1.1'?><a/>", "XML version is not 1.0", "XML 1.0", (0, 0)),
    "a bare ampersand": (b"<a>\n<b>R&D</b>\n</a>", "not well-formed", "not escaped", (2, 7)),
    "tags that do not match": (b"<a>\n<b></a>", "not well-formed", "does not match", (2, 8)),
    "a cut document": (CDA[:-8], "XML is cut", "again", (3, 12)),
    "a document cut between tags": (CDA[:-20], "XML is cut", "again", (2, 19)),
    "great depth": (b"<a>" * 100_000, "exceeds", "64 levels", (1, 771)),
    "a late declaration": (b"\n\n <?xml version='1.0'?><a/>", "not at the very start", "before it", (3, 2)),
    "a form feed": (b"<a>\n<b>x\x0cy</b></a>", "U+000C is forbidden", "control character", (2, 5)),
    "a control character by its number": (b"<a>\n<b>x&#xB;y</b></a>", "U+000B is forbidden", "copy and paste", (2, 5)),
    "a tab by its number and a bare ampersand": (b"<a>&#9;R&D</a>", "not well-formed.", "not escaped", (1, 11)),
    "another document": (b'<a xmlns="urn:x"/>', "no CDA document", "ClinicalDocument", (1, 1)),
    "another document behind a comment": (
        b"<?xml version='1.0'?>\n<!-- <b> -->\n<a/>",
        "its root is not",
        "root",
        (3, 1),
    ),
    "a CDA document of no namespace": (
        b"<?xml version='1.0'?>\n<ClinicalDocument/>",
        "not in the namespace",
        "xmlns",
        (2, 1),
    ),
    "a CDA document of another one": (b'<c:ClinicalDocument xmlns:c="urn:hl7-org:v4"/>', "namespace", "letter", (1, 1)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_person_learns_what_is_wrong_where_and_what_to_do(name):
    content, message, hint, place = CASES[name]

    with pytest.raises(UnreadableDocument) as refused:
        parse_document(content)
    report = diagnose(content, refused.value)

    (finding,) = report.findings
    assert report.profile is None
    assert not report.valid
    assert message in finding.message_en
    assert hint in finding.hint_en
    assert (finding.line, finding.column) == place
    assert finding.message != finding.message_en
    assert finding.hint
    assert finding.found == str(refused.value)
