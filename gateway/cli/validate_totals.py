"""What is said at the end of many files: how many, the rules broken most often, what was left aside; exit codes."""

from __future__ import annotations

import click

from conformance.report import Severity
from conformance.reports.judged import Judged, Totals
from conformance.reports.printable import printable
from gateway.cli.speech import counted, language, say

INVALID, UNUSABLE = 1, 2
_RULES = 5
_NAMES = 3


def exit_code(judged: Judged, fail_on: Severity) -> int:
    """0 valid, 1 invalid, 2 unusable; warnings are as bad as errors when asked to be."""
    if not judged.usable:
        return UNUSABLE
    failed = not judged.report.valid or (fail_on is Severity.WARNING and bool(judged.report.warnings))
    return INVALID if failed else 0


def say_totals(totals: Totals) -> None:
    """Totals on the error stream: reports keep the output for themselves."""
    valid = counted(totals.valid, en=("valid", "valid"), fr=("valide", "valides"))
    invalid = counted(totals.invalid, en=("invalid", "invalid"), fr=("non valide", "non valides"))
    errors = counted(totals.errors, en=("error", "errors"), fr=("erreur", "erreurs"))
    unusable = counted(totals.unusable, en=("unusable", "unusable"), fr=("inutilisable", "inutilisables"))
    click.echo(f"{valid}, {invalid} ({errors}), {unusable}", err=True)
    for finding, times in totals.most_broken(_RULES):
        click.echo(f"{times:>7} × {printable(finding.rule)}  {printable(finding.text(language()))}", err=True)


def say_aside(names: list[str]) -> None:
    """Files of folders that were not judged though their names might have been those of resources or messages."""
    shown = ", ".join(map(printable, names[:_NAMES])) + (", …" if len(names) > _NAMES else "")
    files = counted(len(names), en=("file", "files"), fr=("fichier", "fichiers"))
    say(
        en=f"{files} not judged, neither a resource of FHIR nor a message of HL7 v2: {shown}",
        fr=f"{files} non jugés, ni ressource FHIR ni message HL7 v2 : {shown}"
        if len(names) > 1
        else f"{files} non jugé, ni ressource FHIR ni message HL7 v2 : {shown}",
        err=True,
    )
