"""The keeper of a house: its connection, what it does, and the news it delivers afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import psycopg

from gateway.database.roles import DatabaseRole, read_url
from gateway.jobs.keeper import Keeper, Work
from gateway.notices.channels import channels
from gateway.notices.dispatcher import Dispatcher, Sent
from gateway.settings import Settings
from xds.dmp.parameters import Parameters

OUTGOING = "outgoing"
"""Folder of the data directory: what a person has to post, and all messages of a house that has no server for them."""

_SESSION = "-c search_path=ecluse,pg_temp -c lock_timeout=10s"


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is due, and what waits to be told."""

    keeper: Keeper
    dispatcher: Dispatcher

    def round(self, *, asked_to_stop: Callable[[], bool] = lambda: False) -> tuple[Work, Sent]:
        """Do what is due, then deliver. Raises psycopg.OperationalError: the database is gone."""
        work = self.keeper.run(asked_to_stop=asked_to_stop)
        return work, self.dispatcher.run(asked_to_stop=asked_to_stop)


def law_parameters(settings: Settings) -> Parameters:
    """What this house decided of what the law leaves open."""
    return Parameters(**{item.name: getattr(settings.dmp, item.name) for item in fields(Parameters)})


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
