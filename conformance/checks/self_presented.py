"""A document that presents itself holds no script and no external link (DMP EX_2.1-1115).

It does so by a style sheet inside it or around it, which an `xml-stylesheet` instruction may name, and a browser would
do what it says. Names and values are read as a browser reads them. What an expression computes letter by letter is
beyond any such check: names that are computed, and texts that are not escaped, are findings themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from cda.document import CDA_NAMESPACE, CdaDocument
from conformance.checks import active_values as values
from conformance.positions import Paths, positions
from conformance.report import Finding, Severity

MIME_TYPE: Final = "application/xslt+xml"
SCRIPT: Final = "ACTIVE-SCRIPT"
LINK: Final = "ACTIVE-LINK"
SOURCE: Final = "DMP EX_2.1-1115"
LAYER: Final = "document"
_XSL = "http://www.w3.org/1999/XSL/Transform"
_OLD_XSL = "http://www.w3.org/TR/WD-xsl"
_XINCLUDE = "http://www.w3.org/2001/XInclude"
_XML = "http://www.w3.org/XML/1998/namespace"
_LONGEST = 80
_SHEET = "/processing-instruction('xml-stylesheet')"
_MESSAGES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        SCRIPT: (
            "Un document autoprésentable ne contient aucun script.",
            "A self-presented document holds no script.",
            "nothing that a browser runs",
        ),
        LINK: (
            "Un document autoprésentable ne contient aucun lien externe.",
            "A self-presented document holds no external link.",
            "a reference inside the document: # and an ID, or embedded data",
        ),
    }
)
_instructions = etree.XPath("//processing-instruction()")
_has_style = etree.XPath("boolean(//x:* | //o:*)", namespaces={"x": _XSL, "o": _OLD_XSL})
_STYLE_SPELLED = (b"XSL/Transform", b"WD-xsl", b"&#")
"""What the bytes of a document that holds a style sheet have: its namespace, or characters of it by number."""
_RUNNING = frozenset(
    ("script", "eval", "applet", "object", "embed", "iframe", "frame", "frameset", "handler", "listener", "component")
)
"""Elements that run something, in whatever namespace but that of CDA, which has none of these names."""
_LOADING = frozenset(("include", "import", "import-schema", "result-document", "source-document", "use-package"))
"""Elements of XSLT that read or write another file."""
_REFERENCES = frozenset(
    (
        *("href", "src", "action", "formaction", "background", "poster", "srcset", "manifest", "ping", "lowsrc"),
        *("dynsrc", "longdesc", "cite"),
    )
)
_EXTENDING = ("disable-output-escaping", "extension-element-prefixes", "use-character-maps")
"""What lets a style sheet write markup that is not in the file, or run what is not XSLT."""
_EVENT = re.compile(r"on[a-z]+")
_STYLED = re.compile(r"url\s*\(|@import|expression|\\", re.IGNORECASE)
_PSEUDO_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(["'])(.*?)\2""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Fault:
    """`place` ends the path of the element. `sheet` is the instruction that is at fault, before the element."""

    rule: str
    element: etree._Element
    place: str
    found: str
    sheet: Any = None


def is_self_presented(document: CdaDocument) -> bool:
    """Whether a document itself says how a browser shows it.

    One that only names a style sheet of elsewhere does not: nearly every published example does so.
    """
    hrefs = (href for sheet in _sheets(document.root) for href in _hrefs(sheet))
    inside = any(values.runs(href) or not values.leads_outside(href) for href in hrefs)
    named = any(one in document.content for one in _STYLE_SPELLED)
    return inside or (named and bool(_has_style(document.root.getroottree())))


def check_self_presented(document: CdaDocument) -> tuple[Finding, ...]:
    """Everything in the whole file that runs or leads outside, in its order; whatever the document says it is.

    They are warnings: no official check asks for it. A door may refuse for them.
    """
    top = document.root.getroottree().getroot()
    faults = [*_of_instructions(top), *(fault for element in top.iter("*") for fault in _of_element(element))]
    if not faults:
        return ()
    places, paths = positions(document.content, top), Paths()
    found = []
    for fault in faults:
        line, column, _ = places[fault.element]
        french, english, expected = _MESSAGES[fault.rule]
        path = f"{paths.of(fault.element)}{fault.place}"
        if fault.sheet is not None:
            path, line, column = fault.place, fault.sheet.sourceline or line, 1
        said = fault.found if len(fault.found) <= _LONGEST else f"{fault.found[:_LONGEST]}…"
        found.append(
            Finding(
                rule=fault.rule,
                severity=Severity.WARNING,
                source=SOURCE,
                path=path,
                line=line,
                column=column,
                found=said,
                expected=expected,
                message=french,
                message_en=english,
                layer=LAYER,
            )
        )
    return tuple(found)


def _sheets(root: etree._Element) -> Iterator[Any]:
    """The style sheets that the file names, wherever the instruction stands."""
    found: Any = _instructions(root.getroottree())
    yield from (one for one in found if one.target.lower() == "xml-stylesheet")


def _of_instructions(top: etree._Element) -> Iterator[_Fault]:
    for sheet in _sheets(top):
        for href in _hrefs(sheet):
            if values.runs(href):
                yield _Fault(SCRIPT, top, _SHEET, href, sheet)
            elif values.leads_outside(href):
                yield _Fault(LINK, top, _SHEET, href, sheet)


def _hrefs(sheet: Any) -> Iterator[str]:
    for name, _, value in _PSEUDO_ATTRIBUTE.findall(sheet.text or ""):
        if name.lower() == "href":
            yield unescape(value)


def _of_element(element: etree._Element) -> Iterator[_Fault]:
    name = etree.QName(element)
    local, namespace = name.localname.lower(), name.namespace
    styled = namespace in (_XSL, _OLD_XSL)
    if namespace != CDA_NAMESPACE and local in _RUNNING:
        yield _Fault(SCRIPT, element, "", name.localname)
    if (styled and local in _LOADING) or namespace == _XINCLUDE:
        yield _Fault(LINK, element, "", element.get("href") or name.localname)
    if local == "meta" and "refresh" in element.get("http-equiv", "").lower():
        yield _Fault(LINK, element, "/@http-equiv", element.get("content") or "refresh")
    if styled:
        yield from _of_instruction_of_style(element, local)
    for key, value in element.attrib.items():
        yield from _of_attribute(element, namespace, styled=styled, key=str(key), value=str(value))
    text = _text(element)
    if text and local == "style":
        yield from _of_style(element, "", text)
    elif text and styled:
        yield from _of_output(element, text)


def _of_instruction_of_style(element: etree._Element, local: str) -> Iterator[_Fault]:
    """What an instruction of XSLT makes: elements and attributes by name, texts that are not escaped."""
    made = element.get("name", "")
    plain = made.rpartition(":")[2].strip().lower()
    runs = {
        "element": "{" in made or plain in _RUNNING,
        "attribute": "{" in made or _EVENT.fullmatch(plain) is not None,
    }
    if runs.get(local, False):
        yield _Fault(SCRIPT, element, "/@name", made)
    for way in _EXTENDING:
        said = element.get(way)
        if said and said.strip() not in ("no", "false", "0"):
            yield _Fault(SCRIPT, element, f"/@{way}", said)


def _of_attribute(
    element: etree._Element, namespace: str | None, *, styled: bool, key: str, value: str
) -> Iterator[_Fault]:
    name = etree.QName(key)
    local, own = name.localname.lower(), namespace == CDA_NAMESPACE
    place = f"/@{name.localname}"
    event = not own and not styled and _EVENT.fullmatch(local)
    extends = name.namespace == _XSL and local in _EXTENDING
    animates = local == "attributename" and _EVENT.fullmatch(value.rpartition(":")[2].strip().lower())
    if event or extends or animates or local == "srcdoc" or values.runs(value):
        yield _Fault(SCRIPT, element, place, name.localname if event else value)
        return
    if local == "style" or (not own and _STYLED.search(value)):
        yield from _of_style(element, place, value)
    if styled and etree.QName(element).localname == "output":
        return
    refers = name.namespace == _XML and local == "base"
    refers = (refers or _refers(element, namespace, local, styled=styled)) and values.leads_outside(value)
    if refers or ((styled or "{" in value) and values.expression_reads(value)):
        yield _Fault(LINK, element, place, value)


def _refers(element: etree._Element, namespace: str | None, local: str, *, styled: bool) -> bool:
    """Whether an attribute is a reference that a browser follows; what XSLT itself reads is told of its element."""
    if namespace == CDA_NAMESPACE:
        return local in ("href", "src") or (local == "value" and etree.QName(element).localname == "reference")
    return local in _REFERENCES and not styled


def _of_style(element: etree._Element, place: str, style: str) -> Iterator[_Fault]:
    if values.style_runs(style):
        yield _Fault(SCRIPT, element, place, style.strip())
    elif values.style_leads_outside(style):
        yield _Fault(LINK, element, place, style.strip())


def _of_output(element: etree._Element, text: str) -> Iterator[_Fault]:
    """Texts that a style sheet writes out, or keeps in a variable; the reference that one makes."""
    made = element.get("name", "").rpartition(":")[2].strip().lower()
    refers = etree.QName(element).localname == "attribute" and made in _REFERENCES
    if values.runs(text):
        yield _Fault(SCRIPT, element, "", text.strip())
    elif values.reaches(text) or (refers and values.leads_outside(text)):
        yield _Fault(LINK, element, "", text.strip())


def _text(element: etree._Element) -> str:
    """What is written directly inside an element, and inside `xsl:text` there."""
    pieces = [element.text or ""]
    for child in element:
        if child.tag == f"{{{_XSL}}}text":
            pieces.append(child.text or "")
        pieces.append(child.tail or "")
    return "".join(pieces).strip()
