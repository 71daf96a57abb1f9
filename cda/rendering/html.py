"""A CDA document as a page that a person reads: header in short, then every narrative (HL7 CDA R2 §4.3.5).

Nothing of the document becomes markup of ours but its own tables, lists and paragraphs; no link, image or style of the
document is fetched or kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from lxml import etree

from cda.document import CdaDocument
from cda.header import CdaHeader, read_header
from cda.header_values import Participant
from cda.narrative import words_of
from cda.sections import Section, read_sections

STYLE = """
@page { size: A4; margin: 12mm 14mm; }
body { font: 9.5pt/1.3 "DejaVu Sans", "Liberation Sans", sans-serif; color: #111; margin: 0; }
header { border-bottom: 1pt solid #555; margin-bottom: 2mm; padding-bottom: 1mm; }
h1 { font-size: 14pt; margin: 0 0 1mm; } h2 { font-size: 11pt; margin: 2.5mm 0 0.5mm; } h3 { font-size: 10pt; }
h3, h4, p, ul, ol { margin: 0.5mm 0; } ul, ol { padding-left: 5mm; }
table { border-collapse: collapse; width: 100%; margin: 0.5mm 0; }
th, td { border: 0.5pt solid #999; padding: 0.4mm 1mm; text-align: left; vertical-align: top; }
"""

_PLAIN = {
    "paragraph": "p",
    "content": "span",
    "sub": "sub",
    "sup": "sup",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tfoot": "tfoot",
    "tr": "tr",
    "th": "th",
    "td": "td",
    "item": "li",
    "caption": "caption",
    "linkHtml": "span",
}
_SPANS = ("colspan", "rowspan")


def render(document: CdaDocument, language: str = "fr") -> str:
    """The whole page, standalone, every text escaped; the section of rank n ends with the id `end-n`."""
    header = read_header(document)
    sections = [one for outermost in read_sections(document) for one in outermost.all()]
    body = "".join(_section(one, rank) for rank, one in enumerate(sections))
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        f"<title>{escape(header.title or '')}</title><style>{STYLE}</style></head>"
        f"<body>{_header(header)}{body}</body></html>"
    )


def titles(document: CdaDocument) -> tuple[str, ...]:
    """The titles of the sections by rank, as `render` numbers them."""
    return tuple(one.title or one.code or "?" for outermost in read_sections(document) for one in outermost.all())


def _header(header: CdaHeader) -> str:
    patient = header.patient
    lines: list[str] = []
    if patient is not None:
        names = (patient.used_given or patient.first_given, patient.used_family or patient.birth_family)
        born = _day(patient.birth_time)
        lines.append(" ".join(filter(None, (*names, patient.gender, born))))
    lines += [_person(one) for one in header.authors]
    lines.append(_day(header.effective_time))
    told = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    return f"<header><h1>{escape(header.title or '')}</h1>{told}</header>"


def _day(time: str | None) -> str:
    """A time of HL7 as a day that a person reads, dd/mm/yyyy; what is no whole day stays as it is."""
    day = (time or "")[:8]
    return f"{day[6:]}/{day[4:6]}/{day[:4]}" if len(day) == 8 and day.isdigit() else day


def _person(one: Participant) -> str:
    name = one.name
    words = (name.prefix, name.given, name.family) if name is not None else (one.device,)
    where = one.organization.name if one.organization is not None else None
    return ", ".join(filter(None, (" ".join(filter(None, words)), where)))


def _section(section: Section, rank: int) -> str:
    level = 2 + min(2, sum(1 for one in section.element.iterancestors(section.element.tag)))
    title = escape(section.title or section.code or "")
    text = "" if section.text is None else "".join(_inner(section.text))
    return f'<section><h{level}>{title}</h{level}>{text}<p id="end-{rank}"></p></section>'


def _inner(element: etree._Element) -> Iterator[str]:
    yield escape(element.text or "")
    for child in element.iterchildren():
        if isinstance(child.tag, str):
            yield _narrative(child)
        yield escape(child.tail or "")


def _narrative(element: etree._Element) -> str:
    name = etree.QName(element).localname
    if name == "br":
        return "<br>"
    if name == "list":
        tag = "ol" if element.get("listType") == "ordered" else "ul"
        return f"<{tag}>{''.join(_inner(element))}</{tag}>"
    if name not in _PLAIN:
        return escape(words_of(element))
    spans = "".join(
        f' {span}="{escape(value)}"' for span in _SPANS if (value := element.get(span, "")).isdigit() and len(value) < 4
    )
    return f"<{_PLAIN[name]}{spans}>{''.join(_inner(element))}</{_PLAIN[name]}>"
