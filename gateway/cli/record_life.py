"""`ecluse records`: the life of a record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from gateway import records as office
from gateway.administration import life
from gateway.cli.record_house import in_utc, of_patient, record_house
from gateway.cli.speech import say
from gateway.settings import law_parameters
from profiles.dmp.motives import motives


@click.command()
@of_patient
@click.option("--motive", default=life.CLOSING, show_default=True, type=click.Choice(tuple(motives())), help="Motive.")
@click.option("--reason", default="", help="Reason, in words.")
def close(patient_ins: str, oid: str, motive: str, reason: str, *, file: Path | None, data: str | None) -> None:
    """Close a record: nothing is added to it, nobody reads it, and it is destroyed ten years later."""
    with record_house(file, data) as house:
        life.close_record(house.connection, office.cx(patient_ins, oid), motive=motive, reason=reason)
    say(en="Record closed.", fr="Dossier fermé.")


@click.command()
@of_patient
def reactivate(patient_ins: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Reopen a closed record, with all that it held."""
    with record_house(file, data) as house:
        patient_id = office.cx(patient_ins, oid)
        life.reactivate_record(house.connection, patient_id, parameters=law_parameters(house.settings))
    say(en="Record reopened.", fr="Dossier rouvert.")


@click.command()
@of_patient
@click.option("--reason", required=True, help="The malfunction or the fraud.")
def suspend(patient_ins: str, oid: str, reason: str, *, file: Path | None, data: str | None) -> None:
    """Suspend a record: everything is refused; without an answer of the holder it is closed six weeks later."""
    with record_house(file, data) as house:
        life.suspend_record(house.connection, office.cx(patient_ins, oid), reason=reason)
    say(en="Record suspended.", fr="Dossier suspendu.")


@click.command()
@of_patient
def resume(patient_ins: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """End a suspension: the holder answered."""
    with record_house(file, data) as house:
        life.resume_record(house.connection, office.cx(patient_ins, oid))
    say(en="Record open again.", fr="Dossier de nouveau ouvert.")


@click.command()
@of_patient
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
def decease(patient_ins: str, oid: str, day: datetime, *, file: Path | None, data: str | None) -> None:
    """Write down the day the holder died: the record is closed from that day."""
    with record_house(file, data) as house:
        life.record_death(house.connection, office.cx(patient_ins, oid), day.date())
    say(en="Death written down; the record is closed.", fr="Décès noté ; le dossier est fermé.")


@click.command("request-destruction")
@of_patient
@click.option("--at", type=click.DateTime(), help="When it was asked, UTC by the law's clock; now when absent.")
def request_destruction(
    patient_ins: str, oid: str, at: datetime | None, *, file: Path | None, data: str | None
) -> None:
    """Take down that the holder of a closed record wants it destroyed: done after dmp.destruction_days."""
    with record_house(file, data) as house:
        life.request_destruction(house.connection, office.cx(patient_ins, oid), at=in_utc(at))
        days = house.settings.dmp.destruction_days
    say(
        en=f"Destruction in {days} days, by the law's clock.",
        fr=f"Destruction dans {days} jours, à l'horloge de la loi.",
    )


COMMANDS = (close, reactivate, suspend, resume, decease, request_destruction)
