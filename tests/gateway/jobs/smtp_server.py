"""A small SMTP server on a real socket (RFC 5321): takes letters, refuses what it is told to, goes down, comes back.

It offers TLS from the start or after STARTTLS, a log-in (RFC 4954), and delivery status (RFC 3461) where it is told to.
"""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast


@dataclass(frozen=True)
class Delivery:
    """One transaction: the words of MAIL and of each RCPT that was accepted, by address, and the letter as it came."""

    mail: str
    recipients: dict[str, str]
    content: bytes

    @property
    def letter(self) -> EmailMessage:
        return cast("EmailMessage", message_from_bytes(self.content, policy=policy.default))


@dataclass
class Mailbox:
    """What a server has taken, and what it answers: `refusals` maps an address to the answer to its RCPT.

    `answers` to other words: MAIL, RCPT, DATA, `greeting`, `taken` (after the letter); an empty one hangs up.
    `extensions` are announced to EHLO; `account` is the log-in it asks for. `tls` is offered after STARTTLS,
    or from the start when `tls_first`.
    """

    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    drop_after_data: int = 0
    tls: ssl.SSLContext | None = None
    secured: bool = False
    tls_first: bool = False
    extensions: tuple[str, ...] = ()
    account: tuple[str, str] | None = None

    def to(self, address: str) -> list[Delivery]:
        """The letters that were taken for one address."""
        return [one for one in self.deliveries if address in one.recipients]


class _Talk(socketserver.StreamRequestHandler):
    logged_in = False

    def setup(self) -> None:
        box = cast("Server", self.server).box
        if box.tls is not None and box.tls_first:
            self.request = box.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        box = cast("Server", self.server).box
        recipient, mail, accepted = "", "", dict[str, str]()
        self._say(box.answers.get("greeting", "220 test"))
        while line := self.rfile.readline():
            word = line.decode("ascii", "replace").strip()
            verb = word[:4].upper()
            if early := self._early(verb, word):
                self._say(early)
            elif verb == "STAR" and box.tls is not None:
                self._say("220 go")
                self.connection = box.tls.wrap_socket(self.connection, server_side=True)
                self.rfile, box.secured = self.connection.makefile("rb"), True
            elif verb == "RCPT":
                recipient = word.partition("<")[2].partition(">")[0]
                answer = box.refusals.get(recipient, box.answers.get("RCPT", "250 ok"))
                if answer.startswith("2"):
                    accepted[recipient] = word
                self._say(answer)
            elif verb in box.answers:
                self._say(box.answers[verb])
            elif verb == "DATA":
                self._say("354 go")
                content = b"".join(iter(self.rfile.readline, b".\r\n"))
                box.deliveries.append(Delivery(mail, accepted, content))
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
                if verb == "MAIL":
                    mail, accepted = word, {}
                self._say("250 ok")

    def _early(self, verb: str, word: str) -> str:
        """What is answered before anything is sent; empty when it is no matter of that."""
        box = cast("Server", self.server).box
        if verb == "EHLO":
            starts = ("STARTTLS",) if box.tls and not box.tls_first and not box.secured else ()
            offers = ("AUTH PLAIN",) if box.account is not None else ()
            told = ("test", *starts, *offers, *box.extensions)
            return "\r\n".join([*(f"250-{one}" for one in told[:-1]), f"250 {told[-1]}"])
        if verb == "AUTH":
            _, user, password = base64.b64decode(word.rsplit(maxsplit=1)[-1]).decode().split("\0")
            self.logged_in = (user, password) == box.account
            return "235 welcome" if self.logged_in else "535 no such account"
        return "530 log in first" if verb == "MAIL" and box.account and not self.logged_in else ""

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
