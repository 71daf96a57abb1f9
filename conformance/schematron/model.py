"""A Schematron schema read from its file into plain values (ISO/IEC 19757-3)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from security import xml

SCH = "{http://purl.oclc.org/dsdl/schematron}"
ECLUSE = "urn:ecluse:schematron"

_Element = etree._Element


class SchemaFault(ValueError):
    """The schema itself is wrong: the text says which rule and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One assert or report. `fails_when` is the truth of `test` that makes it a finding: False for an assert.

    `found` is an XPath that shows what was met, `where` an XPath to the element that the finding points to, both from
    the context of the rule; `expected` is a text. `repair` says how the element of `where` is mended, when that is
    certain: `@code='SYNTH'` sets an attribute, `remove` takes the element away, several steps are parted by `;`.
    """

    id: str
    test: str
    fails_when: bool
    role: str
    source: str
    message: str
    message_en: str
    hint: str
    hint_en: str
    found: str | None
    expected: str | None
    where: str | None
    repair: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the first of its pattern whose `context` matches a node speaks for that node."""

    context: str
    lets: tuple[tuple[str, str], ...]
    assertions: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern: rules in order, the first that matches wins."""

    id: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class SchemaText:
    """A schema as written: prefixes, variables of the whole document, patterns in order."""

    title: str
    namespaces: tuple[tuple[str, str], ...]
    lets: tuple[tuple[str, str], ...]
    patterns: tuple[Pattern, ...]


def read_schema(content: bytes) -> SchemaText:
    """Read a schema.

    Raises SchemaFault: an assertion without id, test, source or English diagnostic; an id used twice.
    """
    root = xml.parse(content, xml.DOCUMENT)
    diagnostics = {one.get("id", ""): _text(one) for one in root.iter(f"{SCH}diagnostic")}
    patterns = tuple(
        Pattern(pattern.get("id", ""), tuple(_rule(rule, diagnostics) for rule in pattern.findall(f"{SCH}rule")))
        for pattern in root.findall(f"{SCH}pattern")
    )
    identifiers = [one.id for pattern in patterns for rule in pattern.rules for one in rule.assertions]
    for identifier in identifiers:
        if identifiers.count(identifier) > 1:
            raise SchemaFault(f"two assertions are named {identifier}")
    namespaces = tuple((one.get("prefix", ""), one.get("uri", "")) for one in root.findall(f"{SCH}ns"))
    return SchemaText(_text(root.find(f"{SCH}title")), namespaces, _lets(root), patterns)


def _rule(rule: _Element, diagnostics: dict[str, str]) -> Rule:
    assertions = tuple(_assertion(one, diagnostics) for one in rule if one.tag in (f"{SCH}assert", f"{SCH}report"))
    return Rule(rule.get("context", ""), _lets(rule), assertions)


def _lets(element: _Element) -> tuple[tuple[str, str], ...]:
    return tuple((one.get("name", ""), one.get("value", "")) for one in element.findall(f"{SCH}let"))


def _assertion(element: _Element, diagnostics: dict[str, str]) -> Assertion:
    identifier = element.get("id", "")
    named = element.get("diagnostics", "").split()
    english = next((diagnostics[name] for name in named if name == f"{identifier}.en"), "")
    if not (identifier and english and element.get("see") and element.get("test")):
        raise SchemaFault(
            f"assertion {identifier or _text(element)!r} needs an id, a test, a source (see) and an English diagnostic"
        )
    return Assertion(
        id=identifier,
        test=element.get("test", ""),
        fails_when=element.tag == f"{SCH}report",
        role=element.get("role", "error"),
        source=element.get("see", ""),
        message=_text(element),
        message_en=english,
        hint=next((diagnostics[name] for name in named if name.endswith(".hint")), ""),
        hint_en=next((diagnostics[name] for name in named if name.endswith(".hint.en")), ""),
        found=element.get(f"{{{ECLUSE}}}found"),
        expected=element.get(f"{{{ECLUSE}}}expected"),
        where=element.get(f"{{{ECLUSE}}}where"),
        repair=element.get(f"{{{ECLUSE}}}repair"),
    )


def _text(element: _Element | None) -> str:
    return "" if element is None else " ".join("".join(str(part) for part in element.itertext()).split())
