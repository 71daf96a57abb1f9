"""`ecluse validate`: verdicts on documents, and where each fault is."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from cda.document import UnreadableDocument
from conformance import validate as engine
from conformance.report import Report, unreadable, write_json
from gateway.cli.speech import language, text

INVALID, UNUSABLE = 1, 2


@click.command(short_help="Verdicts on CDA documents.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", type=click.Choice(sorted(engine.PROFILES)), help="Found from templateIds when absent.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def validate(ctx: click.Context, files: tuple[Path, ...], profile: str | None, form: str) -> None:
    """Validate CDA documents: FILE... may name directories, whose *.xml are taken.

    Exit status: 0 when all are valid, 1 when one is not, 2 when one cannot be read (the others are still judged).
    """
    paths = list(_documents(files))
    reports: list[tuple[str, Report]] = []
    unusable = 0
    for number, path in enumerate(paths, 1):
        if len(paths) > 1 and sys.stderr.isatty():
            click.echo(f"\r{number}/{len(paths)}", nl=False, err=True)
        try:
            report = engine.validate(path.read_bytes(), profile)
        except (OSError, UnreadableDocument) as error:
            unusable += 1
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            click.echo(f"{path}: {text(en='cannot be judged', fr='ne peut être jugé')}: {reason}", err=True)
            reports.append((str(path), unreadable(reason)))
            continue
        reports.append((str(path), report))
        if form == "text":
            click.echo(report.as_text(str(path), language()))
    if form == "json":
        click.echo(write_json(reports, language()))
    if len(paths) > 1:
        _say_totals([report for _, report in reports if report.profile], unusable)
    invalid = not all(report.valid for _, report in reports)
    ctx.exit(UNUSABLE if unusable or not paths else INVALID if invalid else 0)


def _documents(files: Iterable[Path]) -> Iterator[Path]:
    for path in files:
        if path.is_dir():
            yield from sorted(path.rglob("*.xml"))
        else:
            yield path


def _say_totals(reports: list[Report], unusable: int) -> None:
    valid = sum(report.valid for report in reports)
    errors = sum(len(report.errors) for report in reports)
    invalid = len(reports) - valid
    click.echo(
        text(
            en=f"{valid} valid, {invalid} invalid ({errors} errors), {unusable} unusable",
            fr=f"{valid} valides, {invalid} non valides ({errors} erreurs), {unusable} inutilisables",
        ),
        err=True,
    )
