"""check_structure(document): does a CDA document have the structure that CDA R2 and its extensions give it?

The schema made of the tables, run by libxml2, accepts nearly every good document in a millisecond. What it does not
accept is walked with the tables, which decide and explain.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import as_file, files
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from cda.document import CdaDocument
from conformance.positions import Paths, Place, positions
from conformance.report import Finding

if TYPE_CHECKING:
    from conformance.structure.faults import Fault

LAYER = "structure"

# libxml2 spells the path of every fault: siblings that are many would cost the square of their number.
_TAGS = 4_000  # fewer of them are few siblings too
_SIBLINGS = 2_000
_ELEMENTS = 50_000

_REFERRING = (b"IDREF", b"referencedObject", b"headers")


@cache
def schema() -> etree.XMLSchema:
    """The schema made of the tables, compiled once a process; it reads no file but those beside it."""
    with as_file(files("profiles.cda_structure")) as folder:
        return etree.XMLSchema(file=str(folder / "cda.xsd"))


def check_structure(document: CdaDocument, at_most: int | None = None) -> tuple[Finding, ...]:
    """Every fault of structure, in document order; with `at_most` the search ends there.

    Agrees with the official schema as Xerces applies it: what libxml2 lets pass (IDs that nobody has) is sought too.
    """
    root = document.root
    if _is_small(document) and _references_lead_somewhere(document) and schema().validate(root):
        return ()
    from conformance.structure.explaining import explain

    faults = list(islice(explain(root), at_most))
    if not faults:
        return ()
    places = positions(document.content, root)
    paths = Paths()
    findings = [_finding(fault, paths.of(fault.element), places[fault.element]) for fault in faults]
    return tuple(sorted(findings, key=lambda one: (one.line, one.column)))


def _finding(fault: Fault, path: str, place: Place) -> Finding:
    from conformance.structure.rules import RULES

    rule = RULES[fault.rule]
    french = {key: words[0] for key, words in fault.words.items()}
    english = {key: words[1] for key, words in fault.words.items()}
    hint, hint_en = fault.hint or (_fill(rule.hint, french), _fill(rule.hint_en, english))
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        source=rule.source,
        path=path,
        line=place.line,
        column=place.column,
        found=fault.found,
        expected=fault.expected,
        message=_fill(rule.message, french),
        message_en=_fill(rule.message_en, english),
        hint=f"{hint} {fault.also[0]}".strip(),
        hint_en=f"{hint_en} {fault.also[1]}".strip(),
        layer=LAYER,
    )


def _fill(text: str, words: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: words.get(place.group(1), ""), text).strip()


def _is_small(document: CdaDocument) -> bool:
    return document.content.count(b"<") < _TAGS or not _many()(document.root)


def _references_lead_somewhere(document: CdaDocument) -> bool:
    """Whether the IDs referred to exist: libxml2 sees that none comes twice, and leaves references alone."""
    if not any(name in document.content for name in _REFERRING):
        return True
    ids, references = _identifiers()
    known = {str(one).strip() for one in ids(document.root)}
    return all(one in known for value in references(document.root) for one in str(value).split())


@cache
def _many() -> Any:
    return etree.XPath(f"count(.//*) > {_ELEMENTS} or boolean(descendant-or-self::*[*[{_SIBLINGS}]])")


@cache
def _identifiers() -> tuple[Any, Any]:
    return (
        etree.XPath(".//@ID", smart_strings=False),
        etree.XPath(".//@IDREF | .//@referencedObject | .//@headers", smart_strings=False),
    )
