"""The keeper of a house: its connection, what it does, and the news it delivers afterwards."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from gateway.database.roles import KEEPER_SCHEMA, SCHEMA, DatabaseRole, read_url
from gateway.jobs.clock import must_be_real
from gateway.jobs.keeper import Keeper, Work
from gateway.notices.channels import channels
from gateway.notices.dispatcher import Dispatcher, Sent
from gateway.settings import Settings, law_parameters

TERMS = (
    "reminder_days",
    "release_months",
    "suspension_weeks",
    "archive_years",
    "destruction_days",
    "majority_age",
    "reimbursement_months",
)
"""The parameters that say when something is due."""
OUTGOING = "outgoing"
"""Folder of the data directory: what a person has to post, and all messages of a house that has no server for them."""

_SESSION = f"-c search_path={KEEPER_SCHEMA},{SCHEMA},pg_temp -c lock_timeout=10s"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is due, and what waits to be told."""

    keeper: Keeper
    dispatcher: Dispatcher

    def round(
        self, *, asked_to_stop: Callable[[], bool] = lambda: False, patience: float = math.inf
    ) -> tuple[Work, Sent]:
        """Do what is due, then deliver, for `patience` seconds. Raises psycopg.OperationalError: no database."""
        work = self.keeper.run(asked_to_stop=asked_to_stop)
        end = time.monotonic() + patience
        return work, self.dispatcher.run(asked_to_stop=lambda: asked_to_stop() or time.monotonic() > end)


def declare_terms(owner_url: str, settings: Settings) -> None:
    """Write the terms of the law of this house where the functions of the keeper read them. Idempotent.

    Raises DatabaseSetupError: a house in production whose clock was moved.
    """
    parameters = law_parameters(settings)
    terms = {name: getattr(parameters, name) for name in TERMS}
    changes = ", ".join(f"{name} = %({name})s" for name in TERMS)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        must_be_real(connection, settings.mode)
        connection.execute(f"UPDATE ecluse.law_terms SET {changes}".encode(), terms)  # noqa: S608 - names of ours


@contextmanager
def keeping(settings: Settings) -> Iterator[Keeping]:
    """The keeper of a prepared house whose database runs. Raises DatabaseSetupError, psycopg.OperationalError."""
    data = Path(settings.data).resolve()
    parameters = law_parameters(settings)
    outgoing = data / OUTGOING
    url = read_url(data, DatabaseRole.KEEPER)
    with psycopg.connect(
        url, autocommit=True, options=_SESSION, application_name="ecluse-keeper", connect_timeout=5
    ) as connection:
        must_be_real(connection, settings.mode)
        yield Keeping(
            Keeper(
                connection,
                parameters,
                blobs=data / "blobs",
                letters=outgoing,
                repository_unique_id=settings.repository_unique_id,
            ),
            Dispatcher(connection, channels(settings.mail, settings.sms, outgoing), settings.jobs, parameters),
        )
