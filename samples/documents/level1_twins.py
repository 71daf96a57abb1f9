"""Twins of the rules on documents of level 1: what they carry is spoiled (CI-SIS, CDA level 1)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial

from lxml import etree

from samples.documents.discharge_letter import discharge_letter
from samples.documents.elements import element
from samples.documents.faults import Fault
from samples.documents.twins import Twin

_PROFILE = "level1"


def _body(root: etree._Element) -> etree._Element:
    found = root.find("{*}component/{*}nonXMLBody")
    if found is None:
        raise LookupError("the document has no nonXMLBody")
    return found


def _content(change: Callable[[bytes], bytes]) -> Fault:
    """Change the bytes that the document carries."""

    def fault(root: etree._Element) -> None:
        text = _body(root)[0]
        text.text = base64.b64encode(change(base64.b64decode(text.text or ""))).decode()

    return fault


def _cut(root: etree._Element) -> None:
    text = _body(root)[0]
    text.text = (text.text or "")[:-3]


def _elsewhere(root: etree._Element) -> None:
    _body(root)[0].insert(0, element("reference", value="https://example.org/lettre.pdf"))


def _sections(root: etree._Element) -> None:
    section = element("section", element("title", "Lettre"), element("text", "Texte."))
    component = _body(root).getparent()
    if component is not None:
        component[:] = [element("structuredBody", element("component", section))]


def _language(root: etree._Element) -> None:
    _body(root).append(element("languageCode", code="français"))


_LETTER = partial(discharge_letter, unique_id="2.25.11")
_TEXT = partial(discharge_letter, unique_id="2.25.12", media_type="text/plain")
_FAULTS: dict[str, Fault] = {
    "N1-BODY": _sections,
    "N1-INSIDE": _elsewhere,
    "N1-BASE64": _cut,
    "N1-PDF": _content(lambda pdf: b"PK\x03\x04" + pdf),
    "N1-PDFA": _content(lambda pdf: pdf.replace(b"pdfaid:part>", b"pdfaid:note>")),
    "N1-PDFA-1": _content(lambda pdf: pdf.replace(b"<pdfaid:part>1", b"<pdfaid:part>3")),
    "N1-LANGUAGE": _language,
}
LEVEL1_TWINS: tuple[Twin, ...] = (
    *(Twin(rule=rule, profile=_PROFILE, document=_LETTER, fault=fault) for rule, fault in _FAULTS.items()),
    Twin(
        rule="N1-TEXT", profile=_PROFILE, document=_TEXT, fault=_content(lambda text: text.decode().encode("latin-1"))
    ),
)
