"""A door with a web application in this process: built by its worker, after its fork, served until SIGTERM."""

from __future__ import annotations

import atexit
from collections.abc import Callable

from gateway.assembly.doors import builder
from gateway.door import Door, door_files
from gateway.server.application import serve
from gateway.server.mllp import MllpListener
from gateway.server.options import HandshakeRefusal, Listening, ServerOptions, WSGIApp
from gateway.server.ready import announce_ready
from gateway.settings import Settings
from security.pki.tls import TlsContexts


def run(settings: Settings, name: str) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    return _Process(settings, name).run()


class _Process:
    """The door of this process: built by the worker, after its fork."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._builder = builder(name)
        self._door: Door | None = None
        self._feed: MllpListener | None = None

    def run(self) -> int:
        files = door_files(self._settings, self._name)
        limits = self._settings.limits
        options = ServerOptions(
            name=self._name,
            host=files.settings.host,
            port=files.settings.port,
            health_port=files.settings.health_port,
            tls=TlsContexts(files.certificate, files.key, files.trust),
            threads=files.settings.threads,
            per_certificate=limits.per_certificate,
            body=limits.body,
            memory=limits.memory,
            body_idle=limits.idle,
            body_total=limits.total,
            on_handshake_refused=self._handshake_refused,
        )
        checks = {"database": self._reaches_database, "documents": self._reaches_documents}
        return serve(self._build, options, on_ready=self._announce, checks=checks)

    def _build(self) -> WSGIApp:
        self._door = self._builder(self._settings)
        if self._door.feed is not None:
            self._listen_to_feed(self._door.feed)
        return self._door.app

    def _listen_to_feed(self, answer: Callable[[bytes, bytes], bytes]) -> None:
        files = door_files(self._settings, self._name)
        self._feed = MllpListener(
            files.settings.host,
            self._settings.ihe.feed_port,
            TlsContexts(files.certificate, files.key, files.trust),
            answer,
            on_handshake_refused=self._handshake_refused,
        )
        self._feed.start()
        atexit.register(self._feed.stop)

    def _announce(self, listening: Listening) -> None:
        facts = {"host": listening.host, "port": listening.port, "health_port": listening.health_port}
        if self._feed is not None:
            facts["feed_port"] = self._feed.port
        announce_ready(facts)

    def _reaches_database(self) -> bool:
        return self._door is not None and self._door.reaches_database()

    def _reaches_documents(self) -> bool:
        return self._door is not None and self._door.reaches_documents()

    def _handshake_refused(self, refusal: HandshakeRefusal) -> None:
        if self._door is not None:
            self._door.refuse_handshake(refusal.address, refusal.reason)
