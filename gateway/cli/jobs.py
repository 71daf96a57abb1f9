"""`ecluse jobs`: do what is due by the law's clock, say what will be, keep doing it while the house is open."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click
import psycopg

from gateway.cli.administration import administration, house_options
from gateway.cli.speech import counted, say, text
from gateway.database.errors import DatabaseSetupError
from gateway.jobs.clock import ClockError, after
from gateway.jobs.house import keeping
from gateway.jobs.keeper import Work
from gateway.logs import configure
from gateway.notices.dispatcher import Sent
from gateway.settings import SettingsError, load
from xds.registry.due import DueItem, DueKind

_WORDS = {
    DueKind.AUTHORISATION_END: ("authorisation ended", "autorisation expirée"),
    DueKind.HIDDEN_REMINDER: ("holder told that a document waits", "titulaire averti qu'un document attend"),
    DueKind.HIDDEN_RELEASE: ("document made visible to its holder", "document rendu visible à son titulaire"),
    DueKind.SUSPENSION_END: ("suspended record closed", "dossier suspendu fermé"),
    DueKind.MAJORITY: ("holder of age, without representative", "titulaire majeur, sans représentant"),
    DueKind.ARCHIVE_END: ("record destroyed, its archive over", "dossier détruit en fin d'archivage"),
    DueKind.DESTRUCTION_REQUEST: ("record destroyed on request", "dossier détruit sur demande"),
    DueKind.REIMBURSEMENTS: ("new record fed with reimbursements", "nouveau dossier alimenté en remboursements"),
}
_PATIENTS = "SELECT patient_key, patient_id FROM ecluse.patients WHERE patient_key = ANY (%s)"
_PAUSE = 60
"""Seconds between two rounds of a watch that somebody starts where the house has none."""
_PATIENCE = 120.0
"""Seconds that a watch delivers before it looks again at what is due, however slow the server."""
_log = logging.getLogger("ecluse.keeper")


@click.group()
def jobs() -> None:
    """What time does to records: run, list, watch."""


@jobs.command()
@house_options
def run(*, file: Path | None, data: str | None) -> None:
    """Do everything that is due, in the order of time, and deliver the news. Exit 1 when something failed."""
    os.umask(0o077)
    with administration(file, data) as house, keeping(house.settings) as kept:
        work, sent = kept.round()
    tell(work, sent)
    if work.failed:
        sys.exit(1)


@jobs.command("list")
@click.option("--within", default="0d", show_default=True, help="Also what will be due within a span: 14d, 1mo, 10y.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@house_options
def list_(*, within: str, as_json: bool, file: Path | None, data: str | None) -> None:
    """Say what is due, earliest first, by the law's clock: when, whose, what, its key in the logs, about what."""
    with administration(file, data) as house, keeping(house.settings) as kept:
        agenda, found, last = kept.keeper.agenda, list[DueItem](), None
        try:
            until = after(agenda.law_now(), within)
        except ClockError as error:
            raise click.ClickException(text(en=str(error), fr=error.french)) from None
        while page := agenda.page(until, last):
            found.extend(page)
            last = page[-1]
        patients = dict(house.connection.execute(_PATIENTS, (list({item.patient_key for item in found}),)).fetchall())
    if as_json:
        rows = [{**json.loads(item.as_json()), "patient_id": patients.get(item.patient_key, "")} for item in found]
        click.echo(json.dumps(rows))
        return
    for item in found:
        english, french = _WORDS[item.kind]
        ins = patients.get(item.patient_key, "").partition("^")[0]
        line = f"{item.due_at.isoformat(timespec='seconds')}  {ins:15}  {text(en=english, fr=french):42}"
        click.echo(f"{line}  {item.patient_key}  {item.subject}".rstrip())
    click.echo(counted(len(found), en=("thing.", "things."), fr=("échéance.", "échéances.")))


@jobs.command()
@house_options
def watch(*, file: Path | None, data: str | None) -> None:
    """Do what is due every `jobs.interval` seconds, until SIGTERM. `ecluse serve` runs it."""
    os.umask(0o077)
    configure()
    try:
        settings = load(file, data=data)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    stop = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    while not stop.is_set():
        try:
            with keeping(settings) as kept:
                kept.round(asked_to_stop=stop.is_set, patience=_PATIENCE)
        except (psycopg.Error, DatabaseSetupError) as error:
            _log.warning("the keeper cannot work with its database now", extra={"error": type(error).__name__})
        stop.wait(settings.jobs.interval or _PAUSE)


def tell(work: Work, sent: Sent, *, err: bool = False) -> None:
    """Say what was done, a line a kind."""
    for kind, number in sorted(work.done.items()):
        if number:
            english, french = _WORDS[kind]
            say(en=f"{number} × {english}", fr=f"{number} × {french}", err=err)
    for item, error in work.failed:
        english, french = _WORDS[item.kind]
        which = f"{item.due_at.isoformat(timespec='seconds')} {item.patient_key}"
        say(
            en=f"FAILED, to be tried again: {english} ({which}, {error})",
            fr=f"ÉCHEC, à retenter : {french} ({which}, {error})",
            err=True,
        )
    if sent.notices or sent.messages or sent.waiting or sent.parked:
        messages = counted(sent.messages, en=("message sent", "messages sent"), fr=("message remis", "messages remis"))
        say(
            en=f"{messages}, {sent.waiting} to be tried again, {sent.parked} parked",
            fr=f"{messages}, {sent.waiting} à retenter, {sent.parked} mis de côté",
            err=err,
        )
