"""Archives that no honest software makes: each is refused, in its own words, before anything is kept."""

from __future__ import annotations

import os
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest

from xds.xdm.archive import read_archive
from xds.xdm.extraction import extract
from xds.xdm.reader import open_tree, read_medium
from xds.xdm.tree import Limits, UnusableMedium

SMALL = Limits(archive=1_000_000, entries=20, levels=8, file=200_000, total=300_000, ratio_from=50_000)
MODES = {"fifo": 0o010644, "character device": 0o020644, "block device": 0o060644, "socket": 0o140644}
NAMES = {
    "../up.txt": "..", "IHE_XDM/../../up.txt": "..", "IHE_XDM/./a": ". or ..", "/etc/passwd": "absolute",
    "C:/windows/a": "absolute", "c:a": "absolute", "IHE_XDM\\SUBSET01\\A": "backslash", "..\\up": "backslash",
    "a\x00.txt": "control", "a\nb": "control", "": "without a name", "/": "without a name", "a//b": "empty component",
    "a/../b": "..", "x" * 1100: "1100 characters", "/".join("abcdefghijkl"): "directories deep",
}  # fmt: skip


def refusal(content: bytes | Path) -> str:
    """The words of the refusal, of listing or of reading the files."""
    with pytest.raises(UnusableMedium) as refused:  # noqa: PT012
        tree = read_archive(content, SMALL) if isinstance(content, bytes) else open_tree(content, SMALL)
        for name in tree.files:
            tree.read(name)
    return str(refused.value)


@pytest.mark.parametrize(("name", "words"), NAMES.items(), ids=range(len(NAMES)))
def test_a_name_that_may_leave_the_tree_is_refused(name, words, member, zipped):
    assert words in refusal(zipped([member("README.TXT", b"x"), member(name, b"y")]))


def test_a_name_that_is_not_the_utf_8_it_says_is_refused(member, zipped):
    assert "UTF-8" in refusal(zipped([member(b"\xff\xfe.TXT", b"x", flags=1 << 11)]))


def test_a_symbolic_link_is_refused(member, zipped):
    assert refusal(zipped([member("A", b"/etc/passwd", attributes=0o120777 << 16)])) == "A: a symbolic link"


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_special_file_is_refused(mode, member, zipped):
    assert refusal(zipped([member("A", attributes=mode << 16)])) == "A: a special file"


@pytest.mark.parametrize(("name", "mode"), [("A", 0o040755), ("A/", 0o100644)])
def test_a_directory_that_is_one_by_half_is_refused(name, mode, member, zipped):
    assert "not by both" in refusal(zipped([member(name, attributes=mode << 16)]))


@pytest.mark.parametrize("names", [("A", "A"), ("A", "a"), ("A", "A/"), ("A", "A/B"), ("A/", "A/"), ("A/B", "a")])
def test_two_entries_of_one_name_are_refused(names, member, zipped):
    entries = [member(name, attributes=0 if name.endswith("/") else 0o100644 << 16) for name in names]

    assert "a second entry of this name" in refusal(zipped(entries))


def test_two_directories_that_differ_by_letter_case_are_refused(member, zipped):
    assert "a second entry of this name" in refusal(zipped([member("A/X"), member("a/Y")]))


@pytest.mark.parametrize("bit", [0, 6, 13])
def test_an_encrypted_entry_is_refused(bit, member, zipped):
    assert refusal(zipped([member("A", b"x", flags=1 << bit)])) == "A: encrypted"


def test_a_patch_is_refused(member, zipped):
    assert "patch" in refusal(zipped([member("A", b"x", flags=1 << 5)]))


@pytest.mark.parametrize("method", [1, 6, 9, 12, 14, 93, 99])
def test_another_compression_is_refused(method, member, zipped):
    assert f"compression method {method}" in refusal(zipped([member("A", b"x", method=method)]))


@pytest.mark.parametrize(
    "what",
    [{"name": b"B"}, {"method": 0}, {"flags": 1 << 1}, {"size": 5}, {"compressed": 99}, {"crc": 1}],
    ids=lambda what: next(iter(what)),
)
def test_two_headers_that_disagree_are_refused(what, member, zipped):
    assert "its two headers" in refusal(zipped([member("A", b"x" * 4, local=what), member("C", b"y" * 200)]))


def test_the_bytes_must_have_the_crc_announced(member, zipped):
    wrong = {"crc": 1}

    assert "CRC" in refusal(zipped([member("A", b"x", central=wrong, local=wrong)]))


@pytest.mark.parametrize("size", [3, 4_000])
def test_a_file_that_is_not_as_long_as_announced_is_refused(size, member, zipped):
    wrong = {"size": size}

    assert f"{size} bytes that the archive announces" in refusal(
        zipped([member("A", b"x" * 400, central=wrong, local=wrong)])
    )


def test_a_stored_file_has_one_size(member, zipped):
    wrong = {"size": 9}

    assert "cannot be" in refusal(zipped([member("A", b"xyz", method=0, central=wrong, local=wrong)]))


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"", zlib.compress(b"x" * 4)])
def test_damaged_data_are_refused(data, member, zipped):
    assert refusal(zipped([member("A", b"x" * 4, data=data)])).startswith("A: it")


def test_bytes_after_the_end_of_the_compressed_data_are_refused(member, zipped):
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflater.compress(b"x" * 4) + deflater.flush()

    assert "does not hold" in refusal(zipped([member("A", b"x" * 4, data=data + b"more")]))


def test_overlapping_entries_are_refused(member, zipped):
    inner = member("B", b"y" * 10, method=0)
    nested = zipped([inner])
    outer = member("A", nested, method=0)
    whole = zipped([outer, member("B", b"y" * 10, method=0, central={"header": 31})])

    assert "overlaps" in refusal(whole)


def test_one_body_under_two_names_is_refused(member, zipped):
    assert "its two headers" in refusal(zipped([member("A", b"x" * 9), member("B", b"x" * 9, central={"header": 0})]))


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ({"disk": 1}, "several disks"), ({"first": 1}, "several disks"), ({"here": 1}, "several disks"),
        ({"count": 0xFFFF, "here": 0xFFFF}, "ZIP64"), ({"size": 0xFFFFFFFF}, "ZIP64"), ({"at": 0xFFFFFFFF}, "ZIP64"),
        ({"count": 21, "here": 21}, "at most 20"), ({"at": 3}, "not where"), ({"size": 40}, "not where"),
        ({"count": 1, "here": 1}, "longer or shorter"), ({"count": 3, "here": 3}, "cut or damaged"),
    ],
)  # fmt: skip
def test_an_end_of_directory_that_lies_is_refused(end, words, member, zipped):
    assert words in refusal(zipped([member("A", b"x"), member("B", b"y")], end=end))


def test_an_entry_on_another_disk_is_refused(member, zipped):
    assert "another disk" in refusal(zipped([member("A", b"x", central={"disk": 2})]))


@pytest.mark.parametrize("where", ["compressed", "size", "header"])
def test_a_zip64_entry_is_refused(where, member, zipped):
    assert "ZIP64" in refusal(zipped([member("A", b"x", central={where: 0xFFFFFFFF})]))


@pytest.mark.parametrize(("kind", "words"), [(0x0001, "another size"), (0x7075, "another name")])
@pytest.mark.parametrize("header", ["central", "local"])
def test_an_extra_field_that_speaks_for_the_header_is_refused(kind, words, header, member, zipped):
    extra = struct.pack("<HH", 0x5455, 1) + b"x" + struct.pack("<HH", kind, 4) + b"abcd"

    assert words in refusal(zipped([member("A", b"x", **{header: {"extra": extra}})]))


def test_bytes_before_between_or_after_the_entries_are_refused(member, zipped):
    right = zipped([member("A", b"x"), member("B", b"y")])

    assert "stands before it" in refusal(b"#!/bin/sh\n" + right)
    assert "belong to no entry" in refusal(zipped([member("A", b"x"), member("B", b"y")], gap=b"hidden"))
    assert "bytes follow" in refusal(right + b"more")


def test_a_comment_that_holds_another_end_is_refused(member, zipped):
    other = zipped([member("A", b"other")])

    refusal(zipped([member("A", b"one")], comment=other))


def test_an_archive_cut_anywhere_is_refused(member, zipped):
    right = zipped([member("A", b"x" * 50), member("B", b"y" * 50, method=0)])

    for length in range(len(right)):
        refusal(right[:length])


def test_an_archive_with_any_byte_changed_is_read_as_it_says_or_refused(member, zipped):
    right = zipped([member("A", b"x" * 50), member("B", b"y" * 50, method=0)])

    for at in range(len(right)):
        for change in (0x01, 0x80, 0xFF):
            changed = right[:at] + bytes([right[at] ^ change]) + right[at + 1 :]
            try:
                tree = read_archive(changed, SMALL)
                read = {name: tree.read(name) for name in tree.files}
            except UnusableMedium:
                continue
            assert sorted(read.values()) == [b"x" * 50, b"y" * 50]


def test_data_descriptors_of_both_forms_are_read(member, zipped):
    content = b"x" * 9
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    length = len(deflater.compress(content) + deflater.flush())
    values = struct.pack("<3L", zlib.crc32(content), length, len(content))
    later = {"crc": 0, "compressed": 0, "size": 0}
    entries = [
        member(name, content, flags=1 << 3, descriptor=descriptor, local=later)
        for name, descriptor in (("A", b"PK\x07\x08" + values), ("B", values))
    ]

    tree = read_archive(zipped(entries))

    assert [tree.read(name) for name in ("A", "B")] == [content, content]
    assert "data descriptor" in refusal(
        zipped([member("A", content, flags=1 << 3, descriptor=b"PK\x07\x08" + values[::-1], local=later)])
    )


class TestBombs:
    """Bounded memory and time, whatever the archive says of itself."""

    def test_a_large_file_is_refused_by_its_announced_size(self, member, zipped):
        assert "at most 200000 are read from one file" in refusal(zipped([member("A", b"\0" * 200_001)]))

    def test_many_files_are_refused_by_their_sum(self, member, zipped):
        noise = os.urandom(120_000)

        assert "together" in refusal(zipped([member(name, noise, method=0) for name in ("A", "B", "C")]))

    def test_a_ratio_too_good_to_be_true_is_refused(self, member, zipped):
        assert "ratio above 100" in refusal(zipped([member("A", b"\0" * 100_000)]))

    def test_an_archive_too_large_is_refused(self, member, zipped):
        assert "at most 1000000 are read" in refusal(zipped([member("A", b"")], comment=b"") + b"\0" * 1_000_000)

    def test_too_many_entries_are_refused(self, member, zipped):
        assert "21 entries" in refusal(zipped([member(f"A{rank}") for rank in range(21)]))

    def test_a_bomb_that_hides_its_size_costs_neither_memory_nor_time(self, member, zipped):
        data = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = data.compress(b"\0" * 200_000_000) + data.flush()
        archive = zipped([member("A", b"\0" * 1000, data=bomb)])
        tracemalloc.start()
        began = time.monotonic()

        words = refusal(archive)

        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert "more than the 1000 bytes" in words
        assert peak < 5_000_000
        assert time.monotonic() - began < 2

    def test_an_archive_in_the_archive_stays_closed(self, member, zipped):
        inner = zipped([member("../../up", b"\0" * 190_000)])
        tree = read_archive(zipped([member("INNER.ZIP", inner, method=0)]), SMALL)

        assert tree.read("INNER.ZIP") == inner


class TestDirectories:
    """A medium already on a disk."""

    def test_links_are_refused_whatever_they_lead_to(self, tmp_path):
        (tmp_path / "LINK").symlink_to("/etc/passwd")

        assert refusal(tmp_path) == "LINK: a symbolic link"

    def test_a_link_to_a_directory_is_refused(self, tmp_path):
        (tmp_path / "LINK").symlink_to(tmp_path)

        assert refusal(tmp_path) == "LINK: a symbolic link"

    def test_a_pipe_is_refused_without_waiting(self, tmp_path):
        os.mkfifo(tmp_path / "PIPE")

        assert refusal(tmp_path) == "PIPE: a special file"
        assert "neither a regular file nor a directory" in refusal(tmp_path / "PIPE")

    def test_a_file_that_becomes_a_link_is_not_followed(self, tmp_path):
        (tmp_path / "A").write_bytes(b"x")
        tree = open_tree(tmp_path)
        (tmp_path / "A").unlink()
        (tmp_path / "A").symlink_to("/etc/passwd")

        with pytest.raises(UnusableMedium, match="cannot be read"):
            tree.read("A")

    def test_a_file_that_grows_is_refused(self, tmp_path):
        (tmp_path / "A").write_bytes(b"x")
        tree = open_tree(tmp_path)
        (tmp_path / "A").write_bytes(b"xy")

        with pytest.raises(UnusableMedium, match="its size changed"):
            tree.read("A")

    def test_limits_are_those_of_archives(self, tmp_path):
        for rank in range(21):
            (tmp_path / f"A{rank}").touch()

        assert "more than 20 entries" in refusal(tmp_path)

    def test_what_is_not_there_says_so(self, tmp_path):
        assert refusal(tmp_path / "absent.zip") == "No such file or directory"

    def test_a_device_that_never_ends_is_refused(self):
        assert "neither a regular file" in refusal(Path("/dev/zero"))


class TestExtraction:
    """What reaches the disk."""

    def test_every_file_is_below_the_target_and_for_its_owner_only(self, files, of_files, tmp_path):
        written = extract(read_archive(of_files(files)), tmp_path / "new")

        assert {str(path.relative_to(tmp_path / "new")): path.read_bytes() for path in written} == files
        assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
        assert {path.parent.stat().st_mode & 0o777 for path in written} == {0o700}
        assert [path.name for path in tmp_path.iterdir()] == ["new"]

    def test_a_directory_that_holds_something_is_left_alone(self, files, of_files, tmp_path):
        (tmp_path / "kept").write_bytes(b"mine")

        with pytest.raises(FileExistsError):
            extract(read_archive(of_files(files)), tmp_path)

        assert [path.name for path in tmp_path.iterdir()] == ["kept"]

    def test_a_target_that_is_a_link_is_refused(self, files, of_files, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")

        with pytest.raises(FileExistsError):
            extract(read_archive(of_files(files)), tmp_path / "link")

        assert not list((tmp_path / "real").iterdir())


def test_metadata_are_parsed_without_dtd_nor_entities(files, of_files):
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + files["IHE_XDM/SUBSET01/METADATA.XML"]

    medium = read_medium(of_files({**files, "IHE_XDM/SUBSET01/METADATA.XML": bomb}))

    assert [(one.rule, one.found) for one in medium.findings] == [("XDM-XML", "a DTD is not allowed")]
