"""CPU time of the processes of a house, read from the kernel (proc(5))."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def door_pids(data: Path, name: str) -> list[int]:
    """The processes of one door of the house on `data`: gunicorn's parent and its workers."""
    wanted = [b"door", name.encode(), b"--data", str(data).encode()]
    found = []
    for pid in _pids():
        arguments = _read(pid, "cmdline").split(b"\0")
        if any(arguments[i : i + 4] == wanted for i in range(len(arguments))):
            found.append(pid)
    return found


def database_pids(postmaster: int) -> list[int]:
    """A database server: its parent process and its backends."""
    return [postmaster, *(pid for pid in _pids() if _parent(pid) == postmaster)]


def cpu_seconds(pids: list[int]) -> float:
    """CPU time spent by the processes and by those of their children that have ended."""
    ticks = 0
    for pid in pids:
        fields = _read(pid, "stat").rpartition(b")")[2].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / _TICKS


def resident_megabytes(pids: list[int]) -> float:
    """Memory of the largest of the processes, in megabytes."""
    lines = (line for pid in pids for line in _read(pid, "status").splitlines() if line.startswith(b"VmRSS:"))
    return max((int(line.split()[1]) for line in lines), default=0) / 1024


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
