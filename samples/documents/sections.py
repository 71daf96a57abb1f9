"""Sections of a summary in the making: what identifies each kind, narratives, nesting (CI-SIS, content models)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from samples.documents.blocks import CCD
from samples.documents.elements import LOINC, Identifiers, coded, element, templates

PCC = "1.3.6.1.4.1.19376.1.5.3.1."
FR = "1.2.250.1.213.1.1.2."

_Element = etree._Element


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of section: its templates in order, its LOINC code and the name of that code."""

    roots: tuple[str, ...]
    code: str
    name: str


PROBLEMS = Kind((CCD + "11", PCC + "3.6", FR + "132"), "11450-4", "Liste des problèmes actifs")
PAST_PROBLEMS = Kind((PCC + "3.8", FR + "134"), "11348-0", "Antécédents médicaux")
PROCEDURES = Kind((CCD + "12", PCC + "3.11", PCC + "3.12", FR + "136"), "47519-4", "Historique des actes")
ALLERGIES = Kind((CCD + "2", PCC + "3.13", FR + "137"), "48765-2", "Allergies et hypersensibilités")
TREATMENTS = Kind((CCD + "8", PCC + "3.19", FR + "143"), "10160-0", "Traitements")
HABITS = Kind((CCD + "15", PCC + "3.16", PCC + "3.16.1", FR + "141"), "29762-2", "Habitus, Mode de vie")
OCCUPATIONAL_RISKS = Kind((PCC + "1.5.3.1", FR + "74"), "10161-8", "Facteurs de risques professionnels")
FAMILY_HISTORY = Kind(
    (CCD + "4", PCC + "3.14", PCC + "3.15", FR + "139"), "10157-6", "Historique des pathologies familiales"
)
DEVICES = Kind((CCD + "7", PCC + "1.5.3.5", FR + "1"), "46264-8", "Dispositifs médicaux")
IMMUNIZATIONS = Kind((CCD + "6", PCC + "3.23", FR + "147"), "11369-6", "Historique des vaccinations")


def section(ids: Identifiers, kind: Kind, title: str, *content: _Element) -> _Element:
    """A section with an identifier of its own."""
    return element(
        "section",
        templates(*kind.roots),
        ids.next(),
        coded("code", kind.code, kind.name, LOINC),
        element("title", title),
        *content,
    )


def components(*sections: _Element) -> list[_Element]:
    """Sections as a body or another section holds them."""
    return [element("component", one) for one in sections]


def lines(*said: tuple[str, str]) -> _Element:
    """A narrative list; each line is (anchor, text)."""
    return element(
        "text", element("list", [element("item", element("content", text, ID=anchor)) for anchor, text in said])
    )


def table(headings: tuple[str, ...], *rows: tuple[str | tuple[str, str], ...]) -> _Element:
    """A narrative table. A cell is a text, or (anchor, text) when an entry refers to it."""
    return element(
        "text",
        element(
            "table",
            element("thead", element("tr", [element("th", heading) for heading in headings])),
            element("tbody", [element("tr", [_cell(cell) for cell in row]) for row in rows]),
            border="0",
        ),
    )


def _cell(cell: str | tuple[str, str]) -> _Element:
    return element("td", cell) if isinstance(cell, str) else element("td", element("content", cell[1], ID=cell[0]))
