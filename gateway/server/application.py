"""Gunicorn embedded: configured by code alone, one instance per door."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gateway import logs
from gateway.server.health import Checks
from gateway.server.options import Build, Listening, ServerOptions, WSGIApp
from gateway.server.worker import DoorWorker

_MEMORY = Path("/dev/shm")  # noqa: S108 -- the heartbeat file of a worker is unlinked as soon as it is open


class DoorLogger(Logger):  # type: ignore[misc]  # gunicorn is not typed
    """Gunicorn's log in our form: redacted JSON lines; a request's line has no path, no query, no name."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers = [logs.handler()]

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        if not self.access_log_enabled:
            return
        facts = {
            "request": environ.get("ecluse.request_id"),
            "route": environ.get("ecluse.route", "-"),
            "status": str(resp.status)[:3],
            "bytes": resp.sent,
            "milliseconds": round(request_time.total_seconds() * 1000, 1),
        }
        self.access_log.info("request", extra=facts)


class DoorApplication(BaseApplication):  # type: ignore[misc]  # gunicorn is not typed
    """What gunicorn asks for, from options instead of a command line."""

    def __init__(
        self,
        build: Build,
        options: ServerOptions,
        on_ready: Callable[[Listening], None] | None,
        checks: Checks,
        health_listener: socket.socket | None,
    ) -> None:
        self.build = build
        self.options = options
        self.on_ready = on_ready
        self.checks = checks
        self.health_listener = health_listener
        super().__init__()

    def load_config(self) -> None:
        for name, value in _settings(self.options).items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApp:
        return self.build()


def serve(
    build: Build,
    options: ServerOptions,
    *,
    on_ready: Callable[[Listening], None] | None = None,
    checks: Checks | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status, 0 after an orderly end.

    `build` makes the application in the worker; `on_ready` is called there, just before the first connection is
    accepted; `checks` are asked by `/health/ready`. Call it from the main thread of a process of its own.
    """
    os.umask(0o077)
    listener = None
    if options.health_port is not None:
        listener = socket.create_server(("127.0.0.1", options.health_port))
    try:
        DoorApplication(build, options, on_ready, checks or {}, listener).run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        if listener is not None:
            listener.close()
        logging.shutdown()
    return 0


def _settings(options: ServerOptions) -> dict[str, Any]:
    temporary = options.temporary_directory or (_MEMORY if _MEMORY.is_dir() else None)
    settings: dict[str, Any] = {
        "proc_name": f"ecluse-{options.name}",
        "bind": [f"{options.host}:{options.port}" if ":" not in options.host else f"[{options.host}]:{options.port}"],
        "worker_class": DoorWorker,
        "logger_class": DoorLogger,
        "workers": options.workers,
        "threads": options.threads,
        "worker_connections": options.connections,
        "keepalive": options.keep_alive,
        "graceful_timeout": options.graceful_timeout,
        "limit_request_fields": options.fields,
        "limit_request_line": 4094,
        "worker_tmp_dir": None if temporary is None else str(temporary),
        "loglevel": options.log_level,
        "accesslog": "-" if options.access_log else None,
        "control_socket_disable": True,
        "http_parser": "python",
        # Nobody in front of us is believed: identity comes from the socket.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "header_map": "refuse",
    }
    if options.tls is not None:
        settings |= {"certfile": str(options.tls.certificate), "keyfile": str(options.tls.key)}
    return settings
