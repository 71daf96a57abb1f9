"""`ecluse sandbox`: the page and the HTTP interface that judge documents; `ecluse serve` starts it too."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from conformance.packs.opening import open_pack
from conformance.packs.pack import Pack
from conformance.packs.problems import UnknownPack, UnusablePack
from gateway import logs
from gateway.cli.speech import say
from gateway.sandbox.app import Sandbox, create_app
from gateway.sandbox.kept import Shelf
from gateway.server.application import serve
from gateway.server.options import Listening, ServerOptions, WSGIApp
from gateway.server.ready import READY_VARIABLE, announce_ready
from gateway.settings import Settings, SettingsError, load

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@click.command(short_help="A page and an HTTP interface that judge documents.")
@click.option("--settings", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="TOML file.")
@click.option("--data", help="Data directory: where verdicts are kept that somebody asks to keep.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; that of the settings when absent, 0 any free one.")
@click.option("--pack", help="An imported pack that may be asked for, by name or directory.")
def sandbox(*, file: Path | None, data: str | None, port: int | None, pack: str | None) -> None:
    """Judge documents for whoever opens the page, until Ctrl-C.

    Nothing is kept unless it is asked for. There is no record, no key and no database behind it.
    """
    try:
        settings = load(file, data=data)
        opened = open_pack(pack or settings.sandbox.pack) if pack or settings.sandbox.pack else None
    except (SettingsError, UnknownPack, UnusablePack) as error:
        raise click.ClickException(str(error)) from None
    logs.configure()
    sys.exit(_serve(settings, settings.sandbox.port if port is None else port, opened))


def _serve(settings: Settings, port: int, pack: Pack | None) -> int:
    section = settings.sandbox
    options = ServerOptions(
        name="sandbox",
        host=section.host,
        port=port,
        health_port=None,
        threads=section.threads,
        body=section.body,
        memory=max(section.body, settings.limits.memory),
        body_idle=settings.limits.idle,
        body_total=settings.limits.total,
        log_level="info" if _is_child() else "warning",
    )

    def build() -> WSGIApp:
        hosts = frozenset((*section.names.split(), section.host)) | (_LOOPBACK if section.host in _LOOPBACK else set())
        shelf = Shelf(Path(settings.data) / "sandbox", section.keep_days)
        return create_app(Sandbox(shelf=shelf, hosts=hosts, body=section.body, pack=pack))

    return serve(build, options, on_ready=_announce)


def _is_child() -> bool:
    """Whether a supervisor waits for our word; else a person does."""
    return READY_VARIABLE in os.environ


def _announce(listening: Listening) -> None:
    if _is_child():
        announce_ready({"host": listening.host, "port": listening.port})
        return
    say(
        en=f"Open http://{listening.host}:{listening.port}/ in a browser. Ctrl-C ends it.",
        fr=f"Ouvrez http://{listening.host}:{listening.port}/ dans un navigateur. Ctrl-C pour finir.",
    )
