"""`ecluse validate`: verdicts on documents, messages, resources and media, where each fault is, and the way out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from conformance.catalogue import METADATA_PROFILES
from conformance.judging import ASKED, OF_CDA, Judge
from conformance.report import Severity
from conformance.reports.formats import FORMATS, renderer
from conformance.reports.judged import Judged, Options, Totals
from conformance.reports.printable import printable
from gateway.cli.speech import language, say, text
from gateway.cli.validate_files import Source, sources
from gateway.cli.validate_judge import judge_all, shown
from gateway.cli.validate_needs import companions, need_rendering, opened_pack
from gateway.cli.validate_output import has_colours, leave_standard_output, write
from gateway.cli.validate_totals import UNUSABLE, exit_code, say_aside, say_totals

_SHOWN_OF_A_RULE = 5
_SEVERITIES = click.Choice([str(one) for one in Severity])


@click.command(short_help="Verdicts on CDA documents, XDS metadata, HL7 v2, FHIR and XDM.")
@click.argument("files", nargs=-1)
@click.option(
    "--profile",
    type=click.Choice(ASKED),
    help="Found from what the file says when absent; vsm: either version.",
)
@click.option(
    "--with",
    "companions",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A document to compare with the metadata judged; may be repeated.",
)
@click.option("--lenient", is_flag=True, help="FHIR: what a lenient interface admits is a warning.")
@click.option("--pack", metavar="NAME|DIR|ZIP", help="Judge by an official package instead of our rules.")
@click.option("--ours", is_flag=True, help="With --pack: judge by our rules too.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report to this file; - is the standard output.",
)
@click.option("--lang", type=click.Choice(["fr", "en"]), help="Language of reports; the locale's when absent.")
@click.option("--severity", type=_SEVERITIES, default="info", show_default=True, help="Show nothing less grave.")
@click.option("--fail-on", type=click.Choice(["error", "warning"]), default="error", show_default=True)
@click.option("--all", "whole", is_flag=True, help=f"Show every finding, not {_SHOWN_OF_A_RULE} of a rule (text).")
@click.option("--summary", is_flag=True, help="Show what a clinician reads in a medical summary, in every format.")
@click.option("--one-page", is_flag=True, help="With the summary, lay it out: does it fit on one A4 page?")
@click.option("--no-source", is_flag=True, help="Leave the lines of the documents out (text, html).")
@click.option("--stdin-name", default="-", metavar="NAME", help="The name in reports of what - reads.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Processes.")
@click.option("--fix", is_flag=True, help="Make the certain repairs in the files; originals stay as *.orig.")
@click.option("--force", is_flag=True, help="With --fix: repair read-only files too.")
@click.option("--watch", is_flag=True, help="Judge again what changes, until Ctrl-C (text only).")
@click.option("--explain", metavar="RULE|all", help="Say what a rule (of --pack) asks, or list all, and end.")
@click.pass_context
def validate(ctx: click.Context, /, files: tuple[str, ...], explain: str | None, **options: object) -> None:
    """Validate CDA documents, messages of XDS metadata and of HL7 v2, resources of FHIR (JSON, XML), media (XDM).

    FILE... may name folders or be - for the standard input. Of folders are taken *.xml, *.json that are resources,
    *.hl7, *.er7, *.txt that are messages, IHE_XDM.ZIP; one that holds IHE_XDM is a medium.

    Exit status: 0 when all are valid, 1 when one is not, 2 when one cannot be judged (the others still are).
    """
    if options["lang"]:
        ctx.find_root().obj = options["lang"]
    if explain is not None:
        from gateway.cli.validate_explain import explain as tell

        pack = opened_pack(str(options["pack"])) if options["pack"] else None
        ctx.exit(0 if tell(explain, str(options["form"]), pack) else UNUSABLE)
    _refuse_nonsense(files, options)
    run = _Run(files, options, _judge(options))
    ctx.exit(run.watched() if options["watch"] else run.once())


def _refuse_nonsense(files: tuple[str, ...], options: dict[str, object]) -> None:
    faults = (
        (not files, "Name a file, a folder, or -.", "Nommez un fichier, un dossier, ou -."),
        (
            bool(options["watch"]) and (options["form"] != "text" or options["output"] is not None or "-" in files),
            "--watch prints text on the terminal, of files.",
            "--watch affiche du texte au terminal, sur des fichiers.",
        ),
        (bool(options["ours"]) and not options["pack"], "--ours goes with --pack.", "--ours va avec --pack."),
        (
            bool(options["pack"]) and options["profile"] in OF_CDA and not options["ours"],
            "--profile is of our rules: a package finds the model by itself. Add --ours, or leave one out.",
            "--profile est de nos règles : un paquet trouve lui-même le modèle. Ajoutez --ours, ou ôtez l'un des deux.",
        ),
        (
            bool(options["companions"]) and options["profile"] not in (None, *METADATA_PROFILES),
            "--with compares documents with metadata: no such --profile.",
            "--with compare des documents à des métadonnées : pas avec ce --profile.",
        ),
        (bool(options["force"]) and not options["fix"], "--force goes with --fix.", "--force va avec --fix."),
        (bool(options["fix"]) and "-" in files, "--fix needs files.", "--fix demande des fichiers."),
        (files.count("-") > 1, "- can be named once.", "- ne se nomme qu'une fois."),
    )
    for wrong, english, french in faults:
        if wrong:
            raise click.UsageError(text(en=english, fr=french))


def _judge(options: dict[str, object]) -> Judge:
    """How files are judged. Raises UsageError: something that is asked for is not there; no file could be judged."""
    if options["one_page"]:
        need_rendering()
    return Judge(
        profile=_text(options["profile"]),
        pack=opened_pack(str(options["pack"])) if options["pack"] else None,
        ours=bool(options["ours"]),
        language=language(),
        view=datetime.now(UTC).date() if options["summary"] or options["one_page"] else None,
        pages=bool(options["one_page"]),
        documents=companions(options["companions"]),
        lenient=bool(options["lenient"]),
    )


class _Run:
    """One call of the command."""

    def __init__(self, files: tuple[str, ...], options: dict[str, object], judge: Judge) -> None:
        self._files = files
        self._stdin = str(options["stdin_name"])
        self._judge = judge
        self._profile = _text(options["profile"])
        self._form = str(options["form"])
        output = options["output"]
        self._output = output if isinstance(output, Path) and str(output) != "-" else None
        self._severity = Severity(str(options["severity"]))
        self._fail_on = Severity(str(options["fail_on"]))
        self._jobs = int(str(options["jobs"]))
        self._fix = bool(options["fix"])
        self._force = bool(options["force"])
        self._code = 0
        self._printed = Options(
            language=language(),
            colour=self._form == "text" and self._output is None and has_colours(),
            at_most=None if options["whole"] or self._form != "text" else _SHOWN_OF_A_RULE,
            source=not options["no_source"],
        )

    def once(self) -> int:
        """Judge all files and print; the exit code."""
        aside: list[str] = []
        found = list(sources(self._files, self._stdin, profile=self._profile, aside=aside))
        totals = Totals()
        if self._output is not None and _is_among(found, self._output):
            say(
                en=f"{self._output} is judged itself: a report would take its place. Choose another --output.",
                fr=f"{self._output} est lui-même jugé : un rapport l'écraserait. Choisissez un autre --output.",
                err=True,
            )
            return UNUSABLE
        try:
            write(renderer(self._form)(self._told(found, totals), self._printed), self._output)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            if self._output is None:
                leave_standard_output()
                say(
                    en=f"The report cannot be written: {error.strerror}. Choose another place: --output.",
                    fr=f"Le rapport ne peut être écrit : {error.strerror}. Choisissez un autre endroit : --output.",
                    err=True,
                )
                return UNUSABLE
            say(
                en=f"{self._output} cannot be written: {error.strerror}. Choose another --output.",
                fr=f"{self._output} ne peut être écrit : {error.strerror}. Choisissez un autre --output.",
                err=True,
            )
            return UNUSABLE
        if totals.files > 1:
            say_totals(totals)
        if aside:
            say_aside(aside)
        return self._code

    def watched(self) -> int:
        """Judge all files, then what changes, until the person ends it; the exit code."""
        from gateway.cli.validate_watch import watch

        return watch(lambda: sources(self._files, self._stdin, profile=self._profile), self._again)

    def _again(self, found: list[Source]) -> int:
        self._code = 0
        write(renderer(self._form)(self._told(found, Totals()), self._printed), None)
        return self._code

    def _told(self, found: list[Source], totals: Totals) -> Iterator[Judged]:
        """Judged files to print. In a text, those that cannot be judged are told on the error stream."""
        judged_files = iter(self._judged(found))
        for number in range(len(found)):
            with _progress(number, len(found)):
                judged = next(judged_files)
            totals.add(judged)
            self._code = max(self._code, exit_code(judged, self._fail_on))
            one = shown(judged, self._severity)
            if judged.usable:
                yield one
                continue
            if self._form == "text":
                for chunk in renderer("text")([one], self._printed):
                    click.echo(chunk, nl=False, err=True)
                continue
            finding = judged.report.findings[0]
            verdict = text(en="cannot be judged:", fr="ne peut être jugé :")
            click.echo(f"{printable(judged.file)}: {verdict} {finding.text(language())}", err=True)
            yield one

    def _judged(self, found: list[Source]) -> Iterable[Judged]:
        if self._fix:
            from gateway.cli.validate_fix import fix

            return (fix(self._judge, one, force=self._force) for one in found)
        return judge_all(self._judge, found, self._jobs)


def _is_among(found: list[Source], output: Path) -> bool:
    paths = (one.path for one in found if one.path is not None)
    return output.exists() and any(path.exists() and path.samefile(output) for path in paths)


def _text(value: object) -> str | None:
    return str(value) if value is not None else None


@contextmanager
def _progress(done: int, files: int) -> Iterator[None]:
    """Where many files stand, on one line of a terminal, wiped before anything else is printed."""
    shown_here = files > 1 and sys.stderr.isatty()
    if shown_here:
        click.echo(f"{done}/{files}", nl=False, err=True)
    try:
        yield
    finally:
        if shown_here:
            click.echo("\r\x1b[K", nl=False, err=True)
