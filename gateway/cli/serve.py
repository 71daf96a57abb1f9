"""`ecluse serve`: both doors, each its own process, under one supervisor, on a data directory prepared first."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson
import psycopg

from gateway.cli.caretaker import Caretaker
from gateway.cli.preparation import House, prepare
from gateway.cli.speech import say
from gateway.database.errors import DatabaseSetupError
from gateway.database.migrate import MigrationError
from gateway.door import DOORS, HL7V2, door_files, door_names
from gateway.settings import Settings, SettingsError, load
from gateway.supervisor import Happening, Program, Report, StartError, Supervisor
from profiles.affinity_domain.code_files import UnusableCodeFile

_CANNOT_OPEN = (
    SettingsError,
    UnusableCodeFile,
    DatabaseSetupError,
    MigrationError,
    FileNotFoundError,
    psycopg.OperationalError,
)
SANDBOX, KEEPER = "sandbox", "keeper"
_GRACE = 40.0
"""Longer than what a door gives its requests in flight, in seconds."""
_PATIENCE = 90.0
"""Seconds that a door may take to open, on a machine that does other things too."""


@click.command()
@click.option("--settings", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="TOML file.")
@click.option("--data", help="Data directory; made and filled at first start.")
@click.option(
    "--domain", type=click.Choice(["dmp", "ihe"]), help="dmp, the default, or a generic XDS.b affinity domain."
)
@click.option(
    "--patients", type=click.Choice(["feed", "accept_all"]), help="Domain ihe: fed patients only, or whoever is named."
)
@click.option(
    "--door", "doors", type=click.Choice((*DOORS, HL7V2)), multiple=True, help="Only this door; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line when every door listens, and nothing else.")
def serve(
    *,
    file: Path | None,
    data: str | None,
    domain: str | None,
    patients: str | None,
    doors: tuple[str, ...],
    as_json: bool,
) -> None:
    """Open the doors until Ctrl-C or SIGTERM."""
    # The doors are processes of their own: what was said here reaches them as it would from the environment.
    os.environ.update(
        {name: value for name, value in (("ECLUSE_DOMAIN", domain), ("ECLUSE_IHE_PATIENTS", patients)) if value}
    )
    try:
        settings = load(file, data=data)
        if not as_json and settings.mode == "sandbox":
            say(
                en="ÉCLUSE SANDBOX: test certificates and test identities only. Never put a real patient in here.",
                fr="ÉCLUSE, BAC À SABLE : certificats et identités de test seulement. Jamais de vrai patient ici.",
            )
        house = prepare(settings)
    except _CANNOT_OPEN as error:
        raise click.ClickException(str(error)) from None
    opened = door_names(settings)
    if set(doors) - set(opened):
        house.database.close()
        raise click.ClickException("the door hl7v2 opens in the domain dmp, with hl7v2.enabled and its certificate")
    with house.database:
        sys.exit(_supervise(house, file, doors or opened, as_json=as_json))


def _supervise(house: House, file: Path | None, doors: tuple[str, ...], *, as_json: bool) -> int:
    programs = [_program(house, name, file, _ports(house.settings, name)) for name in doors]
    is_whole = set(DOORS) <= set(doors)
    if is_whole and house.settings.sandbox.enabled and house.settings.mode == "sandbox":
        programs.append(_sandbox(house, file))
    if is_whole and house.settings.jobs.interval and house.settings.domain == "dmp":
        argv = _command(house, file, "jobs", "watch")
        programs.append(Program(name=KEEPER, argv=argv, env=_environment(), announces=False))
    supervisor = Supervisor(
        programs,
        grace=_GRACE,
        report=_tell_err if as_json else _tell,
        tend=Caretaker(house).tend,
    )
    try:
        return supervisor.run(on_ready=lambda facts: _announce(house, facts, as_json=as_json))
    except StartError as error:
        raise click.ClickException(str(error)) from None


def _program(house: House, name: str, file: Path | None, ports: Mapping[str, str]) -> Program:
    argv = _command(house, file, "door", name)
    return Program(name=name, argv=argv, env={**_environment(), **ports}, patience=_PATIENCE)


def _sandbox(house: House, file: Path | None) -> Program:
    section = house.settings.sandbox
    port = section.port if section.port and _is_free(section.host, section.port) else _free_port(section.host)
    env = {**_environment(), "ECLUSE_SANDBOX_PORT": str(port)}
    return Program(name=SANDBOX, argv=_command(house, file, SANDBOX), env=env)


def _command(house: House, file: Path | None, *words: str) -> list[str]:
    settings = ["--settings", str(file.resolve())] if file is not None else []
    return [sys.executable, "-m", "gateway", *words, "--data", str(house.data), *settings]


def _environment() -> dict[str, str]:
    """Ours, without the owner's connection string: no business of a door."""
    return {key: value for key, value in os.environ.items() if key != "ECLUSE_DATABASE_URL"}


def _ports(settings: Settings, name: str) -> dict[str, str]:
    """Environment that fixes the ports: a door that starts again listens where it did."""
    section = door_files(settings, name).settings
    host = {"port": section.host, "health_port": "127.0.0.1"}
    ports = {
        f"ECLUSE_{name}_{key}".upper(): str(getattr(section, key) or _free_port(host[key]))
        for key in ("port", "health_port")
    }
    if settings.domain == "ihe" and name == "ingest":
        ports["ECLUSE_IHE_FEED_PORT"] = str(settings.ihe.feed_port or _free_port(section.host))
    return ports


def _is_free(host: str, port: int) -> bool:
    """Whether a port can be listened on. The doors open all the same when somebody has that of the sandbox."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _announce(house: House, facts: Mapping[str, Mapping[str, object]], *, as_json: bool) -> None:
    doors: dict[str, dict[str, Any]] = {}
    page: dict[str, Any] = {}
    for name, said in facts.items():
        if name == KEEPER:
            continue
        if name == SANDBOX:
            page = {SANDBOX: {"url": f"http://{said['host']}:{said['port']}/"}}
            continue
        doors[name] = {
            "url": f"{'mllps' if name == HL7V2 else 'https'}://{said['host']}:{said['port']}",
            "ca": str(house.pki.ca_for_clients(name)) if house.pki is not None else None,
            "health": f"http://127.0.0.1:{said['health_port']}/health/ready",
        }
        if said.get("feed_port"):
            doors[name]["feed"] = f"mllps://{said['host']}:{said['feed_port']}"
    if as_json:
        click.echo(orjson.dumps({"ready": True, "doors": doors, "data": str(house.data), **page}))
        return
    for name, door in doors.items():
        click.echo(f"{name:13} {door['url']}   {door['health']}   {door.get('feed', '')}".rstrip())
    if page:
        click.echo(f"{SANDBOX:13} {page[SANDBOX]['url']}")
    say(en="Ready. Ctrl-C closes the doors.", fr="Prêt. Ctrl-C ferme les portes.")


def _tell(report: Report) -> None:
    if report.happening in (Happening.CRASHED, Happening.KILLED):
        click.echo(f"{datetime.now(UTC):%H:%M:%S} {report.program}: {report.happening} {report.detail}", err=True)


def _tell_err(report: Report) -> None:
    click.echo(f"{report.program}: {report.happening} {report.detail}".rstrip(), err=True)
