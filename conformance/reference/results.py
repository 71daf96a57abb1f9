"""Reports of the reference implementation read into values (SVRL, ISO/IEC 19757-3 annex D)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from security import xml

_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_LIMITS = xml.XmlLimits(size=256 * 1024 * 1024, elements=2_000_000)
# The two spellings of the stylesheets: `*[local-name()='x' and namespace-uri()='y'][1]`, `*:x[namespace-uri()='y'][1]`.
_STEP = re.compile(
    r"/(?:\*\[local-name\(\)='(?P<local>[^']+)'[^\]]*\]|\*:(?P<named>[\w.-]+)\[namespace-uri\(\)='[^']*'\]"
    r"|(?P<plain>[\w.:-]+)|(?P<attribute>@[^/\[]+|@\*\[local-name\(\)='(?P<own>[^']+)'[^\]]*\]))(?:\[(?P<number>\d+)\])?"
)


@dataclass(frozen=True, slots=True, order=True)
class Verdict:
    """An assertion that does not hold: its id (empty when it has none), its test, the path of the node, its text.

    `path` has local names, each with its position among siblings of that name: `/ClinicalDocument[1]/author[2]`.
    """

    rule: str
    test: str
    path: str
    text: str
    role: str


def read_results(report: bytes) -> list[Verdict]:
    """Every failed assertion and successful report of an SVRL document, in its order."""
    root = xml.parse(report, _LIMITS)
    return [
        Verdict(
            rule=one.get("id", ""),
            test=one.get("test", ""),
            path=canonical(one.get("location", "")),
            text=" ".join("".join(str(part) for part in one.itertext()).split()),
            role=one.get("role", ""),
        )
        for one in root.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
    ]


def canonical(location: str) -> str:
    """The location of a report as a path of local names, each with its position."""
    return "".join(_steps(location))


def _steps(location: str) -> Iterator[str]:
    for step in _STEP.finditer(location):
        if step["attribute"]:
            yield f"/@{step['own'] or step['attribute'].lstrip('@').rpartition(':')[2]}"
            continue
        name = step["local"] or step["named"] or step["plain"].rpartition(":")[2]
        yield f"/{name}[{step['number'] or 1}]"


def path_of(element: etree._Element) -> str:
    """The path of an element, spelled as those of verdicts."""
    steps: list[str] = []
    current: etree._Element | None = element
    while current is not None:
        before = sum(1 for _ in current.itersiblings(current.tag, preceding=True))
        steps.append(f"/{etree.QName(current).localname}[{before + 1}]")
        current = current.getparent()
    return "".join(reversed(steps))
