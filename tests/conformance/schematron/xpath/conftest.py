"""Two processors of XPath 2.0 as witnesses, and random small documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from conformance.schematron.documents import Documents
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath.extensions import extensions
from conformance.schematron.xpath.translation import Kind, translate_test
from security import xml

NAMESPACES = {
    "c": "urn:hl7-org:v3",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xs": "http://www.w3.org/2001/XMLSchema",
}
VOCABULARY = b"""<r><valueSet><conceptList><concept code="A" codeSystem="1"/><concept code="B" codeSystem="1"/>
</conceptList></valueSet><valueSet><conceptList><concept code="Z" codeSystem="2"/></conceptList></valueSet>
<notation>A</notation><notation><!-- two texts -->7<b/>8</notation></r>"""
CODEPOINTS = "http://www.w3.org/2005/xpath-functions/collation/codepoint"
Verdicts = list[bool | None]
"""Of every element in document order; None where the processor raises an error."""


@pytest.fixture(scope="session")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a schema, with the documents that it asks."""
    directory = tmp_path_factory.mktemp("schema")
    (directory / "voc.xml").write_bytes(VOCABULARY)
    return directory


@pytest.fixture(scope="session")
def ours(beside: Path) -> Callable[..., Verdicts]:
    """Our verdicts: the translation, asked of every element by lxml."""
    functions = extensions(Documents(beside))

    def verdicts(content: bytes, expression: str, kinds: Mapping[str, Kind] | None = None) -> Verdicts:
        asked = etree.XPath(
            translate_test(expression, NAMESPACES, kinds or {}),
            namespaces={**NAMESPACES, "ecluse": ECLUSE},
            extensions=functions,
            smart_strings=False,
        )
        found = [asked(one) for one in xml.parse(content, xml.DOCUMENT).iter("*")]
        assert all(isinstance(one, bool) for one in found)
        return [bool(one) for one in found]

    return verdicts


@pytest.fixture(scope="session")
def saxon(beside: Path) -> Callable[[bytes, str], Verdicts]:
    """The verdicts of Saxon."""
    saxonche = pytest.importorskip("saxonche", reason="saxonche is not installed")
    processor = saxonche.PySaxonProcessor(license=False)
    processor.set_cwd(str(beside))
    asked = processor.new_xpath_processor()
    asked.set_cwd(str(beside))
    asked.set_base_uri(f"{beside.as_uri()}/")
    for prefix, namespace in NAMESPACES.items():
        asked.declare_namespace(prefix, namespace)

    def evaluate(expression: str) -> list[bool]:
        found = asked.evaluate(expression)
        return [] if found is None else [found.item_at(number).boolean_value for number in range(found.size)]

    def verdicts(content: bytes, expression: str) -> Verdicts:
        asked.set_context(xdm_item=processor.parse_xml(xml_text=content.decode()))
        return _all_or_one_by_one(content, expression, evaluate)

    return verdicts


@pytest.fixture(scope="session")
def elementpath_() -> Callable[[bytes, str], Verdicts]:
    """The verdicts of elementpath."""
    elementpath: Any = pytest.importorskip("elementpath", reason="elementpath is not installed")
    parser = elementpath.XPath2Parser(namespaces=NAMESPACES, default_collation=CODEPOINTS)

    def verdicts(content: bytes, expression: str) -> Verdicts:
        root = xml.parse(content, xml.DOCUMENT).getroottree()

        def evaluate(text: str) -> list[bool]:
            try:
                return list(parser.parse(text).get_results(elementpath.XPathContext(root)))
            except elementpath.ElementPathError as error:
                raise ValueError from error

        return _all_or_one_by_one(content, expression, evaluate)

    return verdicts


def _all_or_one_by_one(content: bytes, expression: str, evaluate: Callable[[str], list[bool]]) -> Verdicts:
    count = sum(1 for _ in xml.parse(content, xml.DOCUMENT).iter("*"))
    try:
        found: Verdicts = [*evaluate(f"//*/boolean({expression})")]
    except Exception:  # noqa: BLE001 - the processors raise what they like
        found = []
        for number in range(1, count + 1):
            try:
                found += evaluate(f"(//*)[{number}]/boolean({expression})")
            except Exception:  # noqa: BLE001
                found.append(None)
    assert len(found) == count
    return found
