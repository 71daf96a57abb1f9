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


def _command(name: str, change: Change, told: str, *, en: str, fr: str) -> click.Command:
    """The command that changes a document one way; `told` is its help, the rest what it says when it is done."""

    @click.command(name, help=told)
    @of_patient
    @_document
    def command(patient_ins: str, oid: str, unique_id: str, *, file: Path | None, data: str | None) -> None:
        _change(patient_ins, oid, unique_id, change, file=file, data=data)
        say(en=en, fr=fr)

    return command


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


COMMANDS = (
    _command(
        "mask",
        Change.MASK,
        "Mask a document from professionals, as the patient: its author and the médecin traitant still read it.",
        en="Document masked.",
        fr="Document masqué.",
    ),
    _command(
        "unmask",
        Change.UNMASK,
        "Take the mask off a document, as the patient.",
        en="Document not masked any more.",
        fr="Document démasqué.",
    ),
    _command(
        "show",
        Change.SHOW_TO_GUARDIANS,
        "Show a document to the legal representatives, as the minor whose record it is.",
        en="Document visible to the legal representatives.",
        fr="Document visible par les représentants légaux.",
    ),
    archive,
    _command(
        "delete-own",
        Change.DELETE,
        "Delete a document that the patient deposited, as the patient: never that of a professional.",
        en="Document deleted.",
        fr="Document supprimé.",
    ),
)
"""The commands of this module, for the group `records`."""
