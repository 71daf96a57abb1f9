"""A door of the tests: the real server around a tiny application. Run with one JSON argument."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

from gateway import logs
from gateway.server.application import serve
from gateway.server.options import HandshakeRefusal, Listening, ServerOptions
from gateway.server.ready import announce_ready
from gateway.wire import soap
from security.errors import MalformedMessage
from security.pki.tls import TlsContexts

SETTINGS = json.loads(sys.argv[1])
TLS = SETTINGS.pop("tls", None)
REFUSALS = SETTINGS.pop("refusals", None)
BROKEN = SETTINGS.pop("broken", False)
UNREADY = Path(SETTINGS.pop("unready", "/nonexistent"))


def build():
    if BROKEN:
        raise RuntimeError("the database does not answer")
    return application


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/crash":
        raise RuntimeError("secret of the house")
    if path == "/die":
        os._exit(7)
    if path == "/slow":
        time.sleep(1.5)
    if path == "/large":
        start_response("200 OK", [("Content-Length", str(3_000_000))])
        return [b"x" * 3_000_000]
    try:
        if path == "/soap":
            message = soap.read(environ.get("CONTENT_TYPE", ""), environ["wsgi.input"])
            reply = soap.reply(message, "urn:answer", b"<answer/>")
        elif path == "/unread":
            return _plain(start_response, {})
        else:
            body = environ["wsgi.input"].read()
            certificate = environ["ecluse.client_certificate"]
            return _plain(
                start_response,
                {
                    "size": len(body),
                    "sha1": hashlib.sha1(body, usedforsecurity=False).hexdigest(),
                    "certificate": certificate and hashlib.sha256(certificate).hexdigest(),
                    "scheme": environ["wsgi.url_scheme"],
                    "address": environ["REMOTE_ADDR"],
                    "secrets": any("ECLUSE" in str(value) for value in environ.values()),
                },
            )
    except MalformedMessage as error:
        reply = soap.fault(error)
    start_response(f"{reply.status} Answer", reply.headers)
    return reply.content


def _plain(start_response, answer):
    body = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def ready(listening: Listening) -> None:
    announce_ready({"port": listening.port, "health": listening.health_port, "pid": os.getpid()})


def refused(refusal: HandshakeRefusal) -> None:
    if REFUSALS:
        with Path(REFUSALS).open("a") as file:
            file.write(f"{refusal.address} {refusal.reason}\n")


if __name__ == "__main__":
    logs.configure()
    options = ServerOptions(
        name="test", tls=TLS and TlsContexts(*map(Path, TLS)), on_handshake_refused=refused, **SETTINGS
    )
    sys.exit(serve(build, options, on_ready=ready, checks={"file": lambda: not UNREADY.exists(), "odd": lambda: True}))
