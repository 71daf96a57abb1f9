"""`ecluse why`: what somebody may do in a record, what he sees of it, and which rule decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway import records as office
from gateway.acts import Act
from gateway.cli.administration import house_options
from gateway.cli.record_house import in_utc, oid_option, record_house, write_down
from gateway.cli.speech import language, say, text
from gateway.cli.why_page import serve_page
from gateway.cli.why_people import NobodyError, Person, person
from gateway.settings import law_parameters
from gateway.simulator.answering import Answer, Question, answer, is_answerable
from gateway.simulator.cases import cases_as, cases_of
from gateway.simulator.supposing import SuppositionError, read_suppositions
from gateway.simulator.tables import FORMATS, HIDDEN, READ, VERDICTS, Row, assumed_in_words, rows_of, tally_of
from gateway.simulator.words import in_words
from samples.world.world import read_world
from xds.dmp.columns import BREAK_GLASS, NORMAL, REGULATION
from xds.dmp.decision import Rule
from xds.dmp.operations import Operation

_LABEL = 44
_MARKS = {"allowed": ("✓", "green"), READ: ("✓", "green"), "listed": ("~", "yellow")}


@click.command(short_help="Why somebody sees what he sees in a record.")
@click.option("--patient", help="A patient of the test world (P1), or an INS.")
@click.option("--as", "who", help="An actor of the test world (M2), a card (dr-blanc), a PS_IdNat, patient or RL.")
@click.option("--mode", type=click.Choice([NORMAL, BREAK_GLASS, REGULATION]), default=NORMAL, show_default=True)
@click.option("--reason", default="", help="Reason, for bris_de_glace.")
@click.option("--secret", is_flag=True, help="In a secret session of a minor.")
@click.option("--operation", "operations", multiple=True, help="Only this one (TD3.2); may be repeated.")
@click.option("--at", "moment", type=click.DateTime(), help="An instant of the law's clock, UTC; now when absent.")
@click.option("--suppose", multiple=True, metavar="NAME=VALUE", help="What if: masked=permit, authorised=VALIDE…")
@click.option("--profession", help="Of a PS_IdNat that nobody has, TRE_G15; 10, a doctor, when absent.")
@click.option("--specialty", "specialties", multiple=True, help="Its specialty, TRE_R38 (SM26).")
@click.option("--structure", help="Its structure, Struct_IdNat.")
@click.option("--table", type=click.Choice(tuple(FORMATS)), help="A table for a program or a page.")
@click.option(
    "--test-cases",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write given, when, then to this file: .csv or .json.",
)
@click.option("--page", is_flag=True, help="The same as a page in a browser, until Ctrl-C. Sandbox only.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port of the page; 0, any free one.")
@oid_option
@house_options
def why(
    patient: str | None,
    who: str | None,
    mode: str,
    reason: str,
    operations: tuple[str, ...],
    moment: datetime | None,
    suppose: tuple[str, ...],
    profession: str | None,
    specialties: tuple[str, ...],
    structure: str | None,
    table: str | None,
    test_cases: Path | None,
    port: int,
    oid: str,
    *,
    secret: bool,
    page: bool,
    file: Path | None,
    data: str | None,
) -> None:
    """Say which operations are allowed and which documents appear, and the rule that decided on each.

    It asks the functions that the doors ask, on what the house holds now, or on what you suppose.
    """
    if page:
        serve_page(file, data, port)
        return
    if patient is None or who is None:
        raise click.UsageError(text(en="say --patient and --as, or --page", fr="dites --patient et --as, ou --page"))
    if moment is not None and not is_answerable(moment):
        raise click.UsageError(text(en="--at is between 1900 and 2300", fr="--at est entre 1900 et 2300"))
    try:
        somebody = person(who, profession=profession, specialties=specialties, structure=structure)
        only = frozenset(one for name in operations for one in _operations(name))
        supposed = read_suppositions(suppose)
    except (NobodyError, SuppositionError) as error:
        raise click.UsageError(str(error)) from None
    with record_house(file, data) as house:
        question = Question(
            patient_id=patient_id(patient, oid),
            patient=patient,
            person=somebody.key,
            requester=replace(somebody.requester, purpose=mode, reason=reason, secret=secret),
            at=in_utc(moment),
            suppositions=supposed,
        )
        write_down(house, question.patient_id, Act.EXPLAIN, who)
        found = answer(house.connection, question, law_parameters(house.settings), datetime.now(UTC))
    if table is not None:
        click.echo(FORMATS[table](found, language(), only).rstrip("\n"))
    else:
        _show(found, somebody, only)
    if test_cases is not None:
        form = "json" if test_cases.suffix == ".json" else "csv"
        _write(test_cases, cases_as(form, cases_of(found, language(), only)))


def _write(path: Path, cases: str) -> None:
    try:
        path.write_text(cases, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None


def patient_id(said: str, oid: str = office.TEST_INS_OID) -> str:
    """The CX of a key of the test world, or of an INS. Raises RecordsError: neither."""
    found = read_world().patient_of(said)
    return found.cx if found is not None else office.cx(said, oid)


def _operations(said: str) -> Collection[Operation]:
    """An operation, or those of a transaction: `TD3.3a` is masking and unmasking."""
    found = [one for one in Operation if said.lower() in (one.value.lower(), one.transaction.lower())]
    if not found:
        known = ", ".join(one.value for one in Operation)
        raise click.UsageError(text(en=f"operations are {known}", fr=f"les opérations sont {known}"))
    return found


def _show(found: Answer, somebody: Person, only: Collection[Operation]) -> None:
    question = found.question
    mode = question.requester.purpose
    click.echo(f"{question.patient} ({found.record}) · {somebody.label} ({found.authorisation}) · {mode}")
    if found.explanation.assumed:
        words = "; ".join(assumed_in_words(found, language()))
        click.echo(text(en=f"Rests on unverified rules: {words}", fr=f"Repose sur des règles non vérifiées : {words}"))
    space, rows = "", list(rows_of(found, language(), only))
    for row in rows:
        if row.space != space:
            space = row.space
            click.echo(click.style(space, bold=True))
        _show_row(row)
    if any(row.kind == "document" for row in rows):
        tally = tally_of(rows)
        say(
            en="{read} read, {listed} listed and not read, {hidden} absent.".format(**tally),
            fr="{read} lus, {listed} listés sans être lus, {hidden} absents.".format(**tally),
        )


def _show_row(row: Row) -> None:
    why = "" if row.rule == Rule.GRANTED else f"{row.rule}: {row.why}"
    if row.kind == "operation":
        click.echo(f"{_mark(row)} {row.id:18} {row.label:36} {why}".rstrip())
        return
    verdict = in_words(VERDICTS[row.verdict], language())
    click.echo(f"  {_mark(row)} {_cut(row.label):44} {row.status:10} {row.visibility:22} {verdict:9} {why}".rstrip())
    click.echo(f"      {row.id}  {row.type}  {row.changes if row.verdict != HIDDEN else ''}".rstrip())


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…"


def _mark(row: Row) -> str:
    mark, colour = _MARKS.get(row.verdict, ("✗", "red"))
    return click.style(mark, fg=colour)
