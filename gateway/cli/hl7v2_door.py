"""The HL7 v2 door in this process: its listener, its workers, its health, until SIGTERM."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from datetime import UTC, datetime
from types import FrameType
from uuid import uuid4

from gateway.assembly.hl7v2 import Hl7v2Door, build
from gateway.database.errors import DatabaseUnavailable
from gateway.door import HL7V2, door_files
from gateway.server.health import HealthServer
from gateway.server.mllp import MllpLimits, MllpListener
from gateway.server.options import HandshakeRefusal
from gateway.server.ready import announce_ready
from gateway.settings import Settings
from security.audit.event import Outcome
from security.audit.trail import AuditUnavailable
from security.pki.tls import TlsContexts

_GRACE = 15.0
"""Seconds that a message in hand is given when the door ends."""
_READ_SECONDS = 60.0
_FORGET_SECONDS = 3600.0

_log = logging.getLogger("ecluse.hl7v2")


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit status, 0."""
    os.umask(0o077)
    stop = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    section, files = settings.hl7v2, door_files(settings, HL7V2)
    door = build(settings)

    def refused(refusal: HandshakeRefusal) -> None:
        _write_down(door, refusal)

    listener = MllpListener(
        section.host,
        section.port,
        TlsContexts(files.certificate, files.key, files.trust),
        door.reception,
        MllpLimits(
            size=section.message,
            memory=section.memory,
            connections=section.threads,
            per_certificate=max(1, section.threads // 2),
            message=_READ_SECONDS,
        ),
        on_handshake_refused=refused,
    )
    checks = {
        "database": door.reaches_database,
        "documents": door.reaches_documents,
        "inbox": door.has_room,
    }
    health_socket = socket.create_server(("127.0.0.1", section.health_port))
    HealthServer(health_socket, HL7V2, checks, door.counters).start()
    for workers in door.workers:
        workers.start()
    listener.start()
    announce_ready({"host": section.host, "port": listener.port, "health_port": health_socket.getsockname()[1]})
    _wait(door, section.remember_days, stop)
    listener.stop()
    for workers in door.workers:
        workers.stop(_GRACE)
    for pool in door.pools:
        pool.close()
    logging.shutdown()
    return 0


def _wait(door: Hl7v2Door, days: int, stop: threading.Event) -> None:
    """Until somebody asks to stop; meanwhile what is old enough is forgotten, every hour."""
    due = time.monotonic()
    while not stop.wait(1.0):
        if time.monotonic() >= due:
            due = time.monotonic() + _FORGET_SECONDS
            try:
                door.inbox.forget(days)
            except DatabaseUnavailable:
                _log.warning("the inbox does not answer")


def _write_down(door: Hl7v2Door, refusal: HandshakeRefusal) -> None:
    """A connection that TLS itself refused: nobody is known yet but an address."""
    event = door.keeper.witness.event(
        "TLS",
        Outcome.REFUSED,
        request_id=str(uuid4()),
        now=datetime.now(UTC),
        objects=(refusal.address,),
        code=f"TLS_REJECTED {refusal.reason}",
    )
    try:
        door.keeper.audit.append(event)
    except (DatabaseUnavailable, AuditUnavailable):
        _log.error("store unavailable")
