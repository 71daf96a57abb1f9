"""Bytes leave the disk, and what will not leave is said."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from xds.repository.address import BlobAddress
from xds.repository.remover import RepositoryRemover
from xds.repository.writer import RepositoryWriter


def test_a_removed_blob_is_gone_and_its_neighbours_stay(tmp_path: Path) -> None:
    writer = RepositoryWriter(tmp_path)
    first, second = writer.store_all([[b"one"], [b"two"]])
    RepositoryRemover(tmp_path).remove([first])
    assert not first.path(tmp_path).exists()
    assert second.path(tmp_path).read_bytes() == b"two"


def test_what_is_not_there_is_removed_already(tmp_path: Path) -> None:
    address, remover = BlobAddress(bytes(32)), RepositoryRemover(tmp_path)
    assert remover.may_remove(address)
    remover.remove([address])


def test_what_is_no_file_may_not_be_removed_and_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second = RepositoryWriter(tmp_path).store_all([[b"one"], [b"two"]])
    first.path(tmp_path).unlink()
    first.path(tmp_path).mkdir()
    remover = RepositoryRemover(tmp_path)
    assert [remover.may_remove(one) for one in (first, second)] == [False, True]
    with caplog.at_level(logging.ERROR, logger="ecluse.repository"):
        remover.remove([first, second])
    assert [record.getMessage() for record in caplog.records] == ["a removed document is still on the disk"]
    assert not second.path(tmp_path).exists()
