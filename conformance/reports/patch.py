"""The certain repairs as a unified diff, byte for byte: for `patch -p0` and `git apply -p0`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.repairs import mend
from conformance.report import Edit
from conformance.reports.judged import Judged, Options
from conformance.reports.printable import name_bytes

_CONTEXT = 3
_NO_END = b"\\ No newline at end of file\n"


@dataclass(slots=True)
class _Change:
    """Lines `first` to `last`, from 0 and end excluded, that become `new`."""

    first: int
    last: int
    new: list[bytes]


def render(judged: Iterable[Judged], options: Options) -> Iterator[bytes]:
    """One chunk for each file that has a repair; nothing when none has. The language of the options is not used."""
    for one in judged:
        if one.content is None:
            continue
        edits = mend(one.content, one.report.findings).edits
        if edits:
            yield unified_diff(one.file, one.content, edits)


def unified_diff(file: str, content: bytes, edits: Sequence[Edit]) -> bytes:
    """The diff that makes `edits`, which do not overlap and are in the order of the source."""
    name = _name(file)
    lines = _lines(content)
    pieces = [b"--- " + name + b"\n+++ " + name + b"\n"]
    shift = 0
    for hunk in _hunks(_changes(content, lines, edits)):
        body, removed, added = _body(hunk, lines)
        first = max(hunk[0].first - _CONTEXT, 0)
        pieces.append(
            b"@@ -%d,%d +%d,%d @@\n" % (first + (removed > 0), removed, first + shift + (added > 0), added) + body
        )
        shift += added - removed
    return b"".join(pieces)


def _name(file: str) -> bytes:
    """A name as diffs spell it: quoted as in C when it holds what would end it."""
    raw = name_bytes(file)
    if not any(one < 0x20 or one in b'"\\' or one == 0x7F for one in raw):
        return raw + (b"\t" if b" " in raw else b"")
    return b'"' + b"".join(_character(one) for one in raw) + b'"'


def _character(one: int) -> bytes:
    if one in b'"\\':
        return b"\\" + bytes([one])
    return b"\\%03o" % one if one < 0x20 or one >= 0x7F else bytes([one])


def _lines(content: bytes) -> list[bytes]:
    """Lines with their ends: only LF ends one, as for diff."""
    parts = content.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _changes(content: bytes, lines: Sequence[bytes], edits: Sequence[Edit]) -> Iterator[_Change]:
    """The lines that edits touch; edits of one line, or of lines that meet, are one change."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    number, at = 0, 0
    while at < len(edits):
        while starts[number + 1] <= edits[at].start and number + 1 < len(lines):
            number += 1
        last = number
        new = [content[starts[number] : edits[at].start]]
        while True:
            edit = edits[at]
            new.append(edit.text)
            while starts[last + 1] <= edit.end and last + 1 < len(lines):
                last += 1
            at += 1
            if at == len(edits) or edits[at].start >= starts[last + 1]:
                new.append(content[edit.end : starts[last + 1]])
                break
            new.append(content[edit.end : edits[at].start])
        yield _Change(number, last + 1, _lines(b"".join(new)))


def _hunks(changes: Iterable[_Change]) -> Iterator[list[_Change]]:
    """Changes near each other share a hunk."""
    hunk: list[_Change] = []
    for change in changes:
        if hunk and change.first - hunk[-1].last > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _body(hunk: Sequence[_Change], lines: Sequence[bytes]) -> tuple[bytes, int, int]:
    """The lines of a hunk, how many of the old file and how many of the new."""
    out: list[bytes] = []
    at = max(hunk[0].first - _CONTEXT, 0)
    end = min(hunk[-1].last + _CONTEXT, len(lines))
    removed = added = 0
    for change in hunk:
        kept = lines[at : change.first]
        out += [_line(b" ", one) for one in kept]
        out += [_line(b"-", one) for one in lines[change.first : change.last]]
        out += [_line(b"+", one) for one in change.new]
        removed += len(kept) + change.last - change.first
        added += len(kept) + len(change.new)
        at = change.last
    out += [_line(b" ", one) for one in lines[at:end]]
    return b"".join(out), removed + end - at, added + end - at


def _line(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n" + _NO_END
