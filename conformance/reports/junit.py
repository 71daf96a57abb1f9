"""JUnit XML, as build servers read it: a test suite for each file, a case for each layer and for each broken rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.report import Finding, Severity
from conformance.reports.judged import Judged, Options
from conformance.reports.printable import escaped
from conformance.reports.wording import layer_title, met, title_of, word


def render(judged: Iterable[Judged], options: Options) -> Iterator[bytes]:
    """One chunk a file. Errors are failures, warnings what a passing case printed, unusable files errors."""
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="ecluse validate">\n'
    for one in judged:
        yield "\n".join(_suite(one, options)).encode() + b"\n"
    yield b"</testsuites>\n"


def _suite(judged: Judged, options: Options) -> Iterator[str]:
    cases: list[str] = []
    failures = skipped = 0
    report = judged.report
    broken: dict[str, list[Finding]] = {}
    for finding in report.findings:
        broken.setdefault(finding.rule, []).append(finding)
    for layer in report.layers:
        title = title_of(layer, options.language)
        if not layer.asked:
            skipped += 1
            cases += _case(title, layer.name, f'<skipped message="{escaped(layer.note)}"/>')
        elif not any(one.layer == layer.name and one.severity is Severity.ERROR for one in report.findings):
            cases += _case(title, layer.name)
    for rule, findings in broken.items():
        layer_name = layer_title(findings[0].layer, report, options.language) or word("rule", options.language)
        if not judged.usable:
            cases += _case(rule, layer_name, _failure("error", findings, options))
        elif any(one.severity is Severity.ERROR for one in findings):
            failures += 1
            cases += _case(rule, layer_name, _failure("failure", findings, options))
        else:
            cases += _case(rule, layer_name, f"<system-out>{_said(findings, options)}</system-out>")
    if not cases:
        cases += _case(report.profile or "", word("profile", options.language))
    tests = sum(one.startswith("    <testcase") for one in cases)
    unusable = 0 if judged.usable else len(broken)
    yield (
        f'  <testsuite name="{escaped(judged.file)}" tests="{tests}" failures="{failures}" errors="{unusable}" '
        f'skipped="{skipped}">'
    )
    yield from cases
    yield "  </testsuite>"


def _case(name: str, group: str, content: str = "") -> list[str]:
    opening = f'    <testcase name="{escaped(name)}" classname="{escaped(group)}"'
    return [f"{opening}>{content}</testcase>"] if content else [f"{opening}/>"]


def _failure(tag: str, findings: list[Finding], options: Options) -> str:
    first = findings[0]
    return (
        f'<{tag} type="{escaped(first.rule)}" message="{escaped(first.text(options.language))}">'
        f"{_said(findings, options)}</{tag}>"
    )


def _said(findings: list[Finding], options: Options) -> str:
    lines = []
    for one in findings:
        parts = [f"{one.line}:{one.column} {one.path}" if one.line else one.path, one.text(options.language)]
        parts += [text for text in (met(one, options.language), one.advice(options.language)) if text]
        lines.append(" — ".join(escaped(part) for part in parts if part))
    return "\n".join(lines)
