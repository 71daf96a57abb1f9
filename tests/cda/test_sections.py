from __future__ import annotations

from cda.document import parse_document
from cda.narrative import rows_of
from cda.sections import read_sections
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from security import xml

NARRATIVE = (
    b"<text>Avant <table><caption>Titre</caption><thead><tr><th>Depuis</th></tr></thead><tbody><tr><td>2003</td>"
    b'<td><content ID="a">P\xc3\xa9nicilline</content></td></tr></tbody></table>'
    b"<list><item>un <sup>2</sup></item></list></text>"
)


def sections_of(content: bytes):
    return {one.code: one for outermost in read_sections(parse_document(content)) for one in outermost.all()}


def test_sections_come_in_the_order_of_the_document_with_those_below():
    outermost = read_sections(parse_document(vsm()))

    assert [one.code for one in outermost] == ["46612-8", "30954-2", "18776-5"]
    assert [one.code for one in outermost[0].all()][:3] == ["46612-8", "34117-2", "11450-4"]


def test_a_concern_says_what_its_problem_says():
    entry = sections_of(vsm())["11348-0"].entries[0]

    assert entry.label == "Asthme de l’enfance, résolu"
    assert (entry.code, entry.start, entry.end) == ("J45.9", "1998", "2004")
    assert "1.3.6.1.4.1.19376.1.5.3.1.4.5" in entry.templates
    assert "an1" in entry.anchors


def test_an_allergy_names_its_agent_and_a_habit_its_value():
    sections = sections_of(vsm())

    assert sections["48765-2"].entries[0].details == ("Pénicilline",)
    assert [one.details for one in sections["29762-2"].entries] == [("15 {pack}/a",), ("marche quotidienne",)]
    assert sections["10157-6"].entries[0].details == ("Père",)


def test_a_document_of_level_1_has_no_sections():
    assert read_sections(parse_document(laboratory_report())) == ()


def test_an_entry_without_anything_is_read_all_the_same():
    content = (
        vsm().replace(b'ID="an1"', b'ID="elsewhere"').replace(b'displayName="Asthme, sans pr', b'x="Asthme, sans pr')
    )

    assert sections_of(content)["11348-0"].entries[0].label in ("J45.9", None, "")


def test_lines_of_a_narrative_are_rows_items_and_paragraphs():
    assert rows_of(xml.parse(NARRATIVE)) == ("2003 · Pénicilline", "un 2")


def test_a_narrative_of_bare_text_is_one_line_and_an_empty_one_none():
    assert rows_of(xml.parse(b"<text> Rien <br/> de connu. </text>")) == ("Rien de connu.",)
    assert rows_of(xml.parse(b"<text> </text>")) == ()
