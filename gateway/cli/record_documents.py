"""`ecluse records`: what the patient does to his documents."""

from __future__ import annotations

from pathlib import Path

import click

from gateway import records as office
from gateway.administration.patient_documents import change_document
from gateway.cli.record_house import of_patient, record_house
from gateway.cli.speech import say
from gateway.settings import law_parameters
from xds.dmp.changes import Change

_document = click.argument("unique_id", metavar="UNIQUE_ID")


def _change(patient_ins: str, oid: str, unique_id: str, change: Change, *, file: Path | None, data: str | None) -> None:
    with record_house(file, data) as house:
        patient_id = office.cx(patient_ins, oid)
        change_document(house.connection, patient_id, unique_id, change, parameters=law_parameters(house.settings))


@click.command()
@of_patient
@_document
def mask(patient_ins: str, oid: str, unique_id: str, *, file: Path | None, data: str | None) -> None:
    """Mask a document from professionals, as the patient: its author and the médecin traitant still read it."""
    _change(patient_ins, oid, unique_id, Change.MASK, file=file, data=data)
    say(en="Document masked.", fr="Document masqué.")


@click.command()
@of_patient
@_document
def unmask(patient_ins: str, oid: str, unique_id: str, *, file: Path | None, data: str | None) -> None:
    """Take the mask off a document, as the patient."""
    _change(patient_ins, oid, unique_id, Change.UNMASK, file=file, data=data)
    say(en="Document not masked any more.", fr="Document démasqué.")


@click.command()
@of_patient
@_document
def show(patient_ins: str, oid: str, unique_id: str, *, file: Path | None, data: str | None) -> None:
    """Show a document to the legal representatives, as the minor whose record it is."""
    _change(patient_ins, oid, unique_id, Change.SHOW_TO_GUARDIANS, file=file, data=data)
    say(en="Document visible to the legal representatives.", fr="Document visible par les représentants légaux.")


@click.command()
@of_patient
@_document
@click.option("--undo", is_flag=True, help="Bring it back.")
def archive(patient_ins: str, oid: str, unique_id: str, *, undo: bool, file: Path | None, data: str | None) -> None:
    """Archive a document that the patient deposited, as the patient."""
    _change(patient_ins, oid, unique_id, Change.UNARCHIVE if undo else Change.ARCHIVE, file=file, data=data)
    if undo:
        say(en="Document not archived any more.", fr="Document désarchivé.")
    else:
        say(en="Document archived.", fr="Document archivé.")


@click.command("delete-own")
@of_patient
@_document
def delete_own(patient_ins: str, oid: str, unique_id: str, *, file: Path | None, data: str | None) -> None:
    """Delete a document that the patient deposited, as the patient: never that of a professional."""
    _change(patient_ins, oid, unique_id, Change.DELETE, file=file, data=data)
    say(en="Document deleted.", fr="Document supprimé.")


COMMANDS = (mask, unmask, show, archive, delete_own)
"""The commands of this module, for the group `records`."""
