from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random

import pytest
from lxml import etree

CDA = "urn:hl7-org:v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TAGS = [
    *(f"{{{CDA}}}{name}" for name in ("id", "code", "value", "text", "title", "effectiveTime", "templateId", "low")),
    *(f"{{{CDA}}}{name}" for name in ("translation", "name", "time", "act", "participant", "content", "nonsense")),
    *(f"{{{CDA}}}{name}" for name in ("section", "component", "entryRelationship", "reference", "statusCode", "tr")),
    "{urn:hl7-org:sdtc}birthTime",
    "{urn:hl7-org:sdtc}id",
    "{urn:ihe:pharm:medication}id",
    "{urn:example:other}x",
]
ATTRIBUTES = [
    *(
        "root",
        "extension",
        "code",
        "codeSystem",
        "value",
        "classCode",
        "moodCode",
        "typeCode",
        "nullFlavor",
        "ID",
        "use",
    ),
    *(
        "unit",
        "mediaType",
        "colour",
        "inversionInd",
        "negationInd",
        "operator",
        "styleCode",
        "representation",
        "border",
    ),
    f"{{{XSI}}}nil",
    f"{{{XSI}}}schemaLocation",
    "{urn:hl7-org:sdtc}valueSet",
    "{http://www.w3.org/XML/1998/namespace}lang",
]
VALUES = [
    *("", "x", "1", "-1", "12.5", "true", "1.2.3", "1.02", "01", "20240101", "202401011200+0100", "2024010112+", "a b"),
    *("99999999999", "#a", "a#b#c", "http://x y/", "%zz", ":x", "UNK", "ASSIGNED", "EVN", "COMP", "1a", " a", " UNK "),
    *("é", "INF", ".5", ".", "urn:oid:1.2", "text/plain", "B64", "HP WP", "L"),
]
TYPES = [
    *("CD", "CE", "CV", "CS", "PQ", "IVL_TS", "IVL_PQ", "PIVL_TS", "EIVL_TS", "SXCM_TS", "ST", "ED", "INT", "REAL"),
    *(
        "BL",
        "TS",
        "TEL",
        "AD",
        "PN",
        "ON",
        "II",
        "RTO",
        "RTO_PQ_PQ",
        "ANY",
        "QTY",
        "SC",
        "MO",
        "hl7:CD",
        "no:CD",
        "Bad",
    ),
]


@pytest.fixture(scope="session")
def spoil() -> Callable[[etree._Element, Random], bytes]:
    """Breaks a copy of a document once to four times, at random; the bytes of what comes out."""

    def spoiled(root: etree._Element, random: Random) -> bytes:
        copy = deepcopy(root)
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            elements = list(copy.iter("*"))
            random.choice(WAYS)(random.choice(elements[1:]), elements, random)
        return etree.tostring(copy)

    return spoiled


@pytest.fixture(scope="session")
def official_schema(tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    """The XSD of the official test package, run by libxml2.

    Members that may come zero times are taken out of a copy: libxml2 lets some of them come, Xerces none.
    """
    place = os.environ.get("ECLUSE_PACK")
    if not place:
        pytest.skip("ECLUSE_PACK names no official package")
    copy = tmp_path_factory.mktemp("official") / "cda"
    shutil.copytree(Path(place) / "infrastructure" / "cda", copy)
    for path in copy.rglob("*.xsd"):
        text = path.read_text(encoding="utf-8", errors="replace")
        path.write_text(re.sub(r'<xs:element [^>]*maxOccurs="0"[^>]*/>', "", text), encoding="utf-8")
    return etree.XMLSchema(file=str(copy / "CDA_extended.xsd"))


@pytest.fixture(scope="session")
def official_examples() -> dict[str, etree._Element]:
    """The ClinicalDocument of every example of the official test package, by file name."""
    place = os.environ.get("ECLUSE_PACK")
    if not place:
        pytest.skip("ECLUSE_PACK names no official package")
    found = {}
    for path in sorted((Path(place) / "ExemplesCDA").glob("*.xml")):
        document = next(etree.parse(path).iter(f"{{{CDA}}}ClinicalDocument"), None)
        if document is not None:
            found[path.name] = etree.fromstring(etree.tostring(document, with_tail=False))
    return found


Way = Callable[[etree._Element, list[etree._Element], Random], None]


def _drop(element: etree._Element, _: list[etree._Element], __: Random) -> None:
    element.getparent().remove(element)


def _double(element: etree._Element, _: list[etree._Element], __: Random) -> None:
    element.addnext(deepcopy(element))


def _swap(element: etree._Element, _: list[etree._Element], __: Random) -> None:
    following = next(element.itersiblings("*"), None)
    if following is not None:
        following.addnext(element)


def _rename(element: etree._Element, _: list[etree._Element], random: Random) -> None:
    element.tag = random.choice(TAGS)


def _insert(element: etree._Element, _: list[etree._Element], random: Random) -> None:
    element.insert(random.randrange(len(element) + 1), etree.Element(random.choice(TAGS)))


def _graft(element: etree._Element, elements: list[etree._Element], random: Random) -> None:
    taken = deepcopy(random.choice(elements[1:]))
    taken.tail = None
    element.insert(random.randrange(len(element) + 1), taken)


def _empty(element: etree._Element, _: list[etree._Element], __: Random) -> None:
    for child in list(element):
        element.remove(child)


def _unset(element: etree._Element, _: list[etree._Element], random: Random) -> None:
    if element.attrib:
        del element.attrib[random.choice(list(element.attrib))]


def _reset(element: etree._Element, _: list[etree._Element], random: Random) -> None:
    if element.attrib:
        element.set(random.choice(list(element.attrib)), random.choice(VALUES))


def _set(element: etree._Element, _: list[etree._Element], random: Random) -> None:
    element.set(random.choice(ATTRIBUTES), random.choice(VALUES))


def _borrow(element: etree._Element, elements: list[etree._Element], random: Random) -> None:
    element.attrib.update(random.choice(elements).attrib)


def _write(element: etree._Element, _: list[etree._Element], random: Random) -> None:
    element.text = (element.text or "") + random.choice(["x", " ", "\n", "\u00a0"])


def _retype(element: etree._Element, elements: list[etree._Element], random: Random) -> None:
    typed = [one for one in elements if one.get(f"{{{XSI}}}type")]
    random.choice(typed or [element]).set(f"{{{XSI}}}type", random.choice(TYPES))


WAYS: list[Way] = [
    *(_drop, _double, _swap, _rename, _insert, _graft, _empty, _unset, _reset, _set, _borrow, _write, _retype)
]
