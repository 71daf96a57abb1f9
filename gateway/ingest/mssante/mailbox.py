"""Where mail comes from: the mailbox of an IMAP server, or files that somebody puts into a directory.

A mail leaves its place only when what it says is durable here; what is not for this door stays, or is put aside. A
mail that cannot be had or moved holds up no other.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from gateway.wire.imap_server import ImapFolder, ImapServer, NoMailbox

_MOST_KNOWN: Final = 10_000


class Fate(StrEnum):
    """What becomes of a mail: TAKEN is durable here, ASIDE is for people, LATER is looked at again."""

    TAKEN = "taken"
    ASIDE = "aside"
    LATER = "later"


Take = Callable[[bytes | None], Fate]
"""Takes a mail; None: one that is larger than any that is read."""


class Source(Protocol):
    """A place that mail comes to."""

    def look(self, take: Take) -> None:
        """Hand every new mail over, the oldest first, until one is for later. Raises NoMailbox."""


@dataclass(slots=True, kw_only=True)
class ImapSource:
    """A folder of a server. `done` and `aside` are folders that mail is moved to; empty: it stays.

    What was looked at is remembered, so that it is fetched once; after a restart what stays unread is looked at again.
    """

    server: ImapServer
    folder: str
    done: str
    aside: str
    largest: int
    _known: dict[tuple[str, str], None] = field(init=False, default_factory=dict)

    def look(self, take: Take) -> None:
        """Hand every new mail over. Raises NoMailbox."""
        with closing(self.server.open(self.folder)) as folder:
            validity, fault = folder.validity(), None
            for uid in tuple(folder.unseen()):
                if (validity, uid) in self._known:
                    continue
                try:
                    fate = self._taken(folder, uid, take)
                    if fate is Fate.LATER:
                        return
                    if fate is not None:
                        self._remember((validity, uid))
                        self._settle(folder, uid, fate)
                except NoMailbox as error:
                    fault = error
            if fault is not None:
                raise fault

    def _taken(self, folder: ImapFolder, uid: str, take: Take) -> Fate | None:
        """What becomes of a mail; None: it is gone meanwhile."""
        if folder.size(uid) > self.largest:
            return take(None)
        content = folder.fetch(uid)
        return None if content is None else take(content)

    def _settle(self, folder: ImapFolder, uid: str, fate: Fate) -> None:
        taken = fate is Fate.TAKEN
        target = self.done if taken else self.aside
        if target:
            folder.move(uid, target, read=taken)
        elif taken:
            folder.mark_read(uid)

    def _remember(self, name: tuple[str, str]) -> None:
        self._known[name] = None
        while len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """`.eml` files in `in` of a directory: moved to its `done`, or to its `refused`. Put them in by renaming."""

    directory: Path
    largest: int

    def look(self, take: Take) -> None:
        """Hand every file over, the oldest first. Raises NoMailbox."""
        try:
            found = sorted(self._files(), key=lambda path: (path.lstat().st_mtime_ns, path.name))
        except OSError as error:
            raise NoMailbox(f"mssante/in cannot be listed: {os.strerror(error.errno or 0)}") from None
        fault = ""
        for path in found:
            try:
                fate = take(self._content(path))
                if fate is Fate.LATER:
                    return
                self._settle(path, "done" if fate is Fate.TAKEN else "refused")
            except FileNotFoundError:
                continue
            except OSError as error:
                fault = os.strerror(error.errno or 0)
        if fault:
            raise NoMailbox(f"a file of mssante/in cannot be taken: {fault}")

    def _files(self) -> list[Path]:
        place = self.directory / "in"
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return [path for path in place.iterdir() if path.suffix == ".eml" and stat.S_ISREG(path.lstat().st_mode)]

    def _content(self, path: Path) -> bytes | None:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            content = file.read(self.largest + 1)
        return content if len(content) <= self.largest else None

    def _settle(self, path: Path, where: str) -> None:
        target = self.directory / where
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(target / path.name)
