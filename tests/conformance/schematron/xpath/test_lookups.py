"""Other documents are asked through indexes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from conformance.schematron.documents import Documents, MissingDocument
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath.extensions import extensions, variable
from conformance.schematron.xpath.translation import Untranslatable, translate_test
from security import xml

NAMESPACES = {"svs": "urn:ihe:iti:svs:2008", "skos": "urn:skos"}
CODES = b"""<svs:Set xmlns:svs="urn:ihe:iti:svs:2008" xmlns:skos="urn:skos"><svs:List>
<svs:Concept code="A" codeSystem="1"/><svs:Concept code="B" codeSystem="1"/><svs:Concept code="A" codeSystem="2"/>
<svs:Concept codeSystem="3"/></svs:List>
<skos:notation>A<b/>B</skos:notation><skos:notation>C</skos:notation></svs:Set>"""


class Watched(Documents):
    """Counts how often a document is opened."""

    opened = 0

    def root(self, reference: str) -> etree._Element:
        self.opened += 1
        return super().root(reference)


@pytest.fixture
def documents(tmp_path: Path) -> Watched:
    (tmp_path / "codes.xml").write_bytes(CODES)
    return Watched(tmp_path)


def _ask(documents: Documents, test: str, **values: str | None) -> bool:
    asked = etree.XPath(
        translate_test(test, NAMESPACES),
        namespaces={**NAMESPACES, "ecluse": ECLUSE},
        extensions=extensions(documents),
        smart_strings=False,
    )
    root = xml.parse(b'<r code="A" codeSystem="2"/>', xml.DOCUMENT)
    given = {name: variable([] if one is None else [one]) for name, one in values.items()}
    return bool(asked(root, p="codes.xml", **given))


MEMBER = "document($p)//svs:Concept[@code=$c and @codeSystem=$s]"


@pytest.mark.parametrize(
    ("code", "system", "member"),
    [("A", "1", True), ("A", "2", True), ("B", "2", False), (None, "1", False), ("", "1", False)],
)
@pytest.mark.parametrize(
    "test",
    [
        MEMBER,
        "exists(document($p)//svs:Concept[@code=$c][$s = @codeSystem])",
        "doc(concat('codes', '.xml'))//svs:List[1][svs:Concept[@code=$c and @codeSystem=$s]]",
        "not(not(doc('codes.xml')/svs:Set/svs:List/svs:Concept[$c=@code][@codeSystem=string($s)]))",
    ],
)
def test_a_member_has_both_its_code_and_its_system(documents, test, code, system, member):
    assert _ask(documents, test, c=code, s=system) is member


def test_the_texts_of_an_element_are_keys_apart(documents):
    test = "exists(doc('codes.xml')//skos:notation[text()= string($c)])"

    assert [_ask(documents, test, c=one) for one in ("A", "B", "AB", "C")] == [True, True, False, True]


def test_values_of_a_path_are_a_set(documents):
    assert _ask(documents, "@code = doc('codes.xml')//svs:Concept/@code")
    assert _ask(documents, "concat(@code, @codeSystem) = doc('codes.xml')//svs:Concept/concat(@code, @codeSystem)")
    assert not _ask(documents, "@code = doc('codes.xml')//svs:Concept[2]/@code")


def test_a_document_is_walked_once_for_a_question(documents):
    asked = etree.XPath(
        translate_test(MEMBER, NAMESPACES), namespaces={"ecluse": ECLUSE}, extensions=extensions(documents)
    )
    root = xml.parse(b"<r/>", xml.DOCUMENT)

    answers = [asked(root, p="codes.xml", c=one, s="1") for one in "ABCDEFGH"]

    assert answers == [True, True] + [False] * 6
    assert documents.opened == 1


def test_a_document_that_is_not_there_leaves_the_question_open(documents):
    with pytest.raises(MissingDocument):
        _ask(documents, "doc('nothing.xml')//svs:Concept[@code=$c]", c="A")
    assert not _ask(documents, "doc-available('nothing.xml')")
    assert _ask(documents, "doc-available('codes.xml')")


@pytest.mark.parametrize(
    "test",
    [
        "doc('codes.xml')",
        "doc('codes.xml')//svs:Concept[@code != $c]",
        "doc('codes.xml')//svs:Concept[@code = $c or @codeSystem = $s]",
        "doc('codes.xml')//svs:Concept[@code = $c][1]",
        "count(doc('codes.xml')//svs:Concept[@code = $c])",
        "doc(@href)//svs:Concept",
    ],
)
def test_a_question_that_is_no_lookup_is_refused(test):
    with pytest.raises(Untranslatable):
        translate_test(test, NAMESPACES)
