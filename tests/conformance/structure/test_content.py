"""Children against a content model: each fault is told once, by what it is."""

from __future__ import annotations

import pytest
from lxml import etree

from conformance.structure.children import Children
from conformance.structure.content import build
from conformance.structure.faults import Proposals
from conformance.structure.model import Type
from profiles.cda_structure.particles import read_content
from profiles.cda_structure.tables import NAMESPACES

CDA = NAMESPACES["hl7"]

# content model, children -> (rule, child that is pointed at or None for the parent, what is expected)
CASES = {
    ("a, b?, c*", "a b c c"): [],
    ("a, b?, c*", "a"): [],
    ("a, b?, c*", "a c c"): [],
    ("a, b, c", "b a c"): [("ORDER", "b", "after a")],
    ("a, b, c", "a c b"): [("ORDER", "c", "after b")],
    ("a, b, c, d", "b c d a"): [("ORDER", "a", "before b")],
    ("a?, b?, c", "c a b"): [("ORDER", "c", "after a")],
    ("a?, b?, c?", "b a c"): [("ORDER", "b", "after a")],
    ("a?, b?, c?, d?", "b c d a"): [("ORDER", "a", "before b")],
    ("a, b, c", "a c"): [("MISSING", None, "b")],
    ("a, b, c", "c"): [("MISSING", None, "a, b")],
    ("a, b, c", "a b"): [("MISSING", None, "c")],
    ("a, b, c", ""): [("MISSING", None, "a, b, c")],
    ("a, b?", "a a b"): [("REPEATED", "a", "1")],
    ("a*, b", "a b a"): [("ORDER", "b", "after a")],
    ("a, (b | c)", "a"): [("MISSING", None, "b | c")],
    ("a, (b | c)", "a b c"): [("CHOICE", "c", "b")],
    ("a, (b | c)", "a b b"): [("REPEATED", "b", "1")],
    ("(a, (b? | c?)) | c | (d, b?)", "a b"): [],
    ("(a, (b? | c?)) | c | (d, b?)", "a d"): [("CHOICE", "d", "a")],
    ("(a | b)*, c?", "a b a c a"): [("ORDER", "c", "after a")],
    ("(a | b)*, c?, d?", "a b c d a"): [("ORDER", "a", "before c")],
    ("a{2,}", "a"): [("MISSING", None, "a")],
    ("a{2,}", "a a a"): [],
    ("a, b", "a x b"): [("UNKNOWN", "x", "b")],
    ("a, b", "x y a b"): [("UNKNOWN", "x", "a"), ("UNKNOWN", "y", "a")],
    ("a, b, c, d", "a x c d d"): [("UNKNOWN", "x", "b"), ("MISSING", None, "b"), ("REPEATED", "d", "1")],
    ("a, b, c, d", "b a d c"): [("ORDER", "b", "after a"), ("ORDER", "d", "after c")],
    ("a?, OTHER?", "a {urn:x}z"): [],
    ("a?, OTHER?", "{urn:x}z {urn:x}z"): [("UNKNOWN", "z", None)],
    ("a?, OTHER?", "{}z"): [("UNKNOWN", "z", "a")],
    ("a, b", "a {urn:x}b"): [("NAMESPACE", "b", CDA)],
    ("a, b", "a {}b"): [("NAMESPACE", "b", CDA)],
    ("low, b", "Low b"): [("UNKNOWN", "Low", "low")],
    ("lowest, b", "x b"): [("UNKNOWN", "x", "lowest"), ("MISSING", None, "lowest")],
}


def full(name: str) -> str:
    return name.removeprefix("{}") if name.startswith("{") else f"{{{CDA}}}{name}"


@pytest.mark.parametrize(("content", "names"), CASES, ids=lambda text: text or "nothing")
def test_each_child_out_of_place_is_told_once(content: str, names: str) -> None:
    parent = etree.Element(full("parent"))
    for name in names.split():
        etree.SubElement(parent, full(name))
    model = build(read_content(content), full)
    kind = Type(("hl7", "Parent"), False, False, False, {}, (), {}, model, ())
    faults = [
        (
            fault.rule.removeprefix("CDA-").removeprefix("ELEMENT-"),
            None if fault.element is parent else etree.QName(fault.element).localname,
            fault.expected,
        )
        for fault in Children(parent, kind, list(parent), Proposals()).faults()
    ]
    assert faults == CASES[content, names]
