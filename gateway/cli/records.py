"""`ecluse records`: open and close records, say who may read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway import records as office
from gateway.administration import seeding
from gateway.cli.administration import Administration, administration, house_options
from gateway.cli.speech import counted, say

_oid = click.option(
    "--oid", default=office.TEST_INS_OID, show_default=True, help="OID of the authority that assigned the INS."
)


@contextmanager
def _house(file: Path | None, data: str | None) -> Iterator[Administration]:
    with administration(file, data) as house:
        try:
            yield house
        except office.RecordsError as error:
            raise click.ClickException(str(error)) from None


@click.group()
def records() -> None:
    """Records of patients: open, authorise, revoke, block, close, list, seed."""


@records.command("open")
@click.argument("patient_ins")
@_oid
@house_options
def open_(patient_ins: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Open the record of a patient and make its keys."""
    with _house(file, data) as house:
        office.open_record(house.connection, office.cx(patient_ins, oid), kek=house.kek())
    say(en="Record open. Let a professional read it: ecluse records authorise INS PS_IDNAT",
        fr="Dossier ouvert. Pour autoriser un professionnel : ecluse records authorise INS PS_IDNAT")  # fmt: skip


@records.command()
@click.argument("patient_ins")
@click.argument("professional_id")
@_oid
@click.option("--until", type=click.DateTime(), help="End of the authorisation, UTC; 365 days when absent.")
@house_options
def authorise(
    patient_ins: str, professional_id: str, oid: str, until: datetime | None, *, file: Path | None, data: str | None
) -> None:
    """Let a professional (PS_IdNat) read a record."""
    end = until.replace(tzinfo=UTC) if until is not None else None
    with _house(file, data) as house:
        office.authorise(house.connection, office.cx(patient_ins, oid), professional_id, until=end)
    say(en=f"{professional_id} may read this record.", fr=f"{professional_id} peut lire ce dossier.")


@records.command()
@click.argument("patient_ins")
@click.argument("professional_id")
@_oid
@house_options
def revoke(patient_ins: str, professional_id: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Remove the authorisation, or the block, of a professional."""
    with _house(file, data) as house:
        office.revoke(house.connection, office.cx(patient_ins, oid), professional_id)
    say(en=f"{professional_id} has no authorisation on this record any more.",
        fr=f"{professional_id} n'a plus d'autorisation sur ce dossier.")  # fmt: skip


@records.command()
@click.argument("patient_ins")
@click.argument("professional_id")
@_oid
@house_options
def block(patient_ins: str, professional_id: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Block a professional, as the patient asked: he reads nothing, and may still feed."""
    with _house(file, data) as house:
        office.block(house.connection, office.cx(patient_ins, oid), professional_id)
    say(en=f"{professional_id} is blocked on this record.", fr=f"{professional_id} est bloqué sur ce dossier.")


@records.command()
@click.argument("patient_ins")
@_oid
@house_options
def close(patient_ins: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Close a record: nothing is added to it and nobody reads it."""
    with _house(file, data) as house:
        office.close_record(house.connection, office.cx(patient_ins, oid))
    say(en="Record closed.", fr="Dossier fermé.")


@records.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@house_options
def list_(*, as_json: bool, file: Path | None, data: str | None) -> None:
    """List the records, oldest first."""
    with _house(file, data) as house:
        rows = office.list_records(house.connection)
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "patient_id": row.patient_id,
                        "status": row.status,
                        "opened_at": row.opened_at.astimezone(UTC).isoformat(timespec="seconds"),
                        "documents": row.documents,
                        "authorised": row.authorised,
                    }
                    for row in rows
                ]
            )
        )
        return
    for row in rows:
        documents = counted(row.documents, en=("document", "documents"), fr=("document", "documents"))
        authorised = counted(row.authorised, en=("authorised", "authorised"), fr=("autorisé", "autorisés"))
        click.echo(f"{row.patient_id}  {row.status}  {documents}  {authorised}")
    click.echo(counted(len(rows), en=("record.", "records."), fr=("dossier.", "dossiers.")))


@records.command()
@click.argument("seeds", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@house_options
def seed(seeds: Path, *, file: Path | None, data: str | None) -> None:
    """Open the records of a TOML or JSON file, all or none: [[records]] with ins, oid, authorise."""
    with _house(file, data) as house:
        count = seeding.seed(house.connection, seeds, kek=house.kek())
    click.echo(counted(count, en=("record opened.", "records opened."), fr=("dossier ouvert.", "dossiers ouverts.")))
