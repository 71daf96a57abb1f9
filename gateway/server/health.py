"""Health of a door, on a loopback port of its own: alive, ready with named checks, and a few counters."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

_log = logging.getLogger(__name__)
Checks = Mapping[str, Callable[[], bool]]


class Counters:
    """What happened since the start, by outcome. Outcomes are our own words, never what was received."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._since = time.monotonic()

    def add(self, outcome: str) -> None:
        with self._lock:
            self._counts[outcome] += 1

    def snapshot(self) -> dict[str, int]:
        with self._lock:
            counts = dict(sorted(self._counts.items()))
        return {"uptime_seconds": int(time.monotonic() - self._since), **counts}


def run_checks(checks: Checks) -> dict[str, bool]:
    """Run each check; one that raises is false."""
    results: dict[str, bool] = {}
    for name, check in checks.items():
        try:
            results[name] = bool(check())
        except Exception as error:  # noqa: BLE001 -- a check is foreign code, and a failing one is an answer
            _log.warning("health check %s raised %s", name, type(error).__name__)
            results[name] = False
    return results


class HealthServer(ThreadingHTTPServer):
    """Answers on a listening socket made before the fork, in daemon threads."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, door: str, checks: Checks, counters: Counters) -> None:
        super().__init__(listener.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.door = door
        self.checks = checks
        self.counters = counters

    def start(self) -> None:
        """Serve in a thread until the process ends."""
        threading.Thread(target=self.serve_forever, name="health", daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is not worth a line."""


class _Handler(BaseHTTPRequestHandler):
    server: HealthServer
    timeout = 5
    server_version = "ecluse"
    sys_version = ""

    def do_GET(self) -> None:
        if self.path == "/health/live":
            self._answer(200, {"live": True, "door": self.server.door})
        elif self.path == "/health/ready":
            results = run_checks(self.server.checks)
            ready = all(results.values())
            self._answer(200 if ready else 503, {"ready": ready, "door": self.server.door, "checks": results})
        elif self.path == "/health/metrics":
            self._answer(200, {"door": self.server.door, **self.server.counters.snapshot()})
        else:
            self._answer(404, {"error": "not found"})

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self._answer(code, {"error": "refused"})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name is that of the standard library
        """Health requests are not logged."""

    def _answer(self, status: int, content: Mapping[str, object]) -> None:
        body = orjson.dumps(content)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
