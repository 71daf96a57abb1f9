"""`ecluse render`: a CDA document as a page that a person reads, or as PDF."""

from __future__ import annotations

from pathlib import Path

import click

from cda.document import CdaDocument, UnreadableDocument, parse_document
from cda.rendering.html import render as html_of
from conformance.diagnosis import diagnose
from conformance.reports.judged import Judged, Options
from conformance.reports.text import render as text_of
from gateway.cli.speech import language, say, text
from gateway.cli.validate_files import Source, Unusable, read
from gateway.cli.validate_needs import need_rendering
from gateway.cli.validate_output import atomic

UNUSABLE = 2


@click.command(short_help="A CDA document as a page, or as PDF.")
@click.argument("document", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write the page to this file.")
@click.option("--pdf", type=click.Path(path_type=Path, dir_okay=False), help="Write a PDF to this file.")
@click.option("--force", is_flag=True, help="Overwrite what is there.")
@click.pass_context
def render(ctx: click.Context, document: Path, page: Path | None, pdf: Path | None, *, force: bool) -> None:
    """Show DOCUMENT, or - for the standard input, as a person reads it: the header in short, then every narrative.

    Without --html and --pdf the page is printed. Exit status: 0, or 2 when it cannot be read or written.
    """
    targets = [one for one in (page, pdf) if one is not None]
    if len({one.resolve() for one in targets}) < len(targets):
        raise click.UsageError(
            text(en="--html and --pdf name one file.", fr="--html et --pdf nomment le même fichier.")
        )
    for target in targets:
        _refuse_what_is_there(target, force=force)
    if pdf is not None:
        need_rendering()
    read_document = _document(document)
    if read_document is None:
        ctx.exit(UNUSABLE)
    written = html_of(read_document, language()).encode()
    if not targets:
        click.echo(written)
    if page is not None:
        _write(ctx, page, written)
    if pdf is not None:
        from cda.rendering.pages import write_pdf

        _write(ctx, pdf, write_pdf(read_document))


def _refuse_what_is_there(target: Path, *, force: bool) -> None:
    if target.exists() and not force:
        raise click.UsageError(
            text(
                en=f"{target} is there already: name another file, or add --force.",
                fr=f"{target} existe déjà : nommez un autre fichier, ou ajoutez --force.",
            )
        )


def _document(path: Path) -> CdaDocument | None:
    """The document; None when it cannot be read, which is told with the reason and the way out."""
    name = str(path)
    source = Source(name, None if name == "-" else path)
    try:
        content = read(source)
    except Unusable as unusable:
        _tell(Judged(name, unusable.report))
        return None
    try:
        return parse_document(content)
    except UnreadableDocument as error:
        _tell(Judged(name, diagnose(content, error), content))
        return None


def _tell(judged: Judged) -> None:
    for chunk in text_of([judged], Options(language=language(), source=False)):
        click.echo(chunk, nl=False, err=True)


def _write(ctx: click.Context, target: Path, content: bytes) -> None:
    try:
        with atomic(target) as name:
            Path(name).write_bytes(content)
    except OSError as error:
        say(
            en=f"{target} cannot be written: {error.strerror or error}",
            fr=f"{target} ne peut être écrit : {error.strerror or error}",
            err=True,
        )
        ctx.exit(UNUSABLE)
