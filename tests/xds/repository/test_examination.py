from __future__ import annotations

import os
import time
from pathlib import Path

from xds.repository.address import BlobAddress
from xds.repository.examination import Condition, examine
from xds.repository.writer import TEMPORARY, RepositoryWriter

LATER = time.time() + 3600


def conditions(root: Path, entries: list[BlobAddress], *, older_than: float = LATER) -> dict[str, Condition]:
    return {found.name: found.condition for found in examine(root, sorted(entries), older_than=older_than)}


def test_entries_and_bytes_that_agree_are_sound(tmp_path: Path) -> None:
    writer = RepositoryWriter(tmp_path)
    stored = [writer.store((b"%d" % n,)) for n in range(30)]
    assert conditions(tmp_path, stored) == {address.hex: Condition.SOUND for address in stored}


def test_every_fault_is_found_wherever_it_lies_in_the_order(tmp_path: Path) -> None:
    writer = RepositoryWriter(tmp_path)
    stored = sorted(writer.store((b"%d" % n,)) for n in range(30))
    for victim in (stored[0], stored[13], stored[-1]):
        victim.path(tmp_path).unlink()
    for victim in (stored[1], stored[14], stored[-2]):
        victim.path(tmp_path).write_bytes(b"other bytes")
    orphans = {stored[2], stored[15], stored[-3]}
    (tmp_path / TEMPORARY / "left").touch()
    found = conditions(tmp_path, [address for address in stored if address not in orphans])
    assert {n for n, address in enumerate(stored) if found[address.hex] is Condition.MISSING} == {0, 13, 29}
    assert {n for n, address in enumerate(stored) if found[address.hex] is Condition.ALTERED} == {1, 14, 28}
    assert {n for n, address in enumerate(stored) if found[address.hex] is Condition.ORPHAN} == {2, 15, 27}
    assert found["left"] is Condition.UNFINISHED
    assert sum(condition is Condition.SOUND for condition in found.values()) == 21


def test_a_blob_of_a_deposit_under_way_is_no_orphan(tmp_path: Path) -> None:
    writer = RepositoryWriter(tmp_path)
    old, new = writer.store((b"old",)), writer.store((b"new",))
    (tmp_path / TEMPORARY / "now").touch()
    long_ago = time.time() - 7200
    os.utime(old.path(tmp_path), (long_ago, long_ago))
    found = conditions(tmp_path, [], older_than=time.time() - 3600)
    assert found == {old.hex: Condition.ORPHAN, new.hex: Condition.RECENT, "now": Condition.RECENT}


def test_an_empty_repository_and_one_that_is_not_there_miss_every_entry(tmp_path: Path) -> None:
    address = BlobAddress(bytes(32))
    assert conditions(tmp_path / "nowhere", [address]) == {address.hex: Condition.MISSING}
    assert conditions(tmp_path / "nowhere", []) == {}
