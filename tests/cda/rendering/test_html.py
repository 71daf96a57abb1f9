from __future__ import annotations

import pytest

from cda.document import parse_document
from cda.rendering.html import render, titles
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm

HOSTILE = (
    b'<content><linkHtml href="javascript:alert(1)">lien</linkHtml><renderMultiMedia referencedObject="x"/>'
    b'<paragraph styleCode="x" onclick="alert(1)">&lt;script&gt;alert(1)&lt;/script&gt;</paragraph></content>'
)


def test_every_section_is_there_with_its_title_and_narrative():
    page = render(parse_document(vsm()))

    for words in ("Traitement au long cours", "Asthme de l’enfance, résolu", "INR cible entre 2 et 3", "<td>", "<li>"):
        assert words in page


def test_nothing_of_a_document_becomes_markup_that_acts():
    content = vsm().replace(b"<text>", b"<text>" + HOSTILE, 1)

    page = render(parse_document(content))

    assert "&lt;script&gt;" in page
    for danger in ("<script", "javascript:", "onclick", "href", "styleCode", "<img"):
        assert danger not in page


@pytest.mark.parametrize(
    ("time", "shown"), [("20240611093000+0200", "11/06/2024"), ("20240611", "11/06/2024"), ("202406", "202406")]
)
def test_days_are_written_as_a_person_writes_them(time, shown):
    born = b'birthTime value="19580714"'
    assert born in vsm()
    page = render(parse_document(vsm().replace(born, f'birthTime value="{time}"'.encode())))
    assert f" {shown}</p>" in page


def test_titles_follow_the_ranks_of_the_page():
    document = parse_document(vsm())

    assert render(document).count('id="end-') == len(titles(document))


@pytest.mark.parametrize("content", [laboratory_report()], ids=["level 1"])
def test_a_document_without_sections_still_has_a_head(content):
    assert "<h1>" in render(parse_document(content))
