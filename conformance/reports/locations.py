"""The elements that findings point to, as XPath with namespaces: from the source, where a finding has a place only."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from conformance.positions import positions
from conformance.report import Report
from security import xml
from security.errors import MalformedMessage

PREFIXES = {
    "cda": "urn:hl7-org:v3",
    "fhir": "http://hl7.org/fhir",
    "sdtc": "urn:hl7-org:sdtc",
    "lab": "urn:oid:1.3.6.1.4.1.19376.1.3.2",
    "pharm": "urn:ihe:pharm:medication",
    "ps3-20": "urn:dicom-org:ps3-20",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsl": "http://www.w3.org/1999/XSL/Transform",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
_PREFIX = {uri: prefix for prefix, uri in PREFIXES.items()}


def locations(report: Report, content: bytes | None) -> Mapping[tuple[int, int], str]:
    """XPath by line and column, for the places that the findings name; empty when the source is gone or no XML."""
    wanted = {(one.line, one.column) for one in report.findings if one.line}
    if content is None or not wanted:
        return {}
    try:
        root = xml.parse(content, xml.DOCUMENT)
    except MalformedMessage:
        return {}
    return {place[:2]: _path(element) for element, place in positions(content, root).items() if place[:2] in wanted}


def _path(element: etree._Element) -> str:
    steps = [element, *element.iterancestors()]
    return "/" + "/".join(_step(one) for one in reversed(steps))


def _step(element: etree._Element) -> str:
    name = etree.QName(element)
    number = 1 + sum(1 for _ in element.itersiblings(element.tag, preceding=True))
    prefix = _PREFIX.get(name.namespace or "")
    if prefix is not None:
        return f"{prefix}:{name.localname}[{number}]"
    quote = "'" if "'" not in (name.namespace or "") else '"'
    return f"*[local-name()='{name.localname}' and namespace-uri()={quote}{name.namespace or ''}{quote}][{number}]"
