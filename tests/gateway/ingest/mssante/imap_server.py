"""A small IMAP server on a real socket, over TLS (RFC 3501, RFC 6851, RFC 4315): folders, flags, copies, moves."""

from __future__ import annotations

import itertools
import re
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any, cast

_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"|(\S+)')


@dataclass
class Kept:
    """A mail in a folder."""

    uid: int
    data: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class Folders:
    """What a server keeps. `answers` maps a command to the status it ends with instead of OK; `log` is what was asked.

    `extensions` are capabilities; `account` is user and password, None where the certificate is enough.
    """

    extensions: tuple[str, ...] = ("MOVE", "UIDPLUS")
    account: tuple[str, str] | None = ("chu", "secret")
    answers: dict[str, str] = field(default_factory=dict)
    folders: dict[str, list[Kept]] = field(default_factory=lambda: {"INBOX": [], "Traites": [], "A voir": []})
    log: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    _uids: Any = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, data: bytes, folder: str = "INBOX") -> int:
        """A mail comes."""
        with self._lock:
            uid = next(self._uids)
            self.folders[folder].append(Kept(uid, data))
            return int(uid)

    def flags(self, uid: int, folder: str = "INBOX") -> set[str] | None:
        """The flags of a mail; None: it is not there."""
        return next((one.flags for one in self.folders[folder] if one.uid == uid), None)

    def holds(self, data: bytes, folder: str) -> bool:
        """Whether these bytes are in a folder, not deleted."""
        return any(one.data == data and r"\Deleted" not in one.flags for one in self.folders[folder])


class _Talk(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        box = cast("ImapTestServer", self.server).box
        if box.tls is None:
            return
        try:
            self.connection = box.tls.wrap_socket(self.connection, server_side=True)
        except (OSError, ssl.SSLError):
            return
        self.rfile = self.connection.makefile("rb")
        self._folder = ""
        self._say(b"* OK test")
        try:
            while line := self.rfile.readline():
                words = [quoted or plain for quoted, plain in _WORD.findall(line.strip())]
                if len(words) < 2:
                    return
                if not self._answer(box, words[0], words[1].upper().decode(), words[2:]):
                    return
        except (OSError, ssl.SSLError):
            return

    def _answer(self, box: Folders, tag: bytes, command: str, words: list[bytes]) -> bool:
        if command == "UID":
            command, words = words[0].upper().decode(), words[1:]
        box.log.append(" ".join([command, *(one.decode("latin-1") for one in words if command != "LOGIN")]))
        status = box.answers.get(command, "OK")
        if status == "BYE":
            return False
        if status == "OK":
            status = self._run(box, command, words)
        self._say(tag + f" {status} {command}".encode())
        return command != "LOGOUT"

    def _run(self, box: Folders, command: str, words: list[bytes]) -> str:
        if command == "CAPABILITY":
            self._say(" ".join(("* CAPABILITY IMAP4rev1", *box.extensions)).encode())
        elif command == "LOGIN":
            given = tuple(one.decode() for one in words)
            return "OK" if given == box.account else "NO"
        elif command == "AUTHENTICATE":
            self._say(b"+ ")
            self.rfile.readline()
            return "OK" if box.account is None else "NO"
        elif command == "SELECT":
            return self._select(box, words[0].decode())
        elif command == "SEARCH":
            unseen = [one for one in box.folders[self._folder] if not one.flags & {r"\Seen", r"\Deleted"}]
            self._say(" ".join(("* SEARCH", *(str(one.uid) for one in unseen))).encode())
        elif command in ("FETCH", "STORE", "COPY", "MOVE", "EXPUNGE"):
            return self._on_mail(box, command, int(words[0]), words[1:])
        elif command == "LOGOUT":
            self._say(b"* BYE")
        return "OK"

    def _select(self, box: Folders, folder: str) -> str:
        if folder not in box.folders:
            return "NO"
        self._folder = folder
        self._say(f"* {len(box.folders[folder])} EXISTS".encode())
        self._say(b"* OK [UIDVALIDITY 7] fine")
        return "OK"

    def _on_mail(self, box: Folders, command: str, uid: int, words: list[bytes]) -> str:
        own = box.folders[self._folder]
        found = next((one for one in own if one.uid == uid), None)
        if found is None:
            return "OK"
        if command == "FETCH" and b"SIZE" in words[0]:
            self._say(f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(found.data)})".encode())
        elif command == "FETCH":
            head = f"* {uid} FETCH (UID {uid} BODY[] {{{len(found.data)}}}\r\n".encode()
            self.connection.sendall(head + found.data + b")\r\n")
        elif command == "STORE":
            found.flags.update(one.strip(b"()").decode() for one in words[1:])
        elif command == "EXPUNGE":
            own.remove(found)
        else:
            target = words[0].decode()
            if target not in box.folders:
                return "NO"
            box.put(found.data, target)
            if command == "MOVE":
                own.remove(found)
        return "OK"

    def _say(self, line: bytes) -> None:
        self.connection.sendall(line + b"\r\n")

    def finish(self) -> None:
        super().finish()
        self.connection.close()


class ImapTestServer(socketserver.ThreadingTCPServer):
    """Listens on the loopback interface until `down`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, box: Folders) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.box = box
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def down(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is none of our business."""
