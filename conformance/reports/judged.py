"""A judged file, and what every way of printing it shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from conformance.report import Finding, Report, Severity

Language = Literal["fr", "en"]
_GRAVITY = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on one file. `content` is what was judged, None when nobody kept it: nothing of it is shown then."""

    file: str
    report: Report
    content: bytes | None = None

    @property
    def usable(self) -> bool:
        """Whether the file could be judged at all."""
        return self.report.profile is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How reports are printed.

    `at_most` bounds the findings of one rule in a text, None shows all. `source` shows the lines of the document
    concerned, which may name a patient.
    """

    language: Language = "fr"
    colour: bool = False
    at_most: int | None = None
    source: bool = True


@dataclass(slots=True)
class Totals:
    """What many verdicts come to. `rules` counts findings by rule, `messages` keeps a finding of each."""

    valid: int = 0
    invalid: int = 0
    unusable: int = 0
    errors: int = 0
    warnings: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    messages: dict[str, Finding] = field(default_factory=dict)

    def add(self, judged: Judged) -> None:
        """Count one file."""
        report = judged.report
        if not judged.usable:
            self.unusable += 1
            return
        self.valid += report.valid
        self.invalid += not report.valid
        for one in report.findings:
            self.errors += one.severity is Severity.ERROR
            self.warnings += one.severity is Severity.WARNING
            self.rules[one.rule] += 1
            self.messages.setdefault(one.rule, one)

    @property
    def files(self) -> int:
        """How many files were counted."""
        return self.valid + self.invalid + self.unusable

    def most_broken(self, number: int) -> list[tuple[Finding, int]]:
        """The rules broken most often, errors before warnings, and how often."""
        order = sorted(self.rules, key=lambda one: (-_GRAVITY[self.messages[one].severity], -self.rules[one], one))
        return [(self.messages[rule], self.rules[rule]) for rule in order[:number]]


def at_least(report: Report, severity: Severity) -> Report:
    """The report without the findings that are less grave. Errors always stay, hence the verdict."""
    kept = tuple(one for one in report.findings if _GRAVITY[one.severity] >= _GRAVITY[severity])
    return report if len(kept) == len(report.findings) else replace(report, findings=kept)


def by_layer(report: Report) -> Iterable[tuple[str, list[Finding]]]:
    """Findings grouped by layer: layers in the order of the report, then in that of their first finding."""
    groups: dict[str, list[Finding]] = {one.name: [] for one in report.layers}
    for finding in report.findings:
        groups.setdefault(finding.layer, []).append(finding)
    return groups.items()
