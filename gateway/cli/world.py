"""`ecluse world`: the test world of homologation scenarios, made in a house and shown."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import psycopg
import requests

from gateway.administration.office import RecordsError
from gateway.cli.administration import administration, house_options
from gateway.cli.rehearsal import Rehearsal, RehearsalError
from gateway.cli.speech import language, say, text
from gateway.cli.world_seed import Seeded, WorldError, WorldSeed
from gateway.settings import Settings, SettingsError, load
from samples.client.answers import SoapFault
from samples.pki.catalogue import read_catalogue
from samples.world.world import Told, read_world

_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object.")
_THERE = (
    "SELECT u.unique_id, e.entry_uuid::text, e.status FROM ecluse.unique_ids u"
    " JOIN ecluse.document_entries e ON e.entry_uuid = u.entry_uuid WHERE u.unique_id = ANY (%s)"
)
_RECORDS = (
    "SELECT p.patient_id, r.status FROM ecluse.patients p JOIN ecluse.records r USING (patient_key)"
    " WHERE p.patient_id = ANY (%s)"
)


@click.group()
def world() -> None:
    """The test world: patients P1 to P10, who acts on them, their documents."""


@world.command()
@_as_json
@house_options
def seed(*, as_json: bool, file: Path | None, data: str | None) -> None:
    """Make what is missing of the world: records by the administration, documents through the doors.

    The house may be open or not: the doors open once more, on other ports, for as long as it takes.
    """
    try:
        settings = load(file, data=data)
        refuse_other_houses(settings)
        with (
            Rehearsal(open_environment(), data=Path(settings.data).resolve(), settings=file) as house,
            closing(house.owner()) as connection,
        ):
            done = [_tell(one, as_json=as_json) for one in WorldSeed(house, connection).make()]
            if as_json:
                click.echo(json.dumps(_world(connection), ensure_ascii=False, indent=1))
    except (
        SettingsError,
        RehearsalError,
        RecordsError,
        WorldError,
        SoapFault,
        requests.RequestException,
        psycopg.OperationalError,
    ) as error:
        raise click.ClickException(str(error)) from None
    if not as_json:
        made = sum(one.made for one in done)
        say(en=f"{made} made, {len(done) - made} there already. See them: ecluse world show",
            fr=f"{made} faits, {len(done) - made} déjà là. Pour les voir : ecluse world show")  # fmt: skip


@world.command()
@_as_json
@house_options
def show(*, as_json: bool, file: Path | None, data: str | None) -> None:
    """Show who there is, with their INS and certificates, and the documents with their uniqueIds."""
    with administration(file, data) as house:
        found = _world(house.connection)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for part, columns in _COLUMNS.items():
        click.echo("")
        for row in found[part]:
            click.echo("  ".join(str(row[name] or "-").ljust(width) for name, width in columns.items()).rstrip())


_COLUMNS: Mapping[str, Mapping[str, int]] = {
    "patients": {"key": 5, "ins": 15, "record": 9, "told": 0},
    "actors": {"key": 5, "national_id": 21, "holder": 12, "told": 0},
    "documents": {"key": 7, "patient": 4, "type": 12, "status": 10, "unique_id": 45, "told": 0},
}


def refuse_other_houses(settings: Settings) -> None:
    """Raises SettingsError: the house is no sandbox of the DMP."""
    if settings.mode != "sandbox" or settings.domain != "dmp":
        raise SettingsError(
            text(
                en="the test world is for a sandbox of the DMP only",
                fr="le monde de test est réservé à un bac à sable du DMP",
            )
        )


def open_environment() -> dict[str, str]:
    """What the environment says of this house, but for ports, which somebody may listen on; nothing comes due now."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("ECLUSE_")}
    kept = {name: value for name, value in ours.items() if not name.endswith("_PORT")}
    return {**kept, "ECLUSE_SANDBOX_ENABLED": "false", "ECLUSE_JOBS_INTERVAL": "0"}


def _tell(one: Seeded, *, as_json: bool) -> Seeded:
    if not as_json:
        word = text(en="made", fr="fait") if one.made else text(en="there already", fr="déjà là")
        known = read_world()
        told = (known.patients.get(one.key) or known.documents[one.key]).told
        indent = "" if one.key in known.patients else "  "
        click.echo(f"{indent}{one.key:8}{word:14}{_said(told)}")
    return one


def _world(connection: psycopg.Connection[Any]) -> dict[str, list[dict[str, Any]]]:
    """Everything that a vendor needs: INS, PS_IdNat, names of certificates, uniqueIds and entryUUIDs."""
    known, catalogue = read_world(), read_catalogue()
    records = dict(connection.execute(_RECORDS, ([one.cx for one in known.patients.values()],)).fetchall())
    rows = connection.execute(_THERE, ([one.unique_id for one in known.documents.values()],)).fetchall()
    documents = {unique_id: (entry_uuid, status) for unique_id, entry_uuid, status in rows}
    return {
        "patients": [
            {
                "key": one.key,
                "ins": one.ins,
                "patient_id": one.cx,
                "record": records.get(one.cx),
                "told": _said(one.told),
            }
            for one in known.patients.values()
        ],
        "actors": [
            {
                "key": one.key,
                "national_id": one.national_id,
                "holder": one.holder or None,
                "certificates": list(one.certificates),
                "password": catalogue.password if one.certificates else None,
                "told": _said(one.told),
            }
            for one in known.actors.values()
        ],
        "documents": [
            {
                "key": one.key,
                "patient": one.patient,
                "type": one.type,
                "title": one.title,
                "unique_id": one.unique_id,
                "entry_uuid": f"urn:uuid:{documents[one.unique_id][0]}" if one.unique_id in documents else None,
                "status": documents[one.unique_id][1] if one.unique_id in documents else None,
                "told": _said(one.told),
            }
            for one in known.documents.values()
        ],
    }


def _said(told: Told) -> str:
    return told[1] if language() == "fr" else told[0]
