"""The worker of a door: threads that serve requests, others that compute handshakes, and a bound on each client.

A connection waits for its client in the selector, never in a thread, until a whole handshake and the first byte of a
request are there: someone without a certificate can never hold a thread that serves.
"""

from __future__ import annotations

import errno
import selectors
import ssl
import time
import uuid
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any

from gunicorn.http import wsgi
from gunicorn.http.body import LengthReader
from gunicorn.http.errors import InvalidHeader, NoMoreData, ParseException
from gunicorn.workers.gthread import _DEFER, ThreadWorker

from gateway.server.body import BodyMemory, BodyStream
from gateway.server.connection import DoorConnection, HandshakeError
from gateway.server.health import Counters, HealthServer
from gateway.server.options import HandshakeRefusal, Listening, ServerOptions
from gateway.server.response import DoorResponse, status_of, write_refusal

_HANDSHAKE_THREADS = 2
_HANDSHAKE_LINGER = 0.2
_SWEEP = 0.2
_IN_A_ROW = 50
_PATIENCE = 0.005
_PATIENCE_OF_THE_KNOWN = 5.0
_DRAINED = 32 * 1024
"""Bytes of a body that nobody read which are read away, so that its connection serves again; beyond, it ends."""
_TRANSIENT = (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK, errno.EMFILE, errno.ENFILE)


class DoorWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn is not typed
    """Serves one door. `app` is the embedding application, which holds the options and the hooks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options: ServerOptions = self.app.options
        self.counters = Counters()
        self._lock = Lock()
        self._serving: Counter[bytes] = Counter()
        self._connected: Counter[bytes] = Counter()
        self._handshakes: ThreadPoolExecutor
        self._next_sweep = 0.0
        self._memory = BodyMemory(self.options.memory)

    def init_process(self) -> None:
        self._handshakes = ThreadPoolExecutor(_HANDSHAKE_THREADS, thread_name_prefix="handshake")
        super().init_process()

    def load_wsgi(self) -> None:
        try:
            super().load_wsgi()
        except Exception as error:
            # Nothing was received yet: the text is about this machine, and the administrator needs it.
            self.log.critical("the door %s cannot start: %s: %s", self.options.name, type(error).__name__, error)
            raise

    def run(self) -> None:
        health = self.app.health_listener
        if health is not None:
            HealthServer(health, self.options.name, self.app.checks, self.counters).start()
        if self.app.on_ready is not None:
            host, port = self.sockets[0].getsockname()[:2]
            self.app.on_ready(Listening(host, port, None if health is None else health.getsockname()[1]))
        super().run()
        self._handshakes.shutdown(wait=False, cancel_futures=True)

    def accept(self, listener: Any) -> None:
        """Accept a connection and hand it to the threads that shake hands."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in _TRANSIENT:
                raise
            return
        self.nr_conns += 1
        connection = DoorConnection(self.cfg, sock, address, listener.getsockname(), self.options)
        if self.options.tls is None:
            connection.init()
        connection.set_timeout()
        self.pending_conns.append(connection)
        self.poller.register(sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, connection))

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections or not; a worker that ends closes the port, so that nobody waits there in vain."""
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            for listener in self.sockets:
                listener.close()

    def enqueue_req(self, conn: DoorConnection) -> None:
        """Hand a connection with something to read to the threads that serve, or to those that shake hands."""
        done = self.tpool.submit(self.handle, conn) if conn.is_ready else self._handshakes.submit(self._welcome, conn)
        done.add_done_callback(lambda future: self.method_queue.defer(self.finish_request, conn, future))

    def finish_request(self, conn: DoorConnection, fs: Future[Any]) -> None:
        super().finish_request(conn, fs)
        self._forget_if_closed(conn)

    def murder_keepalived(self, force: bool = False) -> None:
        before = list(self.keepalived_conns)
        super().murder_keepalived(force)
        self._forget_closed(before)

    def murder_pending(self) -> None:
        """Close the connections whose handshake or first request did not come in time."""
        now = time.monotonic()
        if now < self._next_sweep:
            return
        self._next_sweep = now + _SWEEP
        for connection in [one for one in self.pending_conns if one.is_overdue(now)]:
            self.pending_conns.remove(connection)
            self.poller.unregister(connection.sock)
            self.nr_conns -= 1
            connection.close()
            self._forget_if_closed(connection)
            if not connection.is_ready:
                self._handshakes.submit(self._refuse_handshake, HandshakeRefusal(connection.address, "timeout"))

    def handle(self, conn: DoorConnection) -> bool:
        """Serve the requests of a connection while they come one upon the other; true when it stays open.

        Giving a connection back to the selector and taking it again costs more than a small request: a thread that
        nobody else waits for stays with its client for a few milliseconds.
        """
        request = None
        try:
            for _ in range(_IN_A_ROW):
                conn.begin_request()
                request = next(conn.parser)
                if not request or not self._keepalive_after(conn, self.handle_request(request, conn)):
                    break
                request = None
                if self.tpool._work_queue.qsize() or not conn.has_more(_PATIENCE):
                    return True
            else:
                return True
        except (NoMoreData, StopIteration):
            pass
        except (ssl.SSLError, ConnectionError):
            return False
        except Exception as error:  # noqa: BLE001 -- the last resort of a thread: answered tersely and logged
            self.handle_error(request, conn.sock, conn.client, error)
        if conn.holder is None:
            conn.linger()
        else:
            # A known client is still sending what was refused: it reads why when it has done.
            conn.linger(_PATIENCE_OF_THE_KNOWN, 2 * self.options.body)
        return False

    def handle_request(self, req: Any, conn: DoorConnection) -> bool:
        """Call the application; true when the client may send another request.

        Raises InvalidHeader: HTTP/1.1 without Host (RFC 9112 §3.2).
        """
        if req.version >= (1, 1) and not any(name == "HOST" for name, _ in req.headers):
            raise InvalidHeader("HOST", req=req)
        conn.begin_body()
        response, environ = wsgi.create(req, conn.sock, conn.client, conn.server, self.cfg, response_class=DoorResponse)
        environ["wsgi.multithread"] = True
        body = BodyStream(environ["wsgi.input"], environ, self.options.body, self._memory, self.options.body_idle)
        environ["wsgi.input"] = body
        environ["ecluse.client_certificate"] = conn.certificate
        environ["ecluse.request_id"] = uuid.uuid4().hex
        self.nr += 1
        crowded = len(self.keepalived_conns) >= self.max_keepalived
        if not self.alive or crowded or conn.parser.req_count >= self.options.requests_per_connection:
            response.force_close()
        if not self._may_serve(conn.holder):
            self.counters.add("refused_per_certificate")
            write_refusal(conn.sock, 503, "Too many requests of this certificate at once")
            return False
        start = datetime.now()
        try:
            self._run(environ, response)
        finally:
            body.release()
            self._served(conn.holder)
            self.counters.add(f"responses_{str(response.status)[:1]}xx" if response.headers_sent else "unanswered")
            self.log.access(response, req, environ, datetime.now() - start)
        return not response.should_close()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer in one plain line: no page, no text of the exception, no echo."""
        status = status_of(exc)
        incident = ""
        if status == 500:
            incident = uuid.uuid4().hex
            self.log.error("error outside the application", exc_info=exc, extra={"incident": incident})
        self.counters.add(f"refused_{status}")
        try:
            write_refusal(client, status, f"Internal error, incident {incident}" if incident else "")
        except OSError:
            self.log.debug("the client left before the refusal")

    def _keepalive_after(self, conn: DoorConnection, keepalive: bool) -> bool:
        body = conn.parser.mesg.body
        if isinstance(body.reader, LengthReader) and body.reader.length == 0 and not body.failed:
            # All was read: there is nothing to drain, which costs several system calls to find out.
            return keepalive
        return bool(super()._keepalive_after(conn, keepalive))

    def _run(self, environ: dict[str, Any], response: DoorResponse) -> None:
        try:
            content = self.wsgi(environ, response.start_response)
            if environ["wsgi.input"].unread > _DRAINED:
                response.force_close()
            try:
                for chunk in content:
                    response.write(chunk)
                response.close()
            finally:
                if hasattr(content, "close"):
                    content.close()
        except (OSError, ParseException):
            raise
        except Exception as error:
            if not response.headers_sent:
                raise
            self.log.error("error after the response began", exc_info=error)
            raise StopIteration from None

    def _welcome(self, conn: DoorConnection) -> object:
        try:
            conn.init()
        except HandshakeError as failure:
            self._refuse_handshake(failure.refusal)
            conn.linger(_HANDSHAKE_LINGER)
            return False
        except OSError as error:
            self.log.error("no TLS context", exc_info=error)
            return False
        if not conn.is_ready:
            return _DEFER
        if not self._may_connect(conn):
            self._refuse_handshake(HandshakeRefusal(conn.address, "too many connections of this certificate"))
            return False
        # Whatever came with the end of the handshake is already decrypted, out of the selector's sight.
        return self.handle(conn) if isinstance(conn.sock, ssl.SSLSocket) and conn.sock.pending() else _DEFER

    def _refuse_handshake(self, refusal: HandshakeRefusal) -> None:
        self.counters.add("refused_handshakes")
        self.log.info("handshake refused", extra={"address": refusal.address, "reason": refusal.reason})
        if self.options.on_handshake_refused is not None:
            try:
                self.options.on_handshake_refused(refusal)
            except Exception as error:
                self.log.error("the hook of refused handshakes failed", exc_info=error)

    def _may_connect(self, conn: DoorConnection) -> bool:
        limit = self.options.connections_per_certificate
        if conn.holder is None:
            return True
        with self._lock:
            if limit and self._connected[conn.holder] >= limit:
                return False
            self._connected[conn.holder] += 1
            conn.admitted = True
        return True

    def _forget_closed(self, connections: list[DoorConnection]) -> None:
        for connection in connections:
            self._forget_if_closed(connection)

    def _forget_if_closed(self, conn: DoorConnection) -> None:
        if conn.admitted and conn.holder is not None and conn.sock.fileno() < 0:
            conn.admitted = False
            with self._lock:
                _decrement(self._connected, conn.holder)

    def _may_serve(self, holder: bytes | None) -> bool:
        if holder is None:
            return True
        with self._lock:
            if self.options.per_certificate and self._serving[holder] >= self.options.per_certificate:
                return False
            self._serving[holder] += 1
        return True

    def _served(self, holder: bytes | None) -> None:
        if holder is not None:
            with self._lock:
                _decrement(self._serving, holder)


def _decrement(counter: Counter[bytes], key: bytes) -> None:
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]
