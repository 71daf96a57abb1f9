"""Contexts of rules as XSLT patterns: both ways to find their nodes find the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.schematron.documents import Documents
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath.extensions import extensions
from conformance.schematron.xpath.patterns import read_pattern
from conformance.schematron.xpath.syntax import Untranslatable
from security import xml

NAMESPACES = {"c": "urn:hl7-org:v3", "p": "urn:ihe:pharm"}
CDA = "{urn:hl7-org:v3}"
PATTERNS = (
    "c:a",
    "//c:a",
    "*",
    "c:*",
    "*:b",
    "c:a/c:b",
    "c:a//c:b",
    "//c:a/*//c:b/p:b",
    "/c:doc/c:a",
    "/c:doc//c:b",
    "/*",
    "c:a[@code]",
    'c:a[ @code = "A" and not(c:b) ]/c:b',
    "c:a[c:templateId/@root='1.2']",
    "*[c:templateId[@root='1.2']]/c:b[@code]",
    "c:a[c:b/c:b]//*[not(@code)]",
    "c:a | c:b | p:b[@code='A']",
    "c:a[../c:b]/c:b[ancestor::c:a[@code]]",
    "c:b[@code=('A','B')]",
    "*[empty(@code) or matches(@code,'^[AB]$')]",
    "c:a[count(c:b)=1]",
    "c:a[exists(* except c:b)]",
)
_LEAF = st.builds(
    lambda tag, code, root: f"<{tag}{code}{root}/>",
    st.sampled_from(("a", "b", "p:b", "templateId")),
    st.sampled_from(("", ' code="A"', ' code="B"', ' code="C"')),
    st.sampled_from(("", ' root="1.2"', ' root="1.3"')),
)
_TREE = st.recursive(
    _LEAF,
    lambda below: st.builds(
        lambda tag, code, inside: f"<{tag}{code}>{''.join(inside)}</{tag}>",
        st.sampled_from(("a", "b", "p:b")),
        st.sampled_from(("", ' code="A"', ' code="B"')),
        st.lists(below, max_size=4),
    ),
    max_leaves=20,
)


def _asks(text):
    return etree.XPath(text, namespaces={**NAMESPACES, "ecluse": ECLUSE}, extensions=FUNCTIONS, smart_strings=True)


FUNCTIONS = extensions(Documents(Path(__file__).parent))
ALTERNATIVES = [one for pattern in PATTERNS for one in read_pattern(pattern, NAMESPACES)]
ASKED = [(one, _asks(one.asked), _asks(one.whole)) for one in ALTERNATIVES]


@settings(max_examples=80, deadline=None)
@given(inside=st.lists(_TREE, min_size=1, max_size=4))
def test_asking_every_element_finds_what_asking_the_document_finds(inside):
    content = f'<doc xmlns="urn:hl7-org:v3" xmlns:p="urn:ihe:pharm">{"".join(inside)}</doc>'
    root = xml.parse(content.encode(), xml.DOCUMENT)
    elements = list(root.iter("*"))

    for alternative, asked, whole in ASKED:
        by_element = [one for one in elements if asked(one)]
        assert by_element == whole(root), alternative
        assert all(_has_what_is_promised(one, alternative) for one in by_element), alternative
        if alternative.exact:
            assert by_element == [one for one in elements if _has_what_is_promised(one, alternative)], alternative


def _has_what_is_promised(element, alternative):
    parent = element.getparent()
    templates = [one.get("root") for one in element.findall(f"{CDA}templateId")]
    return (
        (alternative.tag is None or element.tag == alternative.tag)
        and (alternative.parent_tag is None or (parent is not None and parent.tag == alternative.parent_tag))
        and (alternative.template is None or alternative.template in templates)
    )


@pytest.mark.parametrize(
    ("pattern", "template", "exact"),
    [
        ("c:a[c:templateId/@root='1.2']", "1.2", True),
        ('//c:a[ c:templateId / @root = "1.2" ]', "1.2", True),
        ("c:a[c:templateId[@root='1.2']]", "1.2", True),
        ("*[./c:templateId/@root = '1.2']", "1.2", True),
        ("c:a['1.2' = c:templateId/@root]", "1.2", True),
        ("c:a[c:templateId[@root='1.2' and @extension='2021']]", "1.2", False),
        ("c:a[@code and c:templateId/@root='1.2']", "1.2", False),
        ("c:b/c:a[c:templateId/@root='1.2']", "1.2", False),
        ("c:a[c:templateId/@root='1.2' or @code]", None, False),
        ("c:a[not(c:templateId/@root='1.2')]", None, False),
        ("c:a[c:templateId/@root!='1.2']", None, False),
        ("c:a[p:templateId/@root='1.2']", None, False),
        ("c:a[c:templateId/@root='1.2'][1]", None, False),
    ],
)
def test_a_template_that_is_asked_is_known(pattern, template, exact):
    (found,) = read_pattern(pattern, NAMESPACES)

    assert (found.template, found.exact) == (template, exact)


@pytest.mark.parametrize("pattern", ["c:a[1]", "c:a[last()]/c:b", "c:a[position() < 2]", "c:a[count(c:b)]", "c:b[$n]"])
def test_a_position_is_asked_of_the_whole_document(pattern):
    (found,) = read_pattern(pattern, NAMESPACES)

    assert (found.asked, found.exact) == ("", False)
    assert found.whole.startswith("//c:")


@pytest.mark.parametrize(
    ("pattern", "kind", "asked", "whole"),
    [
        ("/", "document", "", "/"),
        ("c:a/@code", "attribute", "self::c:a/@code", "//c:a/@code"),
        ("@*", "attribute", "@*", "//@*"),
        (
            "c:a//@code[. = 'A']",
            "attribute",
            "self::node()[ancestor-or-self::c:a]/@code[. = 'A']",
            "//c:a//@code[. = 'A']",
        ),
        ("c:a/text()", "text", "self::c:a/text()", "//c:a/text()"),
        ("comment()", "comment", "comment()", "//comment()"),
    ],
)
def test_what_is_no_element_is_asked_of_its_parent(pattern, kind, asked, whole):
    (found,) = read_pattern(pattern, NAMESPACES)

    assert (found.kind, found.asked, found.whole) == (kind, asked, whole)


@pytest.mark.parametrize(
    "pattern", ["a/..", "c:a/following-sibling::c:b", "count(c:a)", "unknown:a", "c:a[", "c:a/c:b[foo()]"]
)
def test_what_is_no_pattern_is_refused(pattern):
    with pytest.raises(Untranslatable):
        read_pattern(pattern, NAMESPACES)
