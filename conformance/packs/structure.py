"""The structure of CDA, asked of the XSD of a pack with libxml2; and what Xerces, the official engine, adds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from lxml import etree

from cda.document import CDA_NAMESPACE
from conformance.packs.problems import UnusablePack

# What Xerces takes for no URI and libxml2 for one: nothing after the scheme but a fragment, or no host after `//`.
_BARE = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:(?:#.*|//)?|//)\s*", re.DOTALL)
_URIS = (f"{{{CDA_NAMESPACE}}}telecom", f"{{{CDA_NAMESPACE}}}reference")
_NAMED = re.compile(r"\{[^}]*\}")
_STEP = re.compile(r"/(\*|[\w.-]+:[\w.-]+|[\w.-]+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing the XSD refuses: where, which rule of XML Schema (`cvc-…` of XML Schema 1.0 appendix C), its text."""

    place: etree._Element
    rule: str
    text: str


@lru_cache(maxsize=8)
def structure_schema(path: Path) -> etree.XMLSchema:
    """The XSD of a pack, compiled once a process.

    libxml2 opens the files it includes by itself: they were read by the one parser when the pack was imported.
    Raises UnusablePack.
    """
    try:
        return etree.XMLSchema(file=str(path))
    except etree.LxmlError as error:
        raise UnusablePack(f"{path.name}: {error}") from error


def structure_faults(root: etree._Element, path: Path) -> Iterator[Fault]:
    """What the XSD refuses in the subtree `root`, whatever is around it, in the order of the document."""
    schema = structure_schema(path)
    if not schema.validate(root):
        log: Any = schema.error_log
        for error in log:
            yield Fault(_place(root, error.path, error.line), _rule(error.type_name), _plain(error.message))
    for element in root.iter(*_URIS):
        value = element.get("value")
        if value is not None and _BARE.fullmatch(value):
            name = etree.QName(element).localname
            text = f"Element '{name}', attribute 'value': {value.strip()!r} has nothing after its scheme: no URI."
            yield Fault(element, "cvc-datatype-valid.1.2.1", text)


def _rule(type_name: str) -> str:
    return type_name.removeprefix("SCHEMAV_").lower().replace("_", "-")


def _plain(message: str) -> str:
    return _NAMED.sub("", message)


def _place(root: etree._Element, path: str | None, line: int) -> etree._Element:
    """The element that libxml2 means: it spells the path by position, from the root that was validated."""
    steps: list[re.Match[str]] = list(_STEP.finditer(path or ""))[1:]
    if path and not steps:
        return root
    asked = "/".join(
        ("*" if one[1] == "*" else f"*[local-name() = '{one[1].rpartition(':')[2]}']")
        + (f"[{one[2]}]" if one[2] else "")
        for one in steps
    )
    found = root.xpath(asked) if asked else []
    for one in found if isinstance(found, list) else []:
        if isinstance(one, etree._Element):
            return one
    on_line: Any = (one for one in root.iter(etree.Element) if cast(int, one.sourceline) == line)
    return next(on_line, root)
