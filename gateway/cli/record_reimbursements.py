"""`ecluse records`: what the health insurance feeds."""

from __future__ import annotations

from pathlib import Path

import click

from gateway import records as office
from gateway.cli.record_house import of_patient, record_house
from gateway.cli.speech import say
from gateway.reimbursements import ReimbursementFeed
from gateway.settings import law_parameters


@click.command()
@of_patient
def reimburse(patient_ins: str, oid: str, *, file: Path | None, data: str | None) -> None:
    """Feed the reimbursements of the last months (`dmp.reimbursement_months`), invented, a document a month."""
    with record_house(file, data) as house:
        feed = ReimbursementFeed(
            connection=house.connection,
            blobs=Path(house.settings.data).resolve() / "blobs",
            parameters=law_parameters(house.settings),
            repository_unique_id=house.settings.repository_unique_id,
        )
        new = feed(office.cx(patient_ins, oid))
    say(en=f"Documents of reimbursements: {len(new)} new.", fr=f"Documents de remboursement nouveaux : {len(new)}.")


COMMANDS = (reimburse,)
"""The commands of this module, for the group `records`."""
