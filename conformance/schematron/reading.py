"""Schematron schemas read from files into values: one phase, everything wrong told at once (ISO/IEC 19757-3 §5).

A strict reading is for schemas of ours: every assertion has an id, a source and an English message. A lenient one is
for published schemas: ids are made (`<pattern>-<n>`), a message has one language, and small mistakes become notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from conformance.schematron.abstraction import abstract_rules, body, concrete_patterns
from conformance.schematron.expressions import with_variables
from conformance.schematron.files import FileFault, Files
from conformance.schematron.inclusion import Inclusion
from conformance.schematron.messages import parts_of, text_of, told
from conformance.schematron.model import ECLUSE, SCH, Assertion, Part, Pattern, Rule, SchemaFault, SchemaText
from security import xml
from security.errors import MalformedMessage

_Element = etree._Element
_SEVERITIES = {
    **dict.fromkeys(("", "error", "fatal"), "error"),
    **dict.fromkeys(("warning", "warn"), "warning"),
    **dict.fromkeys(("info", "information"), "info"),
}
ALL = "#ALL"
DEFAULT = "#DEFAULT"


def read_schema(content: bytes) -> SchemaText:
    """Read a schema of ours that stands alone, strictly.

    Raises SchemaFault: not well-formed; an include; an assertion without id, test, source or English diagnostic; an id
    used twice; a role that is no severity.
    """
    try:
        root = xml.parse(content, xml.DOCUMENT)
    except MalformedMessage as error:
        raise SchemaFault(str(error)) from error
    return read_parsed(root, strict=True)


def read_parsed(root: etree._Element, *, strict: bool, phase: str | None = None) -> SchemaText:
    """Read a schema that stands alone, already parsed. Raises SchemaFault with everything that is wrong."""
    alone = not any(True for _ in root.iter(f"{SCH}include"))
    faults = [] if alone else ["a schema that stands alone includes nothing"]
    return _Reading(root, phase, strict=strict, faults=faults).schema()


def read_files(path: Path, files: Files, *, phase: str | None = None, strict: bool, tolerant: bool) -> SchemaText:
    """Read the schema in `path` with all its includes.

    `phase` is the id of one, `#ALL`, or None for the schema's own default. With `tolerant`, absent includes are notes.
    Raises SchemaFault with everything that is wrong.
    """
    inclusion = Inclusion(files, tolerant=tolerant)
    try:
        root = inclusion.whole(path)
    except FileFault as error:
        raise SchemaFault((*inclusion.faults, str(error))) from error
    return _Reading(root, phase, strict=strict, faults=inclusion.faults, notes=files.notes).schema()


@dataclass
class _Reading:
    root: _Element
    phase: str | None
    strict: bool
    faults: list[str]
    notes: list[str] = field(default_factory=list)

    def schema(self) -> SchemaText:
        """The schema, or every fault at once."""
        root = self.root
        if root.tag != f"{SCH}schema":
            raise SchemaFault((*self.faults, f"the root is {root.tag}, not a schema of ISO Schematron"))
        self.title = text_of(root.find(f"{SCH}title"))
        self.diagnostics = {one.get("id", ""): one for one in root.iter(f"{SCH}diagnostic")}
        self.abstract = abstract_rules(root)
        phase = self._phase()
        named = list(concrete_patterns(root, self.faults))
        active = None if phase is None else {one.get("pattern", "") for one in phase.iterchildren(f"{SCH}active")}
        if active is not None:
            for missing in sorted(active - {name for name, _ in named}):
                told_of = f"phase {phase is not None and phase.get('id')}: there is no pattern {missing}"
                (self.faults if self.strict else self.notes).append(told_of)
        patterns = tuple(self._pattern(name, pattern) for name, pattern in named if active is None or name in active)
        identifiers = [one.id for pattern in patterns for rule in pattern.rules for one in rule.assertions]
        if self.strict:
            twice = (name for name, times in Counter(identifiers).items() if times > 1)
            self.faults += [f"two assertions are named {name}" for name in twice]
        lets = (*self._lets(root), *(() if phase is None else self._lets(phase)))
        if self.faults:
            raise SchemaFault(self.faults)
        return SchemaText(
            title=self.title,
            namespaces=tuple((one.get("prefix", ""), one.get("uri", "")) for one in root.iterchildren(f"{SCH}ns")),
            lets=lets,
            patterns=patterns,
            binding=root.get("queryBinding", "xslt").lower(),
            notes=tuple(self.notes),
        )

    def _phase(self) -> _Element | None:
        """The phase to read, None for all patterns."""
        wanted = self.phase
        if wanted is None or wanted == DEFAULT:
            wanted = self.root.get("defaultPhase", ALL)
        if wanted == ALL:
            return None
        phases = {one.get("id", ""): one for one in self.root.iterchildren(f"{SCH}phase")}
        if wanted not in phases:
            self.faults.append(f"there is no phase {wanted}; there are: {', '.join(sorted(phases)) or 'none'}")
        return phases.get(wanted)

    def _pattern(self, name: str, pattern: _Element) -> Pattern:
        abstract = {**self.abstract, **abstract_rules(pattern)}
        if pattern.get("documents"):
            self.faults.append(f"pattern {name}: patterns over other documents are not read")
        numbers = iter(range(1, 1_000_000))
        rules = tuple(
            self._rule(name, rule, pattern, abstract, numbers)
            for rule in pattern.iterchildren(f"{SCH}rule")
            if rule.get("abstract") != "true"
        )
        return Pattern(name, rules, self._lets(pattern))

    def _rule(
        self, name: str, rule: _Element, pattern: _Element, abstract: Mapping[str, _Element], numbers: Iterator[int]
    ) -> Rule:
        context = rule.get("context", "")
        if not context:
            self.faults.append(f"pattern {name}: a rule without a context, line {rule.sourceline}")
        lets: dict[str, str] = {}
        assertions: list[Assertion] = []
        spelled: dict[str, str] = {}
        for child in body(rule, abstract, self.faults):
            if child.tag == f"{SCH}let":
                for let, written in self._lets_in((child,)):
                    value = _renamed(written, spelled)
                    # A second variable of one name hides the first from there on (XSLT 2.0 §9.7).
                    if let in lets:
                        if lets[spelled.get(let, let)] == value:
                            continue
                        spelled[let] = f"{let}-{len(lets)}"
                    lets[spelled.get(let, let)] = value
            elif child.tag in (f"{SCH}assert", f"{SCH}report"):
                assertions.append(self._assertion(child, (rule, pattern), name, next(numbers), spelled))
        return Rule(context, tuple(lets.items()), tuple(assertions))

    def _lets(self, element: _Element) -> tuple[tuple[str, str], ...]:
        return tuple(self._lets_in(element.iterchildren(f"{SCH}let")))

    def _lets_in(self, elements: Iterator[_Element] | tuple[_Element, ...]) -> Iterator[tuple[str, str]]:
        for one in elements:
            name, value = one.get("name", ""), one.get("value")
            if value is None and len(one) == 0:
                value = _literal(one.text or "")
            if not name or value is None:
                self.faults.append(f"variable {name or '?'}, line {one.sourceline}: it needs a name and a value")
            else:
                yield name, value

    def _assertion(
        self, element: _Element, around: tuple[_Element, ...], pattern: str, number: int, spelled: Mapping[str, str]
    ) -> Assertion:
        identifier = element.get("id", "")
        parts = tuple(
            one if one.kind == "text" else Part(one.kind, _renamed(one.text, spelled)) for one in parts_of(element)
        )
        message = told(text_of(element), parts)
        named = element.get("diagnostics", "").split()
        source = next((one.get("see", "") for one in (element, *around) if one.get("see")), "")
        english, hint, hint_en = message, "", ""
        if self.strict:
            english, hint, hint_en = (
                text_of(self.diagnostics.get(one)) if (one := f"{identifier}{kind}") in named else ""
                for kind in (".en", ".hint", ".hint.en")
            )
            if not (identifier and english and element.get("see") and element.get("test")):
                self.faults.append(
                    f"assertion {identifier or message!r} needs an id, a test, a source (see) and an English diagnostic"
                )
        elif not element.get("test"):
            self.faults.append(f"pattern {pattern}: an assertion without a test, line {element.sourceline}")
        else:
            hint = hint_en = " ".join(text_of(self.diagnostics.get(one)) for one in named).strip()
        optional = {name: element.get(f"{{{ECLUSE}}}{name}") for name in ("found", "where", "expected", "repair")}
        return Assertion(
            id=identifier or f"{pattern}-{number}",
            test=_renamed(element.get("test", ""), spelled),
            fails_when=element.tag == f"{SCH}report",
            role=self._severity(element, around, identifier or pattern),
            source=source or self.title,
            message=message,
            message_en=english,
            hint=hint,
            hint_en=hint_en,
            found=None if optional["found"] is None else _renamed(optional["found"], spelled),
            expected=optional["expected"],
            where=None if optional["where"] is None else _renamed(optional["where"], spelled),
            repair=optional["repair"],
            parts=parts,
        )

    def _severity(self, element: _Element, around: tuple[_Element, ...], name: str) -> str:
        role = next((one.get("role", "") for one in (element, *around) if one.get("role")), "")
        severity = _SEVERITIES.get(role.lower())
        if severity is None:
            told_of = f"{name}: the role {role} is none of error, warning and info"
            (self.faults if self.strict else self.notes).append(told_of)
        return severity or "error"


def _renamed(expression: str, spelled: Mapping[str, str]) -> str:
    if not spelled:
        return expression
    return with_variables(expression, lambda name: f"${spelled[name]}" if name in spelled else None)


def _literal(text: str) -> str:
    """A text as an XPath literal."""
    if '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return "concat(" + ", '\"', ".join(f'"{piece}"' for piece in text.split('"')) + ")"
