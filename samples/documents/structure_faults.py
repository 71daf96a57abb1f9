"""One fault for each rule of structure, in a full medical summary (HL7 CDA R2, schema)."""

from __future__ import annotations

from lxml import etree

from samples.documents.elements import CDA, XSI
from samples.documents.faults import Fault, add, double, drop, put, say
from samples.documents.twins import twins_of
from samples.documents.vsm import vsm

PROFILE = "vsm-2023.01"

_SECTION = "(//cda:section)[1]"
_TITLE = f"{_SECTION}/cda:title"
_PLAIN_TABLE = "//cda:section[cda:code/@code='10161-8']/cda:text/cda:table"
_PLAIN_LIST = "//cda:section[cda:code/@code='30954-2']/cda:text/cda:list"
_LAST_CELL = f"{_PLAIN_TABLE}/cda:tbody/cda:tr/cda:td"


def _first(root: etree._Element, path: str) -> etree._Element:
    found = root.xpath(path, namespaces={"cda": CDA})
    if not isinstance(found, list) or not found or not isinstance(found[0], etree._Element):
        raise LookupError(f"the document has no {path}")
    return found[0]


def _behind(path: str, other: str) -> Fault:
    """Move the first element that `path` finds right behind the first that `other` finds."""

    def fault(root: etree._Element) -> None:
        _first(root, other).addnext(_first(root, path))

    return fault


def _columns_twice(root: etree._Element) -> None:
    """Say the columns of a table in both ways that exclude each other."""
    table = _first(root, _PLAIN_TABLE)
    table.insert(0, table.makeelement(f"{{{CDA}}}colgroup"))
    table.insert(0, table.makeelement(f"{{{CDA}}}col"))


def _outside(path: str) -> Fault:
    """Take the first element that `path` finds out of the namespace of CDA."""

    def fault(root: etree._Element) -> None:
        _first(root, path).tag = "{urn:example:other}item"

    return fault


def _untyped_criterion(root: etree._Element) -> None:
    """Add a precondition whose value does not tell its type."""
    treatment = _first(root, "(//cda:substanceAdministration)[last()]")
    precondition = etree.SubElement(treatment, f"{{{CDA}}}precondition")
    criterion = etree.SubElement(precondition, f"{{{CDA}}}criterion")
    etree.SubElement(criterion, f"{{{CDA}}}value")


def _not_nil(root: etree._Element) -> None:
    _first(root, _TITLE).set(f"{{{XSI}}}nil", "false")


def _same_id(root: etree._Element) -> None:
    anchors = root.iterfind(f".//{{{CDA}}}content[@ID]")
    etree.SubElement(_first(root, _LAST_CELL), f"{{{CDA}}}content").set("ID", str(next(anchors).get("ID")))


STRUCTURE_FAULTS: dict[str, Fault] = {
    "CDA-ELEMENT-UNKNOWN": add(_SECTION, "comment"),
    "CDA-ELEMENT-ORDER": _behind(f"{_SECTION}/cda:code", _TITLE),
    "CDA-ELEMENT-MISSING": drop(f"{_PLAIN_TABLE}/cda:tbody"),
    "CDA-ELEMENT-REPEATED": double(_TITLE),
    "CDA-ELEMENT-CHOICE": _columns_twice,
    "CDA-NAMESPACE": _outside(f"{_PLAIN_LIST}/cda:item[last()]"),
    "CDA-ATTRIBUTE-UNKNOWN": put(_TITLE, colour="red"),
    "CDA-ATTRIBUTE-MISSING": add(_LAST_CELL, "renderMultiMedia"),
    "CDA-VALUE-FORM": put(_PLAIN_LIST, language="fr FR"),
    "CDA-VALUE-ENUMERATION": put(_PLAIN_LIST, listType="numbered"),
    "CDA-FIXED": put("(//cda:entry)[1]", contextConductionInd="false"),
    "CDA-URI": put(f"{_SECTION}//cda:entry//cda:originalText/cda:reference", value="#pb1#"),
    "CDA-ID-DUPLICATE": _same_id,
    "CDA-ID-REFERENCE": add(_LAST_CELL, "footnoteRef", IDREF="nowhere"),
    "CDA-TYPE-UNKNOWN": put(_TITLE, xsi_type="TEXT"),
    "CDA-TYPE-MISPLACED": put(_TITLE, xsi_type="CD"),
    "CDA-TYPE-MISSING": _untyped_criterion,
    "CDA-TEXT-MISPLACED": say("(//cda:section/cda:component)[1]", "Pathologies"),
    "CDA-NIL": _not_nil,
}

STRUCTURE_TWINS = twins_of(PROFILE, vsm, STRUCTURE_FAULTS)
