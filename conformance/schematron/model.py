"""A Schematron schema as plain values, all its includes and abstractions resolved (ISO/IEC 19757-3 §5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

SCH = "{http://purl.oclc.org/dsdl/schematron}"
ECLUSE = "urn:ecluse:schematron"


class SchemaFault(ValueError):
    """The schema itself is wrong. `faults` says everything that is: which rule, and why."""

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message: `kind` is `text`, `value` (an XPath whose string is shown) or `name` (a path: its name)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One assert or report. `fails_when` is the truth of `test` that makes it a finding: False for an assert.

    `role` is `error`, `warning` or `info`. `found` is an XPath that shows what was met, `where` an XPath to the element
    that the finding points to, both from the context of the rule; `expected` is a text. `repair` says how the element
    of `where` is mended, when that is certain: `@code='SYNTH'` sets an attribute, `remove` takes the element away,
    several steps are parted by `;`. `parts` is the message when the document has its word in it, else empty.
    `query` is the test in XPath 1.0, once the schema is planned.
    """

    id: str
    test: str
    fails_when: bool
    role: str
    source: str
    message: str
    message_en: str
    hint: str = ""
    hint_en: str = ""
    found: str | None = None
    expected: str | None = None
    where: str | None = None
    repair: str | None = None
    parts: tuple[Part, ...] = ()
    query: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the first of its pattern whose `context` matches a node speaks for that node."""

    context: str
    lets: tuple[tuple[str, str], ...]
    assertions: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern: rules in order, the first that matches wins. Its variables are of the whole document."""

    id: str
    rules: tuple[Rule, ...]
    lets: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SchemaText:
    """A schema as written: prefixes, variables of the whole document, patterns in order.

    `binding` is the query language, in lower case. `notes` are mistakes of the schema that were tolerated.
    """

    title: str
    namespaces: tuple[tuple[str, str], ...]
    lets: tuple[tuple[str, str], ...]
    patterns: tuple[Pattern, ...]
    binding: str = "xslt"
    notes: tuple[str, ...] = field(default=())
