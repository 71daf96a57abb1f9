"""A small SMTP server on a real socket (RFC 5321): takes letters, refuses what it is told to, goes down, comes back."""

from __future__ import annotations

import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast


@dataclass
class Mailbox:
    """What a server has taken, and what it answers: `refusals` maps an address to the answer to its RCPT.

    `answers` to other words: MAIL, RCPT, DATA, `greeting`, `taken` (after the letter); an empty one hangs up.
    """

    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    drop_after_data: int = 0
    tls: ssl.SSLContext | None = None
    secured: bool = False


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        box = cast("Server", self.server).box
        recipient = ""
        self._say(box.answers.get("greeting", "220 test"))
        while line := self.rfile.readline():
            word = line.decode("ascii", "replace").strip()
            verb = word[:4].upper()
            if verb == "EHLO":
                self._say("250-test\r\n250 STARTTLS" if box.tls and not box.secured else "250 test")
            elif verb == "STAR" and box.tls is not None:
                self._say("220 go")
                self.connection = box.tls.wrap_socket(self.connection, server_side=True)
                self.rfile, box.secured = self.connection.makefile("rb"), True
            elif verb == "RCPT":
                recipient = word.partition("<")[2].partition(">")[0]
                self._say(box.refusals.get(recipient, box.answers.get("RCPT", "250 ok")))
            elif verb in box.answers:
                self._say(box.answers[verb])
            elif verb == "DATA":
                self._say("354 go")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                box.letters.append(
                    (recipient, cast("EmailMessage", message_from_bytes(content, policy=policy.default)))
                )
                if box.drop_after_data:
                    box.drop_after_data -= 1
                    return
                if not box.answers.get("taken", "250"):
                    return
                self._say(box.answers.get("taken", "250 taken"))
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # that of TLS, where there is one

    def _say(self, text: str) -> None:
        self.connection.sendall(f"{text}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    """Listens on the loopback interface until `down`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, box: Mailbox, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Talk)
        self.box = box
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def down(self) -> None:
        """Stop listening; a server that is down stays down."""
        if self._thread.is_alive():
            self.shutdown()
            self.server_close()
            self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""
