from __future__ import annotations

import base64

import pytest

from conformance.schematron.contents import carries
from conformance.validate import HEADER, LEVEL_1, validate
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.level1_twins import LEVEL1_TWINS
from samples.documents.pdf import one_page


@pytest.mark.parametrize(
    "content",
    [laboratory_report(), discharge_letter(), discharge_letter(media_type="text/plain")],
    ids=["report", "letter", "text"],
)
def test_a_good_document_of_level_1_breaks_no_rule(content):
    report = validate(content)

    assert report.profile == LEVEL_1
    assert report.findings == ()


@pytest.mark.parametrize("name", ["DOC_NON_STRUCTURE_CDA-R2-N1.xml", "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1.xml"])
def test_the_official_examples_of_level_1_are_valid_though_their_pdf_is_no_pdf_a(official, name):
    report = validate(official(name))

    assert report.valid
    assert [one.rule for one in report.findings] == ["N1-PDFA"]


@pytest.mark.parametrize("profile", [LEVEL_1, HEADER])
@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        (b'codeSystem="2.16.840.1.113883.5.1"', b'codeSystem="2.16.840.1.113883.5.2"', "VAL-GENDER-JDV"),
        (b'codeSystem="1.2.250.1.213.1.1.4.5"', b'codeSystem="1.2.250.1.213.1.1.4.6"', "VAL-SPECIALTY-JDV"),
    ],
)
def test_codes_that_every_document_has_are_compared_with_their_code_system(profile, right, wrong, rule):
    content = discharge_letter()

    assert right in content
    assert [one.rule for one in validate(content.replace(right, wrong, 1), profile).errors] == [rule]


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("what", "text", "answer"),
    [
        ("base64", "", False),
        ("base64", "QUJD", True),
        ("base64", " QU\n JD ", True),
        ("base64", "QUI=", True),
        ("base64", "QUI", False),
        ("base64", "QU=I", False),
        ("base64", "QUJD====", False),
        ("base64", "QU-D", False),
        ("pdf", _encoded(b"%PDF-1.4\n"), True),
        ("pdf", _encoded(b" %PDF-1.4\n"), False),
        ("pdf", "", False),
        ("pdf", "§", False),
        ("pdfa", _encoded(one_page("Titre", ())), True),
        ("pdfa", _encoded(b"%PDF-1.7\n"), False),
        ("pdfa", _encoded(b"%PDF-1.7\n<rdf:Description pdfaid:part='2'/>"), True),
        ("pdfa-1", _encoded(b"%PDF-1.7\n<rdf:Description pdfaid:part='2'/>"), False),
        ("pdfa-1", _encoded(b'%PDF-1.7\n<rdf:Description pdfaid:part = "1"/>'), True),
        ("pdfa-1", _encoded(b"x" * (3 * (1 << 18) - 10) + b"<pdfaid:part>1</pdfaid:part>"), True),
        ("utf-8", _encoded("été".encode()), True),
        ("utf-8", _encoded("été".encode("latin-1")), False),
        ("utf-8", _encoded("é".encode()[:1]), False),
        ("utf-8", _encoded(b"a\x00b"), False),
        ("utf-8", _encoded(b"x" * (3 * (1 << 18) - 1) + "é".encode()), True),
    ],
)
def test_what_a_base_64_text_carries(what, text, answer):
    assert carries(None, what, text) is answer


def test_fifty_megabytes_are_asked_piece_after_piece():
    text = _encoded(b"%PDF-1.7\n" + b"\xa7" * 37_500_000)

    assert carries(None, "base64", text)
    assert carries(None, "pdf", text)
    assert not carries(None, "pdfa", text)
    assert not carries(None, "utf-8", text)


@pytest.mark.parametrize(
    ("rule", "found", "expected"),
    [("N1-BASE64", "12121 = 4n + 1", "4n, A-Z a-z 0-9 + / ="), ("N1-PDF", "UEsD…", "JVBERi0… (%PDF-)")],
)
def test_what_is_wrong_with_the_content_is_told_without_the_content(rule: str, found: str, expected: str) -> None:
    twin = next(one for one in LEVEL1_TWINS if one.rule == rule)
    (finding,) = [one for one in validate(twin.content(), twin.profile).findings if one.rule == rule]
    assert (finding.found, finding.expected) == (found, expected)
