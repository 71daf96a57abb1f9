"""The PDF that a document carries for its reader: its body, or the copy of a structured one; never an annex."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from cda.document import parse_document
from cda.rendering.embedded import embedded_pdf, is_unstructured
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm

PDF = b"%PDF-1.7 and so on"
ORGANIZER = (
    '<component xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><section><entry>'
    '<organizer classCode="CLUSTER" moodCode="EVN"><component><observation classCode="OBS" moodCode="EVN">'
    '<value xsi:type="CD" code="{code}"/></observation></component><component>'
    '<observationMedia classCode="OBS" moodCode="EVN"><value mediaType="{kind}" representation="B64">{data}</value>'
    "</observationMedia></component></organizer></entry></section></component></ClinicalDocument>"
)


def with_attachment(code: str = "55108-5", kind: str = "application/pdf", content: bytes = PDF) -> bytes:
    text = vsm().decode()
    data = b64encode(content).decode()
    return text.replace("</ClinicalDocument>", ORGANIZER.format(code=code, kind=kind, data=data)).encode()


def test_the_body_of_a_document_of_level_1_is_what_is_read() -> None:
    document = parse_document(laboratory_report())
    assert is_unstructured(document)
    content = embedded_pdf(document)
    assert content is not None
    assert content.startswith(b"%PDF-")


def test_the_copy_of_a_structured_document_is_what_is_read() -> None:
    document = parse_document(with_attachment())
    assert not is_unstructured(document)
    assert embedded_pdf(document) == PDF


@pytest.mark.parametrize(
    "content",
    [
        vsm(),
        with_attachment(code="11502-2"),
        with_attachment(kind="image/png"),
        with_attachment(content=b"<html>"),
        with_attachment().replace(b64encode(PDF), b"not base64!"),
    ],
    ids=["none", "an annex", "an image", "not a PDF", "not base64"],
)
def test_nothing_else_is(content: bytes) -> None:
    assert embedded_pdf(parse_document(content)) is None


def test_published_reports_of_biology_carry_their_copy() -> None:
    published = Path(__file__).parents[3].parent / "shared" / "samples-fr" / "BIO-CR-BIO_2024.01_TSH_1.xml"
    if not published.is_file():
        pytest.skip("the published examples are not here")
    content = embedded_pdf(parse_document(published.read_bytes()))
    assert content is not None
