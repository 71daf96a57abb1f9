"""What validation found: findings are data, a report holds them all and says whether the document is valid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import orjson


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
    (0: no place). `found` is None when the thing is absent. `message` and `hint` are French, `message_en` and `hint_en`
    English; `source` names the standard. `layer` is the part of the chain that spoke (`structure`, `header`, `body`,
    `document`, `terminology`, `metadata`, `agreement`, or a layer of a pack). `context` and `test` are those of the
    Schematron rule, empty for other rules. `repair` is empty unless the way to mend the document is certain.
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


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on one document. `findings` are in the order of the document, then of the rules.

    `profile` is None when the document could not be read, hence not be judged by any.
    """

    profile: str | None
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Whether no finding is an error."""
        return not self.errors

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make the document invalid."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    def as_data(self, file: str, language: str = "fr") -> dict[str, object]:
        """The report in the machine format: plain values, ready for JSON."""
        return {
            "file": file,
            "profile": self.profile,
            "valid": self.valid,
            "findings": [
                {
                    "rule": one.rule,
                    "severity": str(one.severity),
                    "path": one.path,
                    "line": one.line,
                    "column": one.column,
                    "found": one.found,
                    "expected": one.expected,
                    "message": one.text(language),
                    "source": one.source,
                }
                for one in self.findings
            ],
        }

    def as_text(self, file: str, language: str = "fr") -> str:
        """The report for a reader: a verdict, then two or three lines a finding."""
        words = _WORDS[language]
        verdict = words["valid"] if self.valid else words["invalid"]
        return "\n".join((f"{file}: {verdict} ({self.profile or '?'})", *_lines(self.findings, language)))


def unreadable(reason: str) -> Report:
    """The report on bytes that are no CDA document: no profile, one error that says why."""
    finding = Finding(
        rule="CDA-UNREADABLE",
        severity=Severity.ERROR,
        source="HL7 CDA R2",
        path="",
        line=0,
        column=0,
        found=reason,
        expected="a CDA document",
        message="Le fichier n'est pas un document CDA lisible.",
        message_en="The file is not a readable CDA document.",
    )
    return Report(None, (finding,))


_WORDS = {
    "fr": {
        "valid": "valide",
        "invalid": "non valide",
        "found": "trouvé",
        "expected": "attendu",
        "absent": "absent",
        "error": "erreur",
        "warning": "avertissement",
        "info": "information",
    },
    "en": {
        "valid": "valid",
        "invalid": "invalid",
        "found": "found",
        "expected": "expected",
        "absent": "absent",
        "error": "error",
        "warning": "warning",
        "info": "info",
    },
}


def _lines(findings: Iterable[Finding], language: str) -> Iterable[str]:
    words = _WORDS[language]
    for one in findings:
        yield f"  {words[one.severity]} {one.rule} {one.line}:{one.column} {one.text(language)} [{one.source}]"
        yield f"    {one.path}"
        if one.found is not None or one.expected is not None:
            expected = f", {words['expected']}: {one.expected}" if one.expected is not None else ""
            yield f"    {words['found']}: {one.found if one.found is not None else words['absent']}{expected}"
        if one.hint:
            yield f"    {one.hint}"


def write_json(reports: Iterable[tuple[str, Report]], language: str = "fr") -> bytes:
    """Print (file, report) pairs in the machine format of `ecluse validate --format json`."""
    return orjson.dumps([report.as_data(file, language) for file, report in reports])
