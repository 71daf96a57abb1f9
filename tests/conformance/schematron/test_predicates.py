from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from conformance.schematron.predicates import plain
from security import xml

NAMESPACES = {"a": "urn:a", "b": "urn:b"}
PLAIN = [
    "[@x]",
    "[not(@x)]",
    "[@x='1']",
    '[@x = "1"]',
    "[not(@x='1')]",
    "[a:c]",
    "[not(b:c)]",
    "[@x][not(@y)][a:c]",
    "[@x='']",
]
MORE = [
    "[1]",
    "[a:c/a:d]",
    "[@a:x]",
    "[@x or @y]",
    "[a:c][2]",
    "[unknown:c]",
    "[.='x']",
    "[not(a:c) and @x]",
    "[@x='1\"]",
]
DOCUMENTS = st.builds(
    lambda x, y, children: (
        f'<a:e xmlns:a="urn:a" xmlns:b="urn:b"{x}{y}>' + "".join(f"<{one}/>" for one in children) + "</a:e>"
    ),
    st.sampled_from(["", ' x=""', ' x="1"', ' x="2"']),
    st.sampled_from(["", ' y="1"']),
    st.lists(st.sampled_from(["a:c", "b:c", "a:d"]), max_size=3),
)


@given(DOCUMENTS, st.sampled_from(PLAIN))
def test_to_look_is_to_ask(document, predicates):
    element = xml.parse(document.encode())
    looks = plain(predicates, NAMESPACES)

    asked = etree.XPath(f"boolean(self::node(){predicates})", namespaces=NAMESPACES)(element)

    assert looks is not None
    assert all(look(element) for look in looks) is asked


@pytest.mark.parametrize("predicates", MORE)
def test_what_asks_more_is_left_to_libxml2(predicates):
    assert plain(predicates, NAMESPACES) is None
