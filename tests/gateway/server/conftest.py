"""Doors in processes of their own, started by the real supervisor."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.supervisor import Program, Supervisor
from samples.pki.factory import TestPki

DOOR = Path(__file__).with_name("door.py")
ROOT = DOOR.parents[3]


def program(name: str = "door", **settings: Any) -> Program:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ECLUSE_SECRET": "ECLUSE"}
    return Program(name=name, argv=[sys.executable, str(DOOR), json.dumps(settings)], env=environment)


@dataclass
class Door:
    """A running door and the ways to speak to it."""

    supervisor: Supervisor
    port: int
    health_port: int
    pid: int
    context: ssl.SSLContext | None = None

    def socket(self, timeout: float = 10) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout)
        return self.context.wrap_socket(plain, server_hostname="localhost") if self.context else plain

    def http(self) -> http.client.HTTPConnection:
        if self.context:
            return http.client.HTTPSConnection("localhost", self.port, context=self.context, timeout=10)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def raw(self, request: bytes, *, finish: bool = False) -> bytes:
        """Send bytes and return everything until the door closes or says nothing for a while."""
        with self.socket(timeout=1.5) as client:
            client.sendall(request)
            if finish:
                client.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while data := client.recv(65536):
                    answer += data
            except OSError:
                pass
            return answer

    def post(self, body: bytes = b"hello", path: str = "/echo", **headers: str) -> tuple[int, bytes]:
        client = self.http()
        try:
            client.request("POST", path, body, headers)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def health(self, path: str) -> tuple[int, dict[str, Any]]:
        client = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=5)
        client.request("GET", path)
        answer = client.getresponse()
        found = answer.status, json.loads(answer.read())
        client.close()
        return found


Start = Callable[..., Door]


@pytest.fixture
def start_door() -> Iterator[Start]:
    supervisors: list[Supervisor] = []

    def start(**settings: Any) -> Door:
        supervisor = Supervisor([program(**settings)], grace=10)
        supervisors.append(supervisor)
        facts = supervisor.start()["door"]
        return Door(supervisor, int(str(facts["port"])), int(str(facts["health"])), int(str(facts["pid"])))

    yield start
    for supervisor in supervisors:
        supervisor.stop()


@pytest.fixture(scope="module")
def plain_door() -> Iterator[Door]:
    """One door without TLS for all tests of framing: short times, small limits."""
    supervisor = Supervisor(
        [program(body=100_000, body_idle=0.6, body_total=1.5, head_timeout=0.8, keep_alive=5)], grace=10
    )
    facts = supervisor.start()["door"]
    yield Door(supervisor, int(str(facts["port"])), int(str(facts["health"])), int(str(facts["pid"])))
    supervisor.stop()


def client_context(pki: TestPki, name: str | None, door: str = "ingest") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=pki.ca_for_clients(door))
    if name is not None:
        credential = pki.certificate(name)
        context.load_cert_chain(credential.chain_path, credential.key_path)
    return context


@dataclass
class TlsDoor:
    """A door with mutual TLS, and clients of any certificate."""

    door: Door
    pki: TestPki
    refusals: Path

    def as_(self, name: str | None) -> Door:
        return Door(
            self.door.supervisor,
            self.door.port,
            self.door.health_port,
            self.door.pid,
            client_context(self.pki, name),
        )


@pytest.fixture(scope="module")
def tls_door(pki: TestPki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsDoor]:
    refusals = tmp_path_factory.mktemp("door") / "refusals"
    refusals.touch()
    server = pki.server("ingest")
    tls = [str(server.chain_path), str(server.key_path), str(pki.trust("ingest"))]
    supervisor = Supervisor(
        [
            program(
                tls=tls, refusals=str(refusals), handshake_timeout=0.6, connections_per_certificate=5, per_certificate=2
            )
        ]
    )
    facts = supervisor.start()["door"]
    door = Door(supervisor, int(str(facts["port"])), int(str(facts["health"])), int(str(facts["pid"])))
    yield TlsDoor(door, pki, refusals)
    supervisor.stop()
