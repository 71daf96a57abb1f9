"""Who works where: the file, its faults, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from security.directory import Directory, DirectoryFault, read_directory, write_directory


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "directory.csv"
    path.write_text(write_directory([("10B0127189", ""), ("10B0127189", "899700218896")]), "utf-8")
    directory = read_directory(path)
    assert directory.is_active("10B0127189")
    assert directory.are_linked("899700218896", "10B0127189")
    assert not directory.are_linked("899700218896", "1750999013")
    assert not directory.are_linked("", "10B0127189")


def test_without_a_file_nobody_works_anywhere(tmp_path: Path) -> None:
    assert read_directory(tmp_path / "directory.csv") == Directory()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line"),
        (b"professional_id,structure_id\n", "first line"),
        (b"structure_id,professional_id\n,8\n", "line 2"),
        (b"structure_id,professional_id\n1,8\n1,8,9\n", "line 3"),
        (b"\xff\xfe", "UnicodeDecodeError"),
    ],
)
def test_a_file_that_is_no_directory_says_where(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "directory.csv"
    path.write_bytes(content)
    with pytest.raises(DirectoryFault, match=said):
        read_directory(path)
