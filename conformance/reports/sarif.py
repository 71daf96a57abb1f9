"""SARIF 2.1.0, as editors and code hosts read it: rules, results with their regions, and repairs as fixes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from conformance.catalogue import XDM
from conformance.kinds import HL7V2, ZIP, media_type
from conformance.report import Edit, Finding, Severity
from conformance.reports.addresses import uri_of
from conformance.reports.judged import Judged, Language, Options
from conformance.reports.machine import write
from conformance.reports.printable import printable
from conformance.reports.source import line_and_column
from conformance.reports.wording import met, word

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(judged: Iterable[Judged], options: Options) -> Iterator[bytes]:
    """One log with one run. Contents are not kept, only what is said of them."""
    rules: dict[str, int] = {}
    described: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    artifacts: list[dict[str, Any]] = []
    notifications: list[dict[str, Any]] = []
    for number, one in enumerate(judged):
        address = {"uri": uri_of(one.file), "index": number}
        artifacts.append(_artifact(one))
        for finding in one.report.findings:
            if not one.usable:
                notifications.append(_notification(finding, address, options.language))
                continue
            if finding.rule not in rules:
                rules[finding.rule] = len(described)
                described.append(_rule(finding, options.language))
            results.append(_result(finding, rules[finding.rule], address, one.content, options.language))
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "ecluse", "version": version("ecluse"), "rules": described}},
        "language": "en-US" if options.language == "en" else "fr-FR",
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}],
        "artifacts": artifacts,
        "results": results,
    }
    yield write({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + b"\n"


def _artifact(judged: Judged) -> dict[str, Any]:
    made: dict[str, Any] = {"location": {"uri": uri_of(judged.file)}}
    if judged.content is not None or judged.report.profile != XDM:
        # A medium that is a directory has no media type.
        made["mimeType"] = media_type(judged.content or b"<")
    if judged.content is not None:
        if made["mimeType"] not in (HL7V2, ZIP):
            made["encoding"] = "UTF-8"
        made |= {
            "length": len(judged.content),
            "hashes": {"sha-256": hashlib.sha256(judged.content).hexdigest()},
        }
    return made


def _rule(finding: Finding, language: Language) -> dict[str, Any]:
    text = finding.text(language)
    made: dict[str, Any] = {
        "id": finding.rule,
        "shortDescription": _message(text),
        "fullDescription": _message(f"{text} ({finding.source})" if finding.source else text),
        "defaultConfiguration": {"level": _LEVEL[finding.severity]},
        "properties": {"source": finding.source, "layer": finding.layer, "tags": [finding.layer or "document"]},
    }
    if finding.advice(language):
        made["help"] = _message(finding.advice(language))
    return made


def _result(
    finding: Finding, index: int, address: dict[str, Any], content: bytes | None, language: Language
) -> dict[str, Any]:
    said = met(finding, language)
    text = finding.text(language) + (f" ({said})" if said else "")
    made: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVEL[finding.severity],
        "message": _message(text),
        "locations": [_location(finding, address)],
    }
    if finding.repair and content is not None:
        made["fixes"] = [
            {
                "description": _message(word("mend", language).format(rule=finding.rule)),
                "artifactChanges": [
                    {
                        "artifactLocation": address,
                        "replacements": [_replacement(edit, content) for edit in finding.repair],
                    }
                ],
            }
        ]
    return made


def _location(finding: Finding, address: dict[str, Any]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": address}
    if finding.line:
        physical["region"] = {"startLine": finding.line, "startColumn": max(finding.column, 1)}
    made: dict[str, Any] = {"physicalLocation": physical}
    if finding.path:
        made["logicalLocations"] = [{"fullyQualifiedName": finding.path, "kind": "element"}]
    return made


def _replacement(edit: Edit, content: bytes) -> dict[str, Any]:
    """What is deleted, said twice: in lines for editors, in bytes for programs."""
    (line, column), (last, after) = (line_and_column(content, at) for at in (edit.start, edit.end))
    region = {"startLine": line, "startColumn": column, "endLine": last, "endColumn": after}
    region |= {"byteOffset": edit.start, "byteLength": edit.end - edit.start}
    made: dict[str, Any] = {"deletedRegion": region}
    if edit.text:
        made["insertedContent"] = {"text": edit.text.decode("utf-8", "replace")}
    return made


def _notification(finding: Finding, address: dict[str, Any], language: Language) -> dict[str, Any]:
    hint = finding.advice(language)
    text = finding.text(language) + (f" {hint}" if hint else "")
    return {"level": "error", "message": _message(text), "locations": [_location(finding, address)]}


def _message(text: str) -> dict[str, str]:
    """A message string: braces are doubled, or they would be places for arguments (SARIF 2.1.0 §3.11.5)."""
    return {"text": printable(text).replace("{", "{{").replace("}", "}}")}
