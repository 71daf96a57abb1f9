"""`ecluse records`: what is known of the holder, and what he wants."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from gateway import records as office
from gateway.administration import holder
from gateway.administration.view import show_record
from gateway.cli.record_house import of_patient, record_house
from gateway.cli.speech import say
from xds.dmp.holder import Address, Traits
from xds.dmp.minority import RELATIONSHIPS

_PERMIT = click.Choice(["permit", "deny"])


@click.command()
@of_patient
@click.option("--etreat", type=_PERMIT, help="The regulation of emergency calls may read.")
@click.option("--btg", type=_PERMIT, help="Other professionals may break the glass.")
@click.option("--masked", type=_PERMIT, help="Masked documents may be read then, too.")
def consents(
    patient_ins: str,
    oid: str,
    etreat: str | None,
    btg: str | None,
    masked: str | None,
    *,
    file: Path | None,
    data: str | None,
) -> None:
    """Set what the patient permits in an emergency; MASKED becomes deny with the last of the two others."""
    said = {name: value == "permit" for name, value in (("etreat", etreat), ("btg", btg), ("masked", masked)) if value}
    if not said:
        raise click.UsageError("say at least one of --etreat, --btg, --masked")
    with record_house(file, data) as house:
        patient_id = office.cx(patient_ins, oid)
        holder.set_consents(house.connection, patient_id, **said)
        now = show_record(house.connection, patient_id)
    words = {name: "permit" if now[name] else "deny" for name in ("etreat", "btg", "masked")}
    click.echo("  ".join(f"{name.upper()}={value}" for name, value in words.items()))


@click.command("default-masking")
@of_patient
@click.argument("switch", type=click.Choice(["on", "off"]))
def default_masking(patient_ins: str, oid: str, switch: str, *, file: Path | None, data: str | None) -> None:
    """Whether every new document is masked to professionals, whatever its author asked."""
    with record_house(file, data) as house:
        holder.set_default_masking(house.connection, office.cx(patient_ins, oid), on=switch == "on")
    say(en=f"Default masking {switch}.", fr=f"Masquage par défaut : {'oui' if switch == 'on' else 'non'}.")


@click.command()
@of_patient
@click.option("--birth-date", type=click.DateTime(["%Y-%m-%d"]), help="Birth date: who is a minor has representatives.")
@click.option("--family", help="Birth name.")
@click.option("--given", help="Given names, separated by commas.")
@click.option("--address", help="Postal address: lines separated by commas, the last one postal code and city.")
@click.option("--email", help="Address for notices; empty removes it.")
@click.option("--mobile", help="Number for short messages; empty removes it.")
@click.option("--notify-documents/--no-notify-documents", default=None, help="Whether news of documents are wanted.")
def traits(
    patient_ins: str,
    oid: str,
    birth_date: datetime | None,
    family: str | None,
    given: str | None,
    address: str | None,
    email: str | None,
    mobile: str | None,
    *,
    notify_documents: bool | None,
    file: Path | None,
    data: str | None,
) -> None:
    """Set what is known of the holder. Identity (--family, --given, --address) is replaced as a whole."""
    if family is None and (given or address):
        raise click.UsageError("--given and --address go with --family")
    with record_house(file, data) as house:
        holder.set_holder(
            house.connection,
            office.cx(patient_ins, oid),
            traits=_traits(family, given, address) if family is not None else None,
            birth_date=birth_date.date() if birth_date is not None else None,
            email=email,
            mobile=mobile,
            notify_documents=notify_documents,
        )
    say(en="Holder written down.", fr="Titulaire noté.")


@click.command()
@of_patient
@click.argument("switch", type=click.Choice(["on", "off"]))
def protect(patient_ins: str, oid: str, switch: str, *, file: Path | None, data: str | None) -> None:
    """Whether somebody represents an adult under protection; off, his representatives are removed."""
    with record_house(file, data) as house:
        age = house.settings.dmp.majority_age
        holder.set_protection(house.connection, office.cx(patient_ins, oid), on=switch == "on", majority_age=age)
    say(en=f"Protection {switch}.", fr=f"Majeur protégé : {'oui' if switch == 'on' else 'non'}.")


@click.command("add-representative")
@of_patient
@click.argument("relationship", type=click.Choice(RELATIONSHIPS))
@click.option("--family", required=True, help="Name.")
@click.option("--given", help="Given names, separated by commas.")
@click.option("--address", help="Postal address, lines separated by commas.")
@click.option("--email", default="", help="Address for notices.")
@click.option("--mobile", default="", help="Number for short messages.")
def add_representative(
    patient_ins: str,
    oid: str,
    relationship: str,
    family: str,
    given: str | None,
    address: str | None,
    email: str,
    mobile: str,
    *,
    file: Path | None,
    data: str | None,
) -> None:
    """Give a minor, or a protected adult, a legal representative; prints the id to remove him by."""
    with record_house(file, data) as house:
        found = holder.add_representative(
            house.connection,
            office.cx(patient_ins, oid),
            relationship=relationship,
            traits=_traits(family, given, address),
            email=email,
            mobile=mobile,
            majority_age=house.settings.dmp.majority_age,
        )
    click.echo(str(found))


@click.command("remove-representative")
@of_patient
@click.argument("representative_id", type=click.UUID)
def remove_representative(
    patient_ins: str, oid: str, representative_id: UUID, *, file: Path | None, data: str | None
) -> None:
    """Remove a legal representative."""
    with record_house(file, data) as house:
        holder.remove_representative(house.connection, office.cx(patient_ins, oid), representative_id)
    say(en="Representative removed.", fr="Représentant retiré.")


@click.command()
@of_patient
def attach(patient_ins: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Attach the record to the national space of its holder: professionals no longer administer it."""
    with record_house(file, data) as house:
        holder.set_attachment(house.connection, office.cx(patient_ins, oid), attached=True)
    say(en="Attached to Mon espace santé.", fr="Rattaché à Mon espace santé.")


@click.command()
@of_patient
def detach(patient_ins: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Detach the record from the national space."""
    with record_house(file, data) as house:
        holder.set_attachment(house.connection, office.cx(patient_ins, oid), attached=False)
    say(en="Detached from Mon espace santé.", fr="Détaché de Mon espace santé.")


@click.command("identity-change")
@of_patient
@click.argument("new_ins")
@click.option("--new-oid", help="Authority of the new INS; that of the former one when absent.")
def identity_change(
    patient_ins: str, oid: str, new_ins: str, new_oid: str | None, *, file: Path | None, data: str | None
) -> None:
    """Give a record the new INS of the same person; the former one opens nothing any more."""
    with record_house(file, data) as house:
        holder.change_identifier(house.connection, office.cx(patient_ins, oid), office.cx(new_ins, new_oid or oid))
    say(en="The record bears the new INS.", fr="Le dossier porte le nouvel INS.")


@click.command()
@of_patient
def describe(patient_ins: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Everything the law knows of a record, as JSON; no document and no trace."""
    with record_house(file, data) as house:
        found = show_record(house.connection, office.cx(patient_ins, oid))
    click.echo(json.dumps(found, indent=2, ensure_ascii=False))


def _traits(family: str | None, given: str | None, address: str | None) -> Traits:
    lines = tuple(line.strip() for line in (address or "").split(",") if line.strip())
    place = Address(lines=lines[:-1], city=lines[-1]) if lines else Address()
    names = tuple(name.strip() for name in (given or "").split(",") if name.strip())
    return Traits(family=family or "", given=names, address=place)


COMMANDS = (
    consents,
    default_masking,
    traits,
    protect,
    add_representative,
    remove_representative,
    attach,
    detach,
    identity_change,
    describe,
)
