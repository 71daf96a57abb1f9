"""ZIP archives of strangers, read without extracting anything (PKWARE APPNOTE 6.3; DICOM PS3.12 annex V).

The central directory alone says what there is; every local header must say the same, and the ranges of bytes of the
entries must not overlap: readers that follow the one or the other see the same files. Only what is read is inflated,
never beyond the size announced. An archive inside the archive is a file like any other: it is not opened.
"""

from __future__ import annotations

import stat
import struct
import zlib
from dataclasses import dataclass, field, replace

from xds.xdm.tree import DEFAULT, Limits, check_sizes, checked_directories, checked_name, refuse

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_EXTRA = struct.Struct("<HH")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _DESCRIPTOR, _PATCHED, _STRONG, _UTF8, _MASKED = 1 << 0, 1 << 3, 1 << 5, 1 << 6, 1 << 11, 1 << 13
_ZIP64_16, _ZIP64_32 = 0xFFFF, 0xFFFFFFFF
_OTHERWISE = {0x0001: "size", 0x7075: "name"}
"""Extra fields that speak for the header: ZIP64, Info-ZIP Unicode Path."""
_CHUNK = 64 * 1024
_LARGEST_PIECE = 1024 * 1024
_LARGEST_RECORD = _CENTRAL.size + 3 * 4096
"""Bytes of the central directory for one entry: names, extra fields and comments are short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One entry as the central directory announces it; `start` is where its data begin."""

    name: str
    raw_name: bytes
    is_directory: bool
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    header: int
    start: int = 0


@dataclass(frozen=True, slots=True)
class ArchiveTree:
    """The files of a ZIP archive (see `Tree`)."""

    files: dict[str, int]
    directories: frozenset[str]
    _entries: dict[str, _Entry] = field(repr=False)
    _content: bytes = field(repr=False)

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises UnusableMedium: more, fewer or other bytes than announced."""
        entry = self._entries[name]
        raw = memoryview(self._content)[entry.start : entry.start + entry.compressed]
        data = bytes(raw) if entry.method == _STORED else _inflate(entry, raw)
        if zlib.crc32(data) != entry.crc:
            refuse(name, "the bytes do not have the CRC that the archive announces")
        return data


def read_archive(content: bytes, limits: Limits = DEFAULT) -> ArchiveTree:
    """Read the directory of a ZIP archive and check every entry; no file is inflated yet.

    Raises UnusableMedium: not a whole ZIP archive, or one of several disks, ZIP64, encrypted, compressed otherwise
    than by deflate; a name that leaves the tree or is there twice; a link or a special file; entries that overlap or
    that two headers describe differently; a limit exceeded.
    """
    if len(content) > limits.archive:
        refuse("", f"the archive is {len(content)} bytes, at most {limits.archive} are read")
    end, count, offset = _find_directory(content, limits)
    entries: list[_Entry] = []
    position = offset
    for _ in range(count):
        entry, position = _read_central(content, position, end, limits)
        entries.append(entry)
    if position != end:
        refuse("", "the central directory of the archive is longer or shorter than it says")
    located = [_locate(content, entry, offset) for entry in entries]
    _check_apart(content, located, offset)
    files = {entry.name: entry for entry in located if not entry.is_directory}
    named = [entry.name for entry in located if entry.is_directory]
    directories = checked_directories([entry.name for entry in located if not entry.is_directory], named)
    sizes = {name: entry.size for name, entry in files.items()}
    check_sizes(sizes, limits)
    for entry in files.values():
        if entry.size > limits.ratio_from and entry.size > limits.ratio * entry.compressed:
            refuse(entry.name, f"{entry.size} bytes out of {entry.compressed}: a ratio above {limits.ratio}")
    return ArchiveTree(sizes, directories, files, content)


def _find_directory(content: bytes, limits: Limits) -> tuple[int, int, int]:
    """Where the central directory ends, how many entries it has, and where it begins."""
    at = content.rfind(b"PK\x05\x06", max(0, len(content) - _END.size - 0xFFFF))
    if at < 0 or at + _END.size > len(content):
        refuse("", "no end of central directory: not a ZIP archive, or a truncated one")
    _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(content, at)
    if at + _END.size + comment != len(content):
        refuse("", "bytes follow the end of the ZIP archive, or its comment is cut")
    if _ZIP64_16 in (here, count) or _ZIP64_32 in (size, offset):
        refuse("", "a ZIP64 archive")
    if disk or first_disk or here != count:
        refuse("", "an archive of several disks")
    if count > limits.entries:
        refuse("", f"{count} entries, at most {limits.entries} are read")
    if size > count * _LARGEST_RECORD:
        refuse("", f"the central directory has {size} bytes for {count} entries")
    if offset + size != at:
        refuse("", "the central directory is not where the archive says: truncated, or something stands before it")
    return at, count, offset


def _read_central(content: bytes, position: int, end: int, limits: Limits) -> tuple[_Entry, int]:
    if position + _CENTRAL.size > end or content[position : position + 4] != b"PK\x01\x02":
        refuse("", "the central directory of the archive is cut or damaged")
    fields = _CENTRAL.unpack_from(content, position)
    flags, method, crc, compressed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
    name_length, extra_length, comment_length, disk, attributes, header = *fields[10:14], fields[15], fields[16]
    start = position + _CENTRAL.size
    following = start + name_length + extra_length + comment_length
    if following > end:
        refuse("", "the central directory of the archive is cut or damaged")
    raw_name = content[start : start + name_length]
    text = _decode(raw_name, flags)
    _check_extra(content[start + name_length : start + name_length + extra_length], text)
    if _ZIP64_32 in (compressed, size, header):
        refuse(text, "a ZIP64 entry")
    if disk:
        refuse(text, "on another disk")
    is_directory = text.endswith("/")
    name = checked_name(text, limits)
    _check_kind(name, attributes, is_directory=is_directory)
    _check_flags(name, flags, method)
    if (is_directory and size) or (method == _STORED and compressed != size):
        refuse(name, f"{size} bytes kept as {compressed}, which cannot be")
    entry = _Entry(
        name=name,
        raw_name=raw_name,
        is_directory=is_directory,
        flags=flags,
        method=method,
        crc=crc,
        compressed=compressed,
        size=size,
        header=header,
    )
    return entry, following


def _decode(raw: bytes, flags: int) -> str:
    try:
        return raw.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError:
        refuse(raw.decode("ascii", "replace"), "a name that is not the UTF-8 it says")


def _check_extra(extra: bytes, name: str) -> None:
    """Refuse extra fields that give another size or another name to the readers that look at them."""
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        if kind in _OTHERWISE:
            refuse(name, f"an extra field {kind:#06x}, which may give it another {_OTHERWISE[kind]}")
        at += _EXTRA.size + length


def _check_kind(name: str, attributes: int, *, is_directory: bool) -> None:
    mode = attributes >> 16
    if stat.S_ISLNK(mode):
        refuse(name, "a symbolic link")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        refuse(name, "a special file")
    if (stat.S_ISDIR(mode) and not is_directory) or (stat.S_ISREG(mode) and is_directory):
        refuse(name, "a directory by its name or by its attributes, not by both")


def _check_flags(name: str, flags: int, method: int) -> None:
    if flags & (_ENCRYPTED | _STRONG | _MASKED):
        refuse(name, "encrypted")
    if flags & _PATCHED:
        refuse(name, "a patch to another file")
    if method not in (_STORED, _DEFLATED):
        refuse(name, f"compression method {method}, only 0 (stored) and 8 (deflate) are read")


def _locate(content: bytes, entry: _Entry, directory: int) -> _Entry:
    """Compare the local header with the central one; return the entry with the place of its data."""
    at = entry.header
    if at + _LOCAL.size > directory or content[at : at + 4] != b"PK\x03\x04":
        refuse(entry.name, "its local header is not where the archive says")
    _, _, flags, method, _, _, crc, compressed, size, name_length, extra_length = _LOCAL.unpack_from(content, at)
    start = at + _LOCAL.size + name_length + extra_length
    if content[at + _LOCAL.size : at + _LOCAL.size + name_length] != entry.raw_name:
        refuse(entry.name, "its two headers give it different names")
    _check_extra(content[start - extra_length : start], entry.name)
    announced = (entry.crc, entry.compressed, entry.size)
    later = flags & _DESCRIPTOR and (crc, compressed, size) == (0, 0, 0)
    if (flags, method) != (entry.flags, entry.method) or ((crc, compressed, size) != announced and not later):
        refuse(entry.name, "its two headers describe it differently")
    if start + entry.compressed > directory:
        refuse(entry.name, "its data go beyond the place where data stand")
    return replace(entry, start=start)


def _check_apart(content: bytes, entries: list[_Entry], directory: int) -> None:
    """No byte belongs to two entries, and none stands before the first or between two of them without an owner."""
    position = 0
    for entry in sorted(entries, key=lambda one: one.header):
        if entry.header < position:
            refuse(entry.name, "it overlaps another entry")
        if entry.header > position:
            refuse(entry.name, "bytes that belong to no entry stand before it")
        position = entry.start + entry.compressed
        if entry.flags & _DESCRIPTOR:
            position += _descriptor_length(content, position, entry)
    if position != directory:
        refuse("", "bytes that belong to no entry stand before the central directory")


def _descriptor_length(content: bytes, at: int, entry: _Entry) -> int:
    """Length of the data descriptor, with or without its signature."""
    values = struct.pack("<3L", entry.crc, entry.compressed, entry.size)
    descriptor = b"PK\x07\x08" + values
    if content[at : at + len(descriptor)] == descriptor:
        return len(descriptor)
    if content[at : at + len(values)] != values:
        refuse(entry.name, "its data descriptor does not say what the archive says")
    return len(values)


def _inflate(entry: _Entry, raw: memoryview) -> bytes:
    """Inflate, stopping one byte after the size announced."""
    inflater = zlib.decompressobj(-15)
    pieces: list[bytes] = []
    length, at = 0, 0
    data: bytes | memoryview = b""
    try:
        while not inflater.eof:
            if not data:
                data, at = raw[at : at + _CHUNK], at + _CHUNK
            piece = inflater.decompress(data, min(_LARGEST_PIECE, entry.size - length + 1))
            data = inflater.unconsumed_tail
            length += len(piece)
            if length > entry.size:
                refuse(entry.name, f"it holds more than the {entry.size} bytes that the archive announces")
            if not piece and not data and at >= len(raw):
                break
            pieces.append(piece)
    except zlib.error:
        refuse(entry.name, "its compressed data are damaged")
    if length != entry.size or not inflater.eof or inflater.unused_data or data or at < len(raw):
        refuse(entry.name, f"it does not hold the {entry.size} bytes that the archive announces")
    return b"".join(pieces)
