"""Value sets by OID: one that is missing where a schema wants it may be published elsewhere in the package."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from conformance.packs.source import Source, read
from security import xml
from security.errors import MalformedMessage

_SVS = "{urn:ihe:iti:svs:2008}"
_VALUE_SETS = "{urn:hl7-org:v3}valueSets"
_LARGEST = 4 * 1024 * 1024


class ValueSets:
    """The value sets of a package that are published as IHE SVS; looked for only when one is missing."""

    def __init__(self, source: Source, root: str) -> None:
        self._source = source
        self._root = root

    def published(self, oid: str) -> tuple[str, bytes] | None:
        """The file where the value set `oid` is published, and its content in the form of the header's schemas."""
        marked = re.compile(rb"""<ValueSet\b[^>]*\bid\s*=\s*["']""" + re.escape(oid.encode()) + rb"""["']""")
        for name in self._candidates():
            content = read(self._source, name)
            if marked.search(content) is None:
                continue
            try:
                tree = xml.parse(content, xml.DOCUMENT)
            except MalformedMessage:
                continue
            if tree.tag == f"{_SVS}RetrieveValueSetResponse":
                return name, _in_the_form_of_the_header(tree, oid)
        return None

    def _candidates(self) -> Iterator[str]:
        for name, size in self._source.files.items():
            if name.endswith(".xml") and size < _LARGEST and name.startswith(self._root):
                yield name


def _in_the_form_of_the_header(tree: etree._Element, oid: str) -> bytes:
    """The concepts as `valueSets/valueSet/conceptList/concept`, which is what the schemas of the header look into."""
    # A prefix: what is below has no namespace.
    root = etree.Element(_VALUE_SETS, nsmap={"hl7": "urn:hl7-org:v3"})
    value_set = etree.SubElement(root, "valueSet", id=oid)
    concepts = etree.SubElement(value_set, "conceptList")
    for concept in tree.iter(f"{_SVS}Concept"):
        kept = {name: concept.get(name, "") for name in ("code", "codeSystem", "displayName")}
        etree.SubElement(concepts, "concept", kept)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
