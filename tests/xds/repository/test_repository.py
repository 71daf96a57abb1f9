from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from xds.repository.address import BlobAddress
from xds.repository.inventory import is_true, list_blobs, list_unfinished
from xds.repository.reader import PIECE, BlobMissing, RepositoryReader
from xds.repository.writer import TEMPORARY, RepositoryFull, RepositoryUnavailable, RepositoryWriter


def files_below(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_was_stored_is_read_again_under_the_hash_of_its_bytes(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    address = RepositoryWriter(tmp_path).store((content[:7], b"", content[7:]))
    reader = RepositoryReader(tmp_path)
    assert address.digest == hashlib.sha256(content).digest()
    assert b"".join(reader.open(address)) == content
    assert reader.size(address) == size
    assert reader.contains(address)


def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    root = tmp_path / "new" / "blobs"
    address = RepositoryWriter(root).store((b"x",))
    path = address.path(root)
    assert path.relative_to(root).parts == (address.hex[:2], address.hex[2:4], address.hex)
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in (path.parent, path.parent.parent, root / TEMPORARY, root):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_missing_blob_is_named_at_once(tmp_path: Path) -> None:
    address = BlobAddress(bytes(32))
    reader = RepositoryReader(tmp_path)
    for ask in (reader.open, reader.size):
        with pytest.raises(BlobMissing, match=address.hex):
            ask(address)
    assert not reader.contains(address)


def test_a_submission_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def breaks() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the sealing failed")

    with pytest.raises(RuntimeError):
        RepositoryWriter(tmp_path).store_all(((b"one",), (b"two",), breaks()))
    assert files_below(tmp_path) == []


def test_discarded_blobs_are_gone_and_discarding_twice_is_harmless(tmp_path: Path) -> None:
    writer = RepositoryWriter(tmp_path)
    kept, *refused = writer.store_all(((b"kept",), (b"one",), (b"two",)))
    writer.discard(refused)
    writer.discard(refused)
    assert files_below(tmp_path) == [kept.path(tmp_path)]


def test_writers_share_a_repository(tmp_path: Path) -> None:
    stored: list[BlobAddress] = []

    def write(number: int) -> None:
        writer = RepositoryWriter(tmp_path)
        stored.extend(writer.store_all((b"%d-%d" % (number, n),) for n in range(10)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stored) == [blob.address for blob in list_blobs(tmp_path)]
    assert len(stored) == 60


def test_the_inventory_walks_in_order_and_knows_what_is_not_a_blob(tmp_path: Path) -> None:
    writer = RepositoryWriter(tmp_path)
    stored = sorted(writer.store((b"%d" % n,)) for n in range(50))
    (tmp_path / "README").write_text("not a blob", encoding="utf-8")
    (tmp_path / "ff" / "ff").mkdir(parents=True, exist_ok=True)
    (tmp_path / "ff" / "ff" / ("0" * 64)).write_bytes(b"in the wrong folder")
    (tmp_path / TEMPORARY / "left").write_bytes(b"by a writer that was killed")
    blobs = list(list_blobs(tmp_path))
    assert [blob.address for blob in blobs] == stored
    assert all(is_true(blob) for blob in blobs)
    assert [path.name for path, _ in list_unfinished(tmp_path)] == ["left"]
    blobs[3].path.write_bytes(b"altered")
    assert [blob.address for blob in blobs if not is_true(blob)] == [stored[3]]


def test_an_address_has_one_spelling() -> None:
    address = BlobAddress(hashlib.sha256(b"").digest())
    assert BlobAddress.parse(address.hex) == address
    for text in (address.hex.upper(), address.hex[:-2], " " + address.hex, "zz" * 32):
        with pytest.raises(ValueError, match=r"address|hexadecimal"):
            BlobAddress.parse(text)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one mebibyte."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said_plainly_and_leaves_nothing(small_disk: Path) -> None:
    writer = RepositoryWriter(small_disk / "blobs")
    kept = writer.store((b"x" * 1000,))
    with pytest.raises(RepositoryFull, match="no room left"):
        writer.store_all(((b"fits",), iter([os.urandom(512 * 1024)] * 4)))
    assert files_below(small_disk) == [kept.path(small_disk / "blobs")]
    assert writer.store((b"y" * 1000,)) != kept


def test_a_quota_on_the_size_of_files_is_a_full_disk_too(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from xds.repository.writer import RepositoryFull, RepositoryWriter\n"
        "writer = RepositoryWriter(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "try: writer.store([bytes(40000)] * 3)\n"
        "except RepositoryFull: print('full')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "full\n"
    assert files_below(tmp_path) == []


def test_a_repository_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    writer = RepositoryWriter(tmp_path / "blobs")
    (tmp_path / "blobs" / TEMPORARY).rmdir()
    (tmp_path / "blobs" / TEMPORARY).write_bytes(b"a file in place of the folder")
    with pytest.raises(RepositoryUnavailable, match="ENOTDIR"):
        writer.store((b"x",))
