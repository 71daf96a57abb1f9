"""Twins: the same document with one fault, so that one rule of a profile is broken and no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

from lxml import etree

from samples.documents.elements import CDA, XSI
from security import xml

Fault = Callable[[etree._Element], None]
_NS = {"cda": CDA}


def break_rule(document: bytes, rule: str, faults: Mapping[str, Fault]) -> bytes:
    """Put the fault of `rule` into `document`. Raises KeyError: `faults` has no twin for that rule."""
    root = xml.parse(document, xml.DOCUMENT)
    faults[rule](root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def drop(path: str) -> Fault:
    """Remove every element that `path` finds."""

    def fault(root: etree._Element) -> None:
        for found in _find(root, path):
            parent = found.getparent()
            if parent is not None:
                parent.remove(found)

    return fault


def put(path: str, **attributes: str | None) -> Fault:
    """Set attributes of the first element that `path` finds; None removes one; `xsi_type` is xsi:type."""

    def fault(root: etree._Element) -> None:
        found = _find(root, path)[0]
        for key, value in attributes.items():
            name = f"{{{XSI}}}type" if key == "xsi_type" else key
            if value is None:
                del found.attrib[name]
            else:
                found.set(name, value)

    return fault


def say(path: str, text: str) -> Fault:
    """Write another text into the first element that `path` finds."""

    def fault(root: etree._Element) -> None:
        _find(root, path)[0].text = text

    return fault


def add(path: str, tag: str, *children: str, **attributes: str) -> Fault:
    """Append a new element, with empty `children`, to the first element that `path` finds."""

    def fault(root: etree._Element) -> None:
        made = etree.SubElement(_find(root, path)[0], f"{{{CDA}}}{tag}", attrib=attributes)
        for child in children:
            etree.SubElement(made, f"{{{CDA}}}{child}")

    return fault


def double(path: str) -> Fault:
    """Repeat the first element that `path` finds, right after it."""

    def fault(root: etree._Element) -> None:
        found = _find(root, path)[0]
        found.addnext(deepcopy(found))

    return fault


def both(*faults: Fault) -> Fault:
    """Several faults one after the other, for a rule that takes more than one touch to break."""

    def fault(root: etree._Element) -> None:
        for one in faults:
            one(root)

    return fault


def _find(root: etree._Element, path: str) -> list[etree._Element]:
    found = root.xpath(path, namespaces=_NS)
    if not isinstance(found, list) or not found:
        raise LookupError(f"the document has no {path}")
    return [one for one in found if isinstance(one, etree._Element)]
