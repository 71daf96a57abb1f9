"""What is said at the end of many files: how many, and the rules broken most often; exit codes."""

from __future__ import annotations

import click

from conformance.report import Severity
from conformance.reports.judged import Judged, Totals
from conformance.reports.printable import printable
from gateway.cli.speech import counted, language

INVALID, UNUSABLE = 1, 2
_RULES = 5


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
