"""What the commands on one record have in common: the patient they name, the house they work in, their refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway import records as office
from gateway.acts import Act
from gateway.administration.office import look
from gateway.cli.administration import Administration, administration, house_options

_Command = TypeVar("_Command", bound=Callable[..., Any])

oid_option = click.option(
    "--oid", default=office.TEST_INS_OID, show_default=True, help="OID of the authority that assigned the INS."
)


def of_patient(command: _Command) -> _Command:
    """The arguments of a command on one record: the INS, its authority, the house."""
    return click.argument("patient_ins")(oid_option(house_options(command)))


@contextmanager
def record_house(file: Path | None, data: str | None, *, making: bool = False) -> Iterator[Administration]:
    """The house, as its administrator; a refusal of the office ends the command with one line, its code included.

    `making`: a house is made where there is none.
    """
    with administration(file, data, making=making) as house:
        try:
            yield house
        except office.RecordsError as error:
            raise click.ClickException(str(error)) from None


def write_down(house: Administration, patient_id: str, act: Act, said: str) -> None:
    """Leave in the record, before it is shown, that the administration reads it; a sandbox has no patient to tell."""
    if house.settings.mode == "production":
        look(house.connection, patient_id, act, reason=said)


def in_utc(moment: datetime | None) -> datetime | None:
    """What `click.DateTime` read, which has no zone: UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None else None
