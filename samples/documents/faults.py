"""Twins: the same document with one fault, so that one rule of a profile is broken and no other."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from security import xml

Fault = Callable[[etree._Element], None]

FAULTS: dict[str, Fault] = {}


def break_rule(document: bytes, rule: str) -> bytes:
    """Put the fault of `rule` into `document`. Raises KeyError: no twin is known for that rule."""
    root = xml.parse(document, xml.DOCUMENT)
    FAULTS[rule](root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
