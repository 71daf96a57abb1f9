"""Compare the repository with the addresses that the registry knows, in one pass and bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from xds.repository.address import BlobAddress
from xds.repository.inventory import StoredBlob, is_true, list_blobs, list_unfinished


class Condition(StrEnum):
    """What was found of one blob. The first three concern entries, the others only disk space."""

    SOUND = "sound"
    MISSING = "missing"
    ALTERED = "altered"
    ORPHAN = "orphan"
    UNFINISHED = "unfinished"
    RECENT = "recent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One blob, or one unfinished file. `path` is None when nothing is on the disk."""

    condition: Condition
    name: str
    path: Path | None


def examine(root: Path, addresses: Iterable[BlobAddress], *, older_than: float) -> Iterator[Finding]:
    """Say of every entry whether its bytes are there and true, and of every other blob that it is an orphan.

    `addresses` are those of all entries, ascending, without repetition, as known when or before this begins: bytes are
    stored before their entry is committed, so that a blob found later than its entry is never missed. What was modified
    after `older_than` (seconds of the epoch) and has no entry may be a deposit under way: it is RECENT.
    """
    known, stored = iter(addresses), list_blobs(root)
    address, blob = next(known, None), next(stored, None)
    while address is not None or blob is not None:
        if blob is None or (address is not None and address < blob.address):
            assert address is not None  # noqa: S101  one of the two is there
            yield Finding(condition=Condition.MISSING, name=address.hex, path=None)
            address = next(known, None)
        elif address is None or blob.address < address:
            yield _without_entry(blob, older_than)
            blob = next(stored, None)
        else:
            condition = Condition.SOUND if is_true(blob) else Condition.ALTERED
            yield Finding(condition=condition, name=address.hex, path=blob.path)
            address, blob = next(known, None), next(stored, None)
    for path, modified in list_unfinished(root):
        condition = Condition.RECENT if modified > older_than else Condition.UNFINISHED
        yield Finding(condition=condition, name=path.name, path=path)


def _without_entry(blob: StoredBlob, older_than: float) -> Finding:
    condition = Condition.RECENT if blob.modified > older_than else Condition.ORPHAN
    return Finding(condition=condition, name=blob.address.hex, path=blob.path)
