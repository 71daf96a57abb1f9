"""What validation found: findings are data, a report holds them all and says whether the document is valid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from conformance.expected import expected_in, found_in


class Severity(StrEnum):
    """How grave a finding is.

    `error`: the official chain rejects it. `warning`: the prose asks for it, no official check does. `info`: advice.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the source that repairs a fault: bytes `start` to `end`, end excluded, become `text`."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule at one place.

    `path` is an XPath without prefixes; `line` and `column` count from 1, in characters, at the `<` of the element
    (0: no place). `found` is None when the thing is absent, empty when it is, or when the rule shows nothing. `message`
    and `hint` are French, `message_en` and `hint_en` English; `source` names the standard. `layer` is the part of the
    chain that spoke (`structure`, `header`, `body`, `document`, `terminology`, `metadata`, `agreement`, or a layer of a
    pack). `context` and `test` are those of the Schematron rule, empty for other rules. `repair` is empty unless the
    way to mend the document is certain.
    """

    rule: str
    severity: Severity
    source: str
    path: str
    line: int
    column: int
    found: str | None
    expected: str | None
    message: str
    message_en: str
    hint: str = ""
    hint_en: str = ""
    layer: str = ""
    context: str = ""
    test: str = ""
    repair: tuple[Edit, ...] = ()

    def advice(self, language: str = "fr") -> str:
        """What to do about it, in the language asked for; empty when nobody knows."""
        return self.hint_en if language == "en" else self.hint

    def text(self, language: str = "fr") -> str:
        """The message in the language asked for."""
        return self.message_en if language == "en" else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerResult:
    """What one layer of the chain said: how many errors and warnings, or `note`, why it was not asked."""

    name: str
    title: str
    title_en: str
    asked: bool = True
    errors: int = 0
    warnings: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One heading of the clinical summary: what the document says under it; `line` is 0 when it is absent."""

    title: str
    title_en: str
    loinc: str
    state: Literal["present", "absent", "empty", "unknown"]
    items: tuple[str, ...] = ()
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a reader sees of a medical summary. `pages`: None when it was not laid out; `overflow`: what is too long."""

    headings: tuple[Heading, ...]
    pages: int | None = None
    overflow: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on one document. `findings` are in the order of the document, then of the rules.

    `profile` is None when the document could not be read, hence not be judged by any. `document_type` is the title of
    what the document says it is. `layers` says which parts of the chain were asked; `notes` what a reader must know of
    the verdict itself.
    """

    profile: str | None
    findings: tuple[Finding, ...]
    document_type: str | None = None
    layers: tuple[LayerResult, ...] = ()
    notes: tuple[str, ...] = ()
    summary: Summary | None = None

    @property
    def valid(self) -> bool:
        """Whether no finding is an error."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the document invalid."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that a careful sender mends."""
        return tuple(one for one in self.findings if one.severity is Severity.WARNING)

    def as_data(self, file: str, language: str = "fr") -> dict[str, object]:
        """The report in the machine format: plain values, ready for JSON."""
        return {
            "file": file,
            "profile": self.profile,
            "valid": self.valid,
            "findings": [_finding_data(one, language) for one in self.findings],
            "document_type": self.document_type,
            "layers": [_layer_data(one, language) for one in self.layers],
            "notes": list(self.notes),
            "summary": None if self.summary is None else _summary_data(self.summary, language),
        }


def _finding_data(one: Finding, language: str) -> dict[str, object]:
    return {
        "rule": one.rule,
        "severity": str(one.severity),
        "path": one.path,
        "line": one.line,
        "column": one.column,
        "found": found_in(one.found, language),
        "expected": expected_in(one.expected, language),
        "message": one.text(language),
        "source": one.source,
        "hint": one.advice(language),
        "layer": one.layer,
        "repair": [
            {"start": edit.start, "end": edit.end, "text": edit.text.decode("utf-8", "replace")} for edit in one.repair
        ],
    }


def _layer_data(one: LayerResult, language: str) -> dict[str, object]:
    return {
        "name": one.name,
        "title": one.title_en if language == "en" else one.title,
        "asked": one.asked,
        "errors": one.errors,
        "warnings": one.warnings,
        "note": one.note,
    }


def _summary_data(summary: Summary, language: str) -> dict[str, object]:
    return {
        "headings": [
            {
                "title": one.title_en if language == "en" else one.title,
                "loinc": one.loinc,
                "state": one.state,
                "items": list(one.items),
                "path": one.path,
                "line": one.line,
            }
            for one in summary.headings
        ],
        "pages": summary.pages,
        "overflow": summary.overflow,
    }


def unreadable(
    reason: str,
    *,
    message: str = "Le fichier n'est pas un document CDA lisible.",
    message_en: str = "The file is not a readable CDA document.",
    hint: str = "",
    hint_en: str = "",
    line: int = 0,
    column: int = 0,
    expected: str = "a CDA document",
) -> Report:
    """The report on bytes that are no CDA document: no profile, one error that says why, and where it is known."""
    finding = Finding(
        rule="CDA-UNREADABLE",
        severity=Severity.ERROR,
        source="HL7 CDA R2",
        path="",
        line=line,
        column=column,
        found=reason,
        expected=expected,
        message=message,
        message_en=message_en,
        hint=hint,
        hint_en=hint_en,
    )
    return Report(None, (finding,))


def layer_results(
    findings: Iterable[Finding], asked: Mapping[str, bool], titles: Mapping[str, tuple[str, str]]
) -> tuple[LayerResult, ...]:
    """What each layer said, in the order of `asked`; `titles` are French and English, by name, else the name."""
    counted = Counter((one.layer, one.severity) for one in findings)
    return tuple(
        LayerResult(
            name=name,
            title=titles.get(name, (name, name))[0],
            title_en=titles.get(name, (name, name))[1],
            asked=was_asked,
            errors=counted[name, Severity.ERROR],
            warnings=counted[name, Severity.WARNING],
        )
        for name, was_asked in asked.items()
    )
