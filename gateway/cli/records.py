"""`ecluse records`: open and close records, say who may read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway import records as office
from gateway.administration import seeding
from gateway.cli import record_documents, record_holder, record_life, record_reimbursements
from gateway.cli.administration import house_options
from gateway.cli.record_house import in_utc, oid_option, record_house
from gateway.cli.speech import counted, say


@click.group()
def records() -> None:
    """Records of patients: their life, their holders, who may read them."""


@records.command("open")
@click.argument("patient_ins")
@oid_option
@click.option("--reimbursements", is_flag=True, help="The keeper feeds the holder's reimbursements into it.")
@house_options
def open_(patient_ins: str, oid: str, *, reimbursements: bool, file: Path | None, data: str | None) -> None:
    """Open the record of a patient and make its keys; the data directory is made when missing."""
    with record_house(file, data, making=True) as house:
        office.open_record(
            house.connection, office.cx(patient_ins, oid), kek=house.kek(), reimbursements=reimbursements
        )
    say(en="Record open. Let a professional read it: ecluse records authorise INS PS_IDNAT",
        fr="Dossier ouvert. Pour autoriser un professionnel : ecluse records authorise INS PS_IDNAT")  # fmt: skip


@records.command()
@click.argument("patient_ins")
@click.argument("professional_id")
@oid_option
@click.option("--until", type=click.DateTime(), help="End, UTC; dmp.authorisation_days from now when absent.")
@click.option("--medecin-traitant", is_flag=True, help="He is the médecin traitant of this record, too.")
@click.option("--structure", is_flag=True, help="The identifier is that of a structure (Struct_IdNat).")
@click.option("--name", default="", help="Name of the holder of the authorisation.")
@house_options
def authorise(
    patient_ins: str,
    professional_id: str,
    oid: str,
    until: datetime | None,
    name: str,
    *,
    medecin_traitant: bool,
    structure: bool,
    file: Path | None,
    data: str | None,
) -> None:
    """Let a professional (PS_IdNat) read a record."""
    with record_house(file, data) as house:
        office.authorise(
            house.connection,
            office.cx(patient_ins, oid),
            professional_id,
            until=in_utc(until),
            days=house.settings.dmp.authorisation_days,
            medecin_traitant=medecin_traitant,
            structure=structure,
            name=name,
        )
    say(en=f"{professional_id} may read this record.", fr=f"{professional_id} peut lire ce dossier.")


@records.command()
@click.argument("patient_ins")
@click.argument("professional_id")
@oid_option
@house_options
def revoke(patient_ins: str, professional_id: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Remove the authorisation of a professional. A block is lifted by `unblock`."""
    with record_house(file, data) as house:
        office.revoke(house.connection, office.cx(patient_ins, oid), professional_id)
    say(en=f"{professional_id} has no authorisation on this record any more.",
        fr=f"{professional_id} n'a plus d'autorisation sur ce dossier.")  # fmt: skip


@records.command()
@click.argument("patient_ins")
@click.argument("professional_id")
@oid_option
@house_options
def block(patient_ins: str, professional_id: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Block a professional, as the patient asked: he reads nothing, and may still feed."""
    with record_house(file, data) as house:
        office.block(house.connection, office.cx(patient_ins, oid), professional_id)
    say(en=f"{professional_id} is blocked on this record.", fr=f"{professional_id} est bloqué sur ce dossier.")


@records.command()
@click.argument("patient_ins")
@click.argument("professional_id")
@oid_option
@house_options
def unblock(patient_ins: str, professional_id: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Lift a block. No authorisation comes back: the professional has to ask again."""
    with record_house(file, data) as house:
        office.unblock(house.connection, office.cx(patient_ins, oid), professional_id)
    say(en=f"{professional_id} is not blocked any more, and has no authorisation.",
        fr=f"{professional_id} n'est plus bloqué et n'a pas d'autorisation.")  # fmt: skip


@records.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@house_options
def list_(*, as_json: bool, file: Path | None, data: str | None) -> None:
    """List the records, oldest first."""
    with record_house(file, data) as house:
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
    """Open the records of a TOML or JSON file, all or none: [[records]] with ins, and what docs/time.md tells."""
    with record_house(file, data, making=True) as house:
        count = seeding.seed(house.connection, seeds, kek=house.kek())
    click.echo(counted(count, en=("record opened.", "records opened."), fr=("dossier ouvert.", "dossiers ouverts.")))


for _command in (
    *record_life.COMMANDS,
    *record_holder.COMMANDS,
    *record_documents.COMMANDS,
    *record_reimbursements.COMMANDS,
):
    records.add_command(_command)
