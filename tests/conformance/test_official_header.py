"""Our header and the official one give the same verdict on documents spoilt at random.

The official package is read from the directory in ECLUSE_PACK; without it, or without saxonche, there is nothing to
compare. ECLUSE_MUTATIONS is the number of documents tried; ECLUSE_SEED another draw of them.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from lxml import etree

from cda.document import parse_document
from conformance.catalogue import HEADER, PROFILES
from conformance.reference.chain import CompiledSchema, ReferenceChain, ReferenceFault, ReferenceUnavailable
from conformance.report import Severity
from conformance.schematron.findings import check_schemas
from profiles.codes import value_set
from samples.documents.header_full import header_full
from samples.documents.laboratory_report import laboratory_report
from security import xml

SCHEMAS = tuple(one for one in PROFILES[HEADER].schemas if one.layer == "header")
MUTATIONS = int(os.environ.get("ECLUSE_MUTATIONS", "60"))
SEED = int(os.environ.get("ECLUSE_SEED", "20240611"))
CDA = "{urn:hl7-org:v3}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
# The public tool lacks this value set beside its header, and holds it elsewhere.
MISSING = "1.2.250.1.213.1.1.5.471"
VALUES = {
    "root": ("1.2.3", "1.2.250.1.71.4.2.2", "1.2.250.1.71.4.2.1", "abc", "1..2", "2", "1.2.250.1.213.1.4.8"),
    "extension": ("", "1"),
    "code": ("N", "SYNTH", "F", "PCP", "S", "completed", "N R", "X", "fr-FR", "IMP", "SA07"),
    "codeSystem": ("1.2.3", "abc", "2.16.840.1.113883.5.139"),
    "displayName": ("", "X"),
    "codeSystemName": ("", "X"),
    "nullFlavor": ("UNK", "NASK", "NA", "OTH", "NI"),
    "use": ("H", "HP", "WP", "H WP", "MC", "X"),
    "value": (
        "20240101",
        "201",
        "20241301",
        "20240230",
        "20240101120000+0200",
        "20240101+02",
        "X",
        "tel:01",
        "-1",
        "1",
    ),
    "typeCode": ("PRF", "INF", "ATND", "RPLC", "APND", "AUTH", "X"),
    "classCode": ("PROV", "ECON", "PAT", "X"),
    "qualifier": ("BR", "CL", "SP", "LS"),
    "mediaType": ("text/plain", "application/pdf"),
    TYPE: ("CE", "CD", "II", "TS", "IVL_TS", "ST", "AD", "PN", "X"),
}
NAMES = (
    "id",
    "code",
    "telecom",
    "addr",
    "name",
    "time",
    "templateId",
    "title",
    "low",
    "family",
    "prefix",
    "translation",
)

_Element = etree._Element


@pytest.fixture(scope="module")
def official(tmp_path_factory) -> CompiledSchema:
    """The official header, compiled; skips where it is not."""
    package = os.environ.get("ECLUSE_PACK")
    if not package:
        pytest.skip("ECLUSE_PACK does not name the directory of the official package")
    header = Path(package) / "schematrons" / "profils" / "structurationMinimale"
    copy = tmp_path_factory.mktemp("official") / "header"
    shutil.copytree(header, copy)
    concepts = "".join(f'<concept code="{code}"/>' for code, _ in sorted(value_set("JDV_J07_XdsTypeCode_CISIS")))
    (copy / "include" / f"voc-{MISSING}-DYNAMIC.xml").write_text(
        f"<valueSets><valueSet><conceptList>{concepts}</conceptList></valueSet></valueSets>"
    )
    try:
        chain = ReferenceChain()
    except ReferenceUnavailable as error:
        pytest.skip(str(error))
    return chain.compile_official(copy / "ASIP-STRUCT-MIN-StrucMin.sch", Path(package) / "schematrons" / "moteur")


def _alter(element: _Element, draw: random.Random) -> None:
    name = draw.choice(sorted(element.attrib) or ["nullFlavor"])
    element.set(name, draw.choice(VALUES.get(str(name), ("", "X"))))


def _add_attribute(element: _Element, draw: random.Random) -> None:
    name = draw.choice(sorted(VALUES))
    element.set(name, draw.choice(VALUES[name]))


def _take_attribute(element: _Element, draw: random.Random) -> None:
    if element.attrib:
        del element.attrib[draw.choice(sorted(element.attrib))]


def _empty(element: _Element, draw: random.Random) -> None:
    element.clear()
    element.set("nullFlavor", draw.choice(VALUES["nullFlavor"]))


def _drop(element: _Element, _draw: random.Random) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _double(element: _Element, _draw: random.Random) -> None:
    element.addnext(deepcopy(element))


def _swap(element: _Element, _draw: random.Random) -> None:
    following = element.getnext()
    if following is not None:
        following.addnext(element)


def _grow(element: _Element, draw: random.Random) -> None:
    made = etree.SubElement(element, f"{CDA}{draw.choice(NAMES)}")
    for name in draw.sample(("root", "extension", "code", "codeSystem", "value", "use"), draw.randint(0, 3)):
        made.set(name, draw.choice(VALUES[name]))


def _say(element: _Element, draw: random.Random) -> None:
    element.text = draw.choice(("", "X", " DR ", "MME"))


CHANGES: tuple[Callable[[_Element, random.Random], None], ...] = (
    *(_alter,) * 3, *(_add_attribute,) * 2, _take_attribute, _empty, *(_drop,) * 2, *(_double,) * 2, _swap, _grow, _say,
)  # fmt: skip


def spoilt(document: bytes, draw: random.Random) -> tuple[str, bytes]:
    """One change somewhere in the header, and what it was."""
    root = xml.parse(document, xml.DOCUMENT)
    # A wrong typeId silences the official header, and not ours (decision P-114).
    untouched = (f"{CDA}component", f"{CDA}typeId")
    header = [one for top in root if top.tag not in untouched for one in top.iter("*")]
    element = draw.choice(header)
    change = draw.choice(CHANGES)
    told = f"{change.__name__} {root.getroottree().getelementpath(element)}"
    change(element, draw)
    return told, etree.tostring(root)


def test_good_headers_are_good_for_both(official):
    for document in (header_full(), laboratory_report(unique_id="2.25.7")):
        assert official.judge(document) == []
        assert check_schemas(parse_document(document), SCHEMAS) == ()


def test_verdicts_on_spoilt_headers_are_the_same(official):
    draw = random.Random(SEED)  # noqa: S311
    documents = (header_full(), header_full(), laboratory_report(unique_id="2.25.7"))
    apart: list[str] = []
    refused = 0
    for _ in range(MUTATIONS):
        told, content = spoilt(draw.choice(documents), draw)
        try:
            theirs = official.judge(content)
        except ReferenceFault:
            # Two bounds where it expects one: the official rules stop with an error of type.
            continue
        ours = check_schemas(parse_document(content), SCHEMAS)
        invalid = any(one.role == "error" for one in theirs)
        refused += invalid
        if invalid != any(one.severity is Severity.ERROR for one in ours):
            apart.append(f"{told}: official {[one.text for one in theirs]}, ours {[one.rule for one in ours]}")

    assert apart == []
    assert 0 < refused < MUTATIONS
