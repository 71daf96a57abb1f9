"""`ecluse why --page`: the simulator in a browser, on a loopback port, until Ctrl-C."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import psycopg

from gateway import logs
from gateway import records as office
from gateway.administration.office import RecordsError
from gateway.cli.administration import administration
from gateway.cli.speech import say, text
from gateway.cli.why_people import PATIENT, REPRESENTATIVE, NobodyError, person
from gateway.server.application import serve
from gateway.server.options import Listening, ServerOptions, WSGIApp
from gateway.server.ready import READY_VARIABLE, announce_ready
from gateway.settings import Settings, law_parameters
from gateway.simulator.answering import Answer, Question, answer, is_answerable
from gateway.simulator.app import AskedWrongly, Simulator, Wanted, create_app
from gateway.simulator.page import Choice
from gateway.simulator.supposing import SuppositionError, read_suppositions
from gateway.simulator.words import Language
from samples.world.world import read_world

_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})
_READ_ONLY = "-c default_transaction_read_only=on -c statement_timeout=10s"


def serve_page(file: Path | None, data: str | None, port: int) -> None:
    """Serve the page. Its address holds a random token, and it answers to names of this machine only."""
    token = secrets.token_urlsafe(16)
    with administration(file, data) as house:
        if house.settings.mode != "sandbox" or house.settings.domain != "dmp":
            raise click.ClickException(
                text(en="the page is for a sandbox of the DMP only", fr="la page est réservée à un bac à sable du DMP")
            )
        url, settings = house.connection.info.dsn, house.settings
        url = psycopg.conninfo.make_conninfo(url, password=house.connection.info.password)
        options = ServerOptions(name="simulator", port=port, health_port=None, threads=2, log_level="warning")
        logs.configure()

        def build() -> WSGIApp:
            simulator = Simulator(
                token=token, hosts=_HOSTS, oracle=_Oracle(url, settings), patients=_patients, people=_people
            )
            return create_app(simulator)

        sys.exit(serve(build, options, on_ready=lambda listening: _announce(listening, token)))


class _Oracle:
    """Asks the law on what the house holds, with a connection that writes nothing."""

    def __init__(self, url: str, settings: Settings) -> None:
        self._url = url
        self._parameters = law_parameters(settings)

    def __call__(self, wanted: Wanted, language: Language) -> Answer:
        try:
            known = read_world().patient_of(wanted.patient)
            somebody = person(wanted.person)
            question = Question(
                patient_id=known.cx if known is not None else office.cx(wanted.patient),
                patient=known.key if known is not None else wanted.patient,
                person=somebody.key,
                requester=replace(somebody.requester, purpose=wanted.mode, reason=wanted.reason, secret=wanted.secret),
                at=_moment(wanted.moment, language),
                suppositions=read_suppositions(wanted.suppositions),
            )
        except (NobodyError, RecordsError, SuppositionError) as error:
            raise AskedWrongly(str(error)) from error
        with psycopg.connect(self._url, autocommit=True, options=_READ_ONLY, connect_timeout=5) as connection:
            return answer(connection, question, self._parameters, datetime.now(UTC))


def _moment(said: str, language: Language) -> datetime | None:
    if not said:
        return None
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        found = None
    if found is None or not is_answerable(found):
        what = {
            "en": f"an instant is between 1900 and 2300, such as 2027-01-31T12:00; found {said!r}",
            "fr": f"un instant est entre 1900 et 2300, comme 2027-01-31T12:00 ; reçu {said!r}",
        }
        raise AskedWrongly(what[language])
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _patients(language: Language) -> Sequence[Choice]:
    patients = read_world().patients.values()
    return [(one.key, f"{one.key} {one.told[language == 'fr']}") for one in patients]


def _people(language: Language) -> Sequence[Choice]:
    actors = [one for one in read_world().actors.values() if one.holder]
    holders = {PATIENT: ("the patient", "le patient"), REPRESENTATIVE: ("a representative", "un représentant légal")}
    return [
        *((one.key, f"{one.key} {one.told[language == 'fr']}") for one in actors),
        *((key, told[language == "fr"]) for key, told in holders.items()),
    ]


def _announce(listening: Listening, token: str) -> None:
    address = f"http://{listening.host}:{listening.port}/{token}/"
    if READY_VARIABLE in os.environ:
        announce_ready({"url": address})
        return
    say(en=f"Open {address} in a browser. Ctrl-C ends it.",
        fr=f"Ouvrez {address} dans un navigateur. Ctrl-C pour finir.")  # fmt: skip
