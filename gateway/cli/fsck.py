"""`ecluse fsck`: prove that every entry has its bytes, and find the blobs that have no entry."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import psycopg

from gateway.cli.administration import existing_house
from gateway.cli.speech import counted, say
from gateway.database.errors import DatabaseSetupError, DatabaseUnavailable
from gateway.database.migrate import MigrationError
from gateway.database.opening import open_database
from gateway.settings import SettingsError, load
from xds.repository.address import BlobAddress
from xds.repository.examination import Condition, Finding, examine

_REMOVABLE = frozenset({Condition.ORPHAN, Condition.UNFINISHED})
_DAMAGE = frozenset({Condition.MISSING, Condition.ALTERED})
_WORDS = {
    Condition.MISSING: ("an entry has no bytes", "une entrée n'a pas ses octets"),
    Condition.ALTERED: ("bytes are not those that were stored", "les octets ne sont pas ceux qui ont été déposés"),
    Condition.ORPHAN: ("bytes without an entry", "des octets sans entrée"),
    Condition.UNFINISHED: ("a file never finished", "un fichier jamais terminé"),
}


@click.command()
@click.option("--settings", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="TOML file.")
@click.option("--data", help="Data directory.")
@click.option("--delete", is_flag=True, help="Remove blobs without an entry and files never finished.")
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    default=3600,
    show_default=True,
    help="Seconds: what is younger may be a deposit under way and is left alone.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def fsck(file: Path | None, data: str | None, *, delete: bool, grace: int, as_json: bool) -> None:
    """Compare registry and repository; every byte is read again.

    Exit 1 when an entry has no bytes, or bytes whose SHA-256 is not their name.
    """
    try:
        settings = load(file, data=data)
        folder = existing_house(settings)
        with (
            open_database(folder, url=settings.database.url or None) as database,
            psycopg.connect(database.layout.owner_url) as connection,
        ):
            findings = examine(folder / "blobs", _addresses(connection), older_than=time.time() - grace)
            counts, removed, shown = _report(findings, delete=delete, as_json=as_json)
    except (SettingsError, DatabaseSetupError, MigrationError, DatabaseUnavailable) as error:
        raise click.ClickException(str(error)) from error
    _conclude(counts, removed, shown, as_json=as_json)
    if any(counts[condition] for condition in _DAMAGE):
        sys.exit(1)


def _addresses(connection: psycopg.Connection) -> Iterator[BlobAddress]:
    """Addresses of all entries, ascending, in one snapshot; the query runs before the first blob is looked at."""
    with connection.cursor(name="fsck") as cursor:
        cursor.itersize = 10_000
        cursor.execute(
            "SELECT DISTINCT blob_address FROM ecluse.document_entries"
            " WHERE blob_address IS NOT NULL ORDER BY blob_address"
        )
        for (digest,) in cursor:
            yield BlobAddress(bytes(digest))


def _report(
    findings: Iterator[Finding], *, delete: bool, as_json: bool
) -> tuple[Counter[Condition], int, list[dict[str, str]]]:
    counts: Counter[Condition] = Counter()
    removed, shown = 0, []
    for finding in findings:
        counts[finding.condition] += 1
        _show_progress(sum(counts.values()), sys.stderr)
        if finding.condition in _WORDS:
            shown.append({"condition": finding.condition.value, "name": finding.name})
            if not as_json:
                english, french = _WORDS[finding.condition]
                say(en=f"{finding.name}: {english}", fr=f"{finding.name} : {french}")
        if delete and finding.condition in _REMOVABLE and finding.path is not None:
            finding.path.unlink(missing_ok=True)
            removed += 1
    return counts, removed, shown


def _conclude(counts: Counter[Condition], removed: int, shown: list[dict[str, str]], *, as_json: bool) -> None:
    if as_json:
        totals = {condition.value: counts[condition] for condition in Condition}
        click.echo(json.dumps({**totals, "removed": removed, "findings": shown}))
        return
    total = sum(counts[condition] for condition in (Condition.SOUND, *_DAMAGE))
    useless = sum(counts[condition] for condition in _REMOVABLE)
    files = counted(useless, en=("useless file", "useless files"), fr=("fichier inutile", "fichiers inutiles"))
    gone = counted(removed, en=("removed", "removed"), fr=("supprimé", "supprimés"))
    sound = counted(counts[Condition.SOUND], en=("of", "of"), fr=("document sain sur", "documents sains sur"))
    say(en=f"{sound} {total} stored documents sound, {files}, {gone}", fr=f"{sound} {total}, {files}, {gone}")
    if useless > removed:
        say(en="run with --delete to remove them", fr="relancer avec --delete pour les supprimer")


def _show_progress(done: int, terminal: IO[str]) -> None:
    if done % 1000 == 0 and terminal.isatty():
        click.echo(f"\r{done}…\r", nl=False, file=terminal)
