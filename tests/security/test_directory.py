"""Who works where: the file, its faults, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from security.directory import Directory, DirectoryFault, DirectoryFiles, read_directory, write_directory, write_sites


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


def test_sites_are_pairs_and_a_file_that_says_nothing_is_none(tmp_path: Path) -> None:
    staff, sites = tmp_path / "directory.csv", tmp_path / "sites.csv"
    sites.write_text(write_sites([("1750999013", "1750999021")]), "utf-8")
    assert read_directory(staff, sites).sites == {("1750999013", "1750999021")}
    assert not read_directory(staff, sites).is_kept
    staff.write_text(write_directory([]), "utf-8")
    assert read_directory(staff, sites).is_kept
    sites.write_text("legal_entity_id,structure_id\n1,\n", "utf-8")
    with pytest.raises(DirectoryFault, match="line 2: a legal entity"):
        read_directory(staff, sites)


def test_a_file_that_changes_is_read_again_and_what_is_wrong_changes_nothing(tmp_path: Path) -> None:
    files = DirectoryFiles(tmp_path / "directory.csv", tmp_path / "sites.csv")
    assert files.current() is files.current()
    files.staff.write_text(write_directory([("1", "8")]), "utf-8")
    known = files.current()
    assert known.are_linked("8", "1")
    files.staff.write_text("who,where\n", "utf-8")
    assert files.current() is known
    files.staff.unlink()
    assert not files.current().is_kept
