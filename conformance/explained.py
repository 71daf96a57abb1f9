"""What is told of a rule, wherever it comes from: what it asks, of what, how grave it is, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from conformance.report import Severity
from conformance.schematron.model import Assertion

Kind = Literal["file", "schematron", "structure", "advice", "metadata", "agreement", "medium", "hl7v2", "fhir"]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a Schematron rule looks at, and its test: a document fails when the test has the value `fails_when`."""

    context: str
    test: str
    fails_when: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One rule. `message` may have words in braces, which a finding fills in. `profiles` are those that ask it.

    `conditions` are empty for rules that are code; several when several schemas ask the same thing of their own
    documents. `has_twin`: among the samples there is a document that breaks this rule.
    """

    id: str
    kind: Kind
    layer: str
    severity: Severity
    source: str
    message: str
    message_en: str
    hint: str
    hint_en: str
    profiles: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    expected: str | None = None
    repair: str | None = None
    has_twin: bool = False

    def text(self, language: str = "fr") -> str:
        """The message in the language asked for."""
        return self.message_en if language == "en" else self.message

    def advice(self, language: str = "fr") -> str:
        """What to do about it, in the language asked for; empty when nobody knows."""
        return self.hint_en if language == "en" else self.hint

    @property
    def twin(self) -> str | None:
        """The command that writes a document which breaks this rule."""
        return f"ecluse samples broken DIR --rule {self.id}" if self.has_twin else None

    def as_data(self, language: str = "fr") -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {
            "rule": self.id,
            "kind": self.kind,
            "layer": self.layer,
            "severity": str(self.severity),
            "source": self.source,
            "message": self.text(language),
            "hint": self.advice(language),
            "profiles": list(self.profiles),
            "conditions": [
                {"context": one.context, "test": one.test, "fails_when": one.fails_when} for one in self.conditions
            ],
            "expected": self.expected,
            "repair": self.repair,
            "twin": self.twin,
        }


class Worded(Protocol):
    """Something that has the texts of a rule."""

    @property
    def source(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def message_en(self) -> str: ...
    @property
    def hint(self) -> str: ...
    @property
    def hint_en(self) -> str: ...


def explained(
    text: Worded,
    *,
    id: str,  # noqa: A002 - the name of the field
    kind: Kind,
    layer: str,
    severity: Severity,
    profiles: tuple[str, ...],
    has_twin: bool = False,
) -> Explained:
    """A rule that is code, in its texts."""
    return Explained(
        id=id,
        kind=kind,
        layer=layer,
        severity=severity,
        source=text.source,
        message=text.message,
        message_en=text.message_en,
        hint=text.hint,
        hint_en=text.hint_en,
        profiles=profiles,
        has_twin=has_twin,
    )


def explained_assertion(
    one: Assertion, context: str, *, layer: str, profiles: tuple[str, ...], has_twin: bool
) -> Explained:
    """An assertion of a schema, with what it looks at."""
    return Explained(
        id=one.id,
        kind="schematron",
        layer=layer,
        severity=Severity(one.role),
        source=one.source,
        message=one.message,
        message_en=one.message_en,
        hint=one.hint,
        hint_en=one.hint_en,
        profiles=profiles,
        conditions=(Condition(" ".join(context.split()), " ".join(one.test.split()), one.fails_when),),
        expected=one.expected,
        repair=one.repair,
        has_twin=has_twin,
    )
