"""An IMAP server that keeps mail for us: a connection over TLS, and the few commands that this house says (RFC 3501).

Mail is looked at without being marked; it is marked, copied or moved only when somebody says so (RFC 6851, RFC 4315).
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")
_UNSEEN: Final = "UNSEEN UNDELETED"


class NoMailbox(Exception):
    """The server or the folder cannot be used. The text names the keys to look at, and no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    """How a server is reached, always over TLS.

    `keys` is what the names of its settings begin with. `ca` are authorities, PEM; empty: those of the system.
    `certificate` and `key` are shown to it, where they are given; without a `user` they log in (SASL EXTERNAL).
    """

    keys: str
    host: str
    port: int
    ca: str
    user: str
    password: str = field(repr=False)
    timeout: float
    certificate: str = ""
    key: str = ""

    def open(self, folder: str) -> ImapFolder:
        """A connection, with a folder to read and to write. Raises NoMailbox."""
        said = self.keys
        try:
            return self._open(folder)
        except ssl.SSLCertVerificationError:
            fault = f"the certificate of the IMAP server is not trusted: see {said}ca and {said}host"
        except ssl.SSLError as error:
            fault = f"no TLS with the IMAP server: see {said}port and {said}ca ({type(error).__name__})"
        except OSError as error:
            fault = f"the IMAP server does not answer: {type(error).__name__}"
        except (imaplib.IMAP4.error, UnicodeError, ValueError):
            fault = f"the IMAP server does not let us in: see {said}user, {said}password and {said}folder"
        raise NoMailbox(fault)

    def _open(self, folder: str) -> ImapFolder:
        context = ssl.create_default_context(cafile=self.ca or None)
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key)
        connection = imaplib.IMAP4_SSL(self.host, self.port, ssl_context=context, timeout=self.timeout)
        try:
            if self.user:
                connection.login(self.user, self.password)
            else:
                connection.authenticate("EXTERNAL", lambda _: b"")
            status, said = connection.select(_quoted(folder))
            if status != "OK":
                raise imaplib.IMAP4.error(said)
        except (OSError, imaplib.IMAP4.error, UnicodeError, ValueError):
            leave(connection)
            raise
        return ImapFolder(connection)


@dataclass(frozen=True, slots=True)
class ImapFolder:
    """An open folder. Every method raises NoMailbox: the connection is gone, or the server refuses."""

    _connection: imaplib.IMAP4

    def validity(self) -> str:
        """What makes uids those of this folder (RFC 3501 §2.3.1.1)."""
        said = self._connection.response("UIDVALIDITY")[1]
        return said[0].decode("ascii", "replace") if said and isinstance(said[0], bytes) else ""

    def unseen(self) -> Iterator[str]:
        """The uids of mail that nobody has read yet, the oldest first."""
        for line in self._ask("SEARCH", _UNSEEN):
            if isinstance(line, bytes):
                yield from sorted((one for one in line.decode("ascii", "replace").split() if one.isdigit()), key=int)

    def size(self, uid: str) -> int:
        """The size of a mail in bytes; 0 when the server does not say."""
        for line in self._ask("FETCH", uid, "(RFC822.SIZE)"):
            found = _SIZE.search(line) if isinstance(line, bytes) else None
            if found is not None:
                return int(found[1])
        return 0

    def fetch(self, uid: str) -> bytes | None:
        """A mail as it is, which stays unread; None: it is gone."""
        for item in self._ask("FETCH", uid, "(BODY.PEEK[])"):
            if isinstance(item, tuple) and b"BODY[]" in item[0]:
                content: bytes = item[1]
                return content
        return None

    def mark_read(self, uid: str) -> None:
        """Mark a mail as read, where it is."""
        self._ask("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def move(self, uid: str, folder: str, *, read: bool) -> None:
        """Move a mail to another folder; a server without MOVE is told to copy it, and to drop this one."""
        if read:
            self.mark_read(uid)
        if "MOVE" in self._connection.capabilities:
            self._ask("MOVE", uid, _quoted(folder))
            return
        self._ask("COPY", uid, _quoted(folder))
        self._ask("STORE", uid, "+FLAGS.SILENT", r"(\Seen \Deleted)")
        if "UIDPLUS" in self._connection.capabilities:
            self._ask("EXPUNGE", uid)

    def close(self) -> None:
        """Say good-bye, and drop nothing."""
        leave(self._connection)

    def _ask(self, command: str, *words: str) -> list[Any]:
        try:
            status, said = self._connection.uid(command, *words)
        except (OSError, imaplib.IMAP4.error, ValueError) as error:
            raise NoMailbox(f"the IMAP server does not answer {command}: {type(error).__name__}") from None
        if status != "OK":
            raise NoMailbox(f"the IMAP server refuses {command}")
        return list(said)


def leave(connection: imaplib.IMAP4) -> None:
    """Say good-bye; a server that is gone already is none of our business."""
    with suppress(OSError, imaplib.IMAP4.error):
        connection.logout()
    with suppress(OSError, imaplib.IMAP4.error):
        connection.shutdown()


def _quoted(folder: str) -> str:
    """A name of a folder as a quoted string (RFC 3501 §4.3). Raises ValueError: it would end the line."""
    if not folder.isprintable() or not folder.isascii():
        raise ValueError("the name of a folder is printable ASCII")
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
