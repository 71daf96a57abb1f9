"""`ecluse traces`: what was done to a record, for whoever may read it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.acts import Act
from gateway.administration.office import RecordsError
from gateway.cli.administration import Administration, house_options
from gateway.cli.record_house import in_utc, oid_option, record_house, write_down
from gateway.cli.speech import counted, language, say, text
from gateway.cli.why import patient_id
from gateway.cli.why_people import NobodyError, Person, person
from gateway.settings import law_parameters
from gateway.simulator.trace_book import TraceBook, medecin_traitant_of
from gateway.simulator.trace_forms import as_csv, as_html, as_json, as_line
from xds.errors import XdsErrorCode

MT = "MT"
_FOR_A_PERSON = 100
"""Traces that a person is shown when he does not say how many."""


@click.command(short_help="What was done to a record, for whoever may read it.")
@click.argument("patient")
@click.option("--as", "who", default="patient", show_default=True, help="patient, RL, MT, an actor, or a PS_IdNat.")
@click.option("--emergency", is_flag=True, help="Accesses in an emergency only, with their reasons.")
@click.option("--since", type=click.DateTime(), help="An instant of the law's clock, UTC.")
@click.option(
    "--last", "most", type=click.IntRange(1, 100_000), help="At most so many; absent: 100 for a person, all in a file."
)
@click.option("--proof", is_flag=True, help="Name the events of the audit trail that prove each.")
@click.option("--json", "form", flag_value="json", help="Export: one JSON array.")
@click.option("--csv", "form", flag_value="csv", help="Export: one line a trace.")
@click.option("--html", "form", flag_value="html", help="Export: a page to print.")
@oid_option
@house_options
def traces(
    patient: str,
    who: str,
    since: datetime | None,
    most: int | None,
    form: str | None,
    oid: str,
    *,
    emergency: bool,
    proof: bool,
    file: Path | None,
    data: str | None,
) -> None:
    """Show the traces of the record of PATIENT, an INS or a patient of the test world, newest first.

    The patient and his médecin traitant read all, a professional his own, who represents a minor all but those of
    secret sessions. A document is named by its title only to those who may see it.
    """
    with record_house(file, data) as house:
        cx = patient_id(patient, oid)
        reader = _reader(house, cx, who)
        now = datetime.now(UTC)
        try:
            book = TraceBook(house.connection, cx, reader.requester, law_parameters(house.settings), now)
        except LookupError as error:
            raise RecordsError(str(error), XdsErrorCode.UNKNOWN_PATIENT_ID) from None
        write_down(house, cx, Act.READ_TRACES, who)
        if most is None:
            most = _FOR_A_PERSON if form is None else None
        found = list(book.read(since=in_utc(since), emergency=emergency, most=None if most is None else most + 1))
        left_out = most is not None and len(found) > most
        found = found[:most]
        proofs = book.proofs(found) if proof else {}
    wanted = proofs if proof else None
    if form == "json":
        click.echo(as_json(found, wanted))
    elif form == "csv":
        click.echo(as_csv(found, wanted).rstrip())
    elif form == "html":
        click.echo(as_html(found, wanted, language(), _subject(patient, reader, now)).rstrip())
    else:
        for trace in found:
            click.echo(as_line(trace, proofs, language()))
        click.echo(counted(len(found), en=("trace.", "traces."), fr=("trace.", "traces.")))
    if left_out:
        say(
            en="Older traces are left out: --last says how many are shown.",
            fr="Des traces plus anciennes ne sont pas montrées : --last dit combien le sont.",
            err=True,
        )


def _reader(house: Administration, cx: str, who: str) -> Person:
    if who == MT:
        found = medecin_traitant_of(house.connection, cx)
        if found is None:
            raise RecordsError(
                text(en="this record has no médecin traitant", fr="ce dossier n'a pas de médecin traitant")
            )
        who = found
    try:
        return person(who)
    except NobodyError as error:
        raise click.UsageError(str(error)) from None


def _subject(patient: str, reader: Person, now: datetime) -> str:
    """Whose record an exported page shows, to whom, and when it was made (real time)."""
    when = f"{now:%Y-%m-%d %H:%M} UTC"
    return text(
        en=f"Record of {patient}, read by {reader.label}, {when}. Acts have the time of the law's clock.",
        fr=f"Dossier de {patient}, lu par {reader.label}, {when}. Les actes ont l'heure de l'horloge de la loi.",
    )
