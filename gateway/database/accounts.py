"""Under which account the embedded server runs.

PostgreSQL refuses to run as root. When we are root, the server gets an unprivileged account that exists already:
creating accounts is the administrator's business. Otherwise it runs as ourselves.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.database.errors import DatabaseSetupError

CANDIDATES = ("ecluse", "postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccount:
    """The account of the server process. `switch` is true when we must change to it (we are root)."""

    uid: int
    gid: int
    switch: bool

    @property
    def process_options(self) -> dict[str, Any]:
        """Keyword arguments of `subprocess` that make a child run under this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def own(self, path: Path) -> None:
        """Give `path` to the account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def may_enter(self, directory: Path) -> bool:
        """Tell whether the account can search `directory` and every directory above it, links resolved."""
        resolved = directory.resolve()
        return all(self._has(path, stat.S_IXUSR) for path in (resolved, *resolved.parents))

    def may_read(self, path: Path) -> bool:
        """Tell whether the account can open `path`, and run it when its owner can."""
        owner_may = path.stat().st_mode & (stat.S_IRUSR | stat.S_IXUSR)
        return self.may_enter(path.resolve().parent) and self._has(path, owner_may | stat.S_IRUSR)

    def _has(self, path: Path, owner_bits: int) -> bool:
        found = path.stat()
        if found.st_uid == self.uid:
            wanted = owner_bits
        elif found.st_gid == self.gid:
            wanted = owner_bits >> 3
        else:
            wanted = owner_bits >> 6
        return found.st_mode & wanted == wanted


def server_account(existing: Path | None = None) -> ServerAccount:
    """Choose the account. A cluster that exists already (`existing`) keeps the account that owns it.

    Raises DatabaseSetupError: we are root and none of `CANDIDATES` exists, or the cluster is somebody else's.
    """
    ourselves = os.geteuid()
    owner = existing.stat() if existing is not None and existing.exists() else None
    if ourselves != 0:
        if owner is not None and owner.st_uid != ourselves:
            raise DatabaseSetupError(
                f"{existing} belongs to user {owner.st_uid}, this process runs as user {ourselves}: "
                "start it as that user, or choose another data directory"
            )
        return ServerAccount(uid=ourselves, gid=os.getegid(), switch=False)
    if owner is not None and owner.st_uid != 0:
        return ServerAccount(uid=owner.st_uid, gid=owner.st_gid, switch=True)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ServerAccount(uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
    raise DatabaseSetupError(
        f"PostgreSQL does not run as root and none of the accounts {', '.join(CANDIDATES)} exists: "
        "create one (useradd --system ecluse), run as an ordinary user, or set ECLUSE_DATABASE_URL"
    )
