"""How a document is mended when that is certain: byte edits from the steps of a rule, and edits put into a source.

Steps are those of `ecluse:repair`: `@name='value'` sets an attribute, `remove` takes the element away; `;` parts them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import AnyStr

from lxml import etree

from conformance.report import Edit, Finding

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CDA = "urn:hl7-org:v3"
_STEP = (
    r"""\s*(?:@(?P<name>(?:xsi:)?[^\W\d][\w.-]*)\s*=\s*(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)")"""
    r"""|(?P<remove>remove))\s*(?:;|$)"""
)
_NAME = rb"<[^\s/>]+"
_ATTRIBUTE = rb"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')"""
_TAG = (
    rb"(?s)"
    rb"""<(?:!--.*?-->|!\[CDATA\[.*?\]\]>|\?.*?\?>|(?P<end>/)[^>]*>"""
    rb"""|[^\s/>!?]+(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*(?P<empty>/)?>)"""
)
_ILLEGAL = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


@cache
def _compiled(pattern: AnyStr) -> re.Pattern[AnyStr]:
    """Compiled when the first repair is met: most documents are valid, and a cold start pays for nothing."""
    return re.compile(pattern)


class RepairFault(ValueError):
    """The steps of a rule cannot be read: the text repeats them."""


@dataclass(frozen=True, slots=True)
class _Set:
    name: str
    value: str


@cache
def read_steps(steps: str) -> tuple[_Set, ...] | None:
    """The attributes that steps set, in order; None when they remove the element. Raises RepairFault."""
    wanted: list[_Set] = []
    at, removed = 0, False
    while at < len(steps.rstrip()):
        step = _compiled(_STEP).match(steps, at)
        if step is None:
            raise RepairFault(f"not a repair: {steps!r}")
        at = step.end()
        if step["remove"]:
            removed = True
        else:
            wanted.append(_Set(step["name"], step["single"] if step["single"] is not None else step["double"]))
    if not (removed or wanted):
        raise RepairFault(f"not a repair: {steps!r}")
    return None if removed else tuple(wanted)


def edits(steps: str, element: etree._Element, source: bytes, start: int) -> tuple[Edit, ...]:
    """The edits that mend `element`, whose `<` is byte `start` of `source`, the bytes that were parsed.

    Empty when nothing is to be done or the step cannot be spelled there: another encoding than UTF-8, a root to remove,
    a data type of CDA that does not admit what the element holds. Raises RepairFault: steps that are none.
    """
    wanted = read_steps(steps)
    if (element.getroottree().docinfo.encoding or "UTF-8").upper() not in ("UTF-8", "US-ASCII"):
        return ()
    if wanted is None:
        return _removal(element, source, start)
    made: list[Edit] = []
    for one in wanted:
        if one.name == "xsi:type" and etree.QName(element).namespace == _CDA:
            from conformance.structure.explaining import may_be

            if not may_be(element, one.value):
                return ()
        edit = _setting(one, element, source, start)
        if edit is None or any(_collide(edit, other) for other in made):
            return ()
        if edit.text or edit.start < edit.end:
            made.append(edit)
    return tuple(made)


def _setting(wanted: _Set, element: etree._Element, source: bytes, start: int) -> Edit | None:
    """An edit that changes nothing when the attribute is right already, None when it cannot be set."""
    if _compiled(_ILLEGAL).search(wanted.value):
        return None
    prefixed, _, local = wanted.name.rpartition(":")
    spelled = {f"{prefix}:{local}" for prefix, uri in element.nsmap.items() if prefix and uri == _XSI}
    names = spelled if prefixed else {local}
    if element.get(f"{{{_XSI}}}{local}" if prefixed else local) == wanted.value:
        return Edit(start, start, b"")
    ascii_only = (element.getroottree().docinfo.encoding or "").upper() == "US-ASCII"
    name = _compiled(_NAME).match(source, start)
    if name is None:
        return None
    at = name.end()
    while (attribute := _compiled(_ATTRIBUTE).match(source, at)) is not None:
        at = attribute.end()
        if attribute[1].decode("utf-8", "replace") in names:
            quote = attribute[2][:1].decode()
            return Edit(attribute.start(2) + 1, at - 1, _escaped(wanted.value, quote, ascii_only))
    declaration = ""
    if prefixed and not names:
        if "xsi" in element.nsmap:
            return None
        declaration = f' xmlns:xsi="{_XSI}"'
        names = {f"xsi:{local}"}
    chosen = f"xsi:{local}" if f"xsi:{local}" in names else min(names)
    added = f'{declaration} {chosen}="'.encode() + _escaped(wanted.value, '"', ascii_only) + b'"'
    return Edit(at, at, added)


def _escaped(value: str, quote: str, ascii_only: bool) -> bytes:
    text = value.replace("&", "&amp;").replace("<", "&lt;")
    text = text.replace('"', "&quot;") if quote == '"' else text.replace("'", "&apos;")
    for character in "\t\n\r":
        text = text.replace(character, f"&#{ord(character)};")
    return text.encode("ascii" if ascii_only else "utf-8", "xmlcharrefreplace")


def _removal(element: etree._Element, source: bytes, start: int) -> tuple[Edit, ...]:
    end = _end_of(source, start)
    if end is None or element.getparent() is None:
        return ()
    blank = start
    while blank and source[blank - 1 : blank] in (b" ", b"\t", b"\r", b"\n"):
        blank -= 1
    between_tags = source[blank - 1 : blank] == b">" and source[blank - 3 : blank] != b"]]>"
    return (Edit(blank if between_tags else start, end, b""),)


def _end_of(source: bytes, start: int) -> int | None:
    """Where the element that starts at `start` ends."""
    depth, at = 0, start
    while (found := _compiled(_TAG).search(source, at)) is not None:
        at = found.end()
        if found["end"]:
            depth -= 1
        elif source[found.start() + 1 : found.start() + 2] not in (b"!", b"?") and not found["empty"]:
            depth += 1
        if depth == 0:
            return at
    return None


@dataclass(frozen=True, slots=True)
class Mended:
    """A source with its certain repairs: `done` and `left` are the findings whose repairs went in, and did not.

    `edits` are what went in, in the order of the source; none overlaps another.
    """

    content: bytes
    edits: tuple[Edit, ...]
    done: tuple[Finding, ...]
    left: tuple[Finding, ...]


def mend(content: bytes, findings: Iterable[Finding]) -> Mended:
    """Put the repairs of findings into the source they were made from, each wholly or not at all.

    What lies inside an element that is removed is mended with it; of two repairs that contradict each other the first
    goes in, and the other finding is left for the next look at the document.
    """
    repaired = [one for one in findings if one.repair]
    removals = _Removals(edit for one in repaired for edit in one.repair)
    kept = _Kept()
    done: list[Finding] = []
    left: list[Finding] = []
    for one in repaired:
        wanted = [edit for edit in one.repair if not removals.hold(edit)]
        if kept.take(wanted):
            done.append(one)
        else:
            left.append(one)
    return Mended(b"".join(_pieces(content, kept.edits)), tuple(kept.edits), tuple(done), tuple(left))


class _Removals:
    """The stretches of the source that some repair takes away, the outermost only."""

    def __init__(self, all_edits: Iterable[Edit]) -> None:
        self._outer: list[Edit] = []
        removed = (one for one in all_edits if not one.text and one.start < one.end)
        for edit in sorted(removed, key=lambda one: (one.start, -one.end)):
            if not self._outer or edit.end > self._outer[-1].end:
                self._outer.append(edit)

    def hold(self, edit: Edit) -> bool:
        """Whether the edit lies inside a stretch, and is not the stretch itself."""
        at = bisect_right(self._outer, edit.start, key=lambda one: one.start) - 1
        return at >= 0 and edit.end <= self._outer[at].end and edit != self._outer[at]


class _Kept:
    """Edits in the order of the source, none of which overlaps another; insertions at one place keep their order."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []

    def take(self, wanted: Iterable[Edit]) -> bool:
        """Take all that is not there yet, or nothing when one of them contradicts what is."""
        new: list[Edit] = []
        for edit in wanted:
            around = self._around(edit)
            if edit in around or edit in new:
                continue
            if any(_collide(edit, other) for other in (*around, *new)):
                return False
            new.append(edit)
        for edit in new:
            self.edits.insert(bisect_right(self.edits, (edit.start, edit.end), key=_ends), edit)
        return True

    def _around(self, edit: Edit) -> list[Edit]:
        """Those that could touch an edit: they start between it and its end, or just before it."""
        first = max(bisect_left(self.edits, (edit.start, edit.start), key=_ends) - 1, 0)
        return self.edits[first : bisect_right(self.edits, edit.end, key=lambda one: one.start)]


def _ends(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end


def _pieces(content: bytes, kept: Iterable[Edit]) -> Iterator[bytes]:
    at = 0
    for edit in kept:
        yield content[at : edit.start]
        yield edit.text
        at = edit.end
    yield content[at:]


def _collide(one: Edit, other: Edit) -> bool:
    if one.start == one.end == other.start == other.end:
        return bool(_attributes(one) & _attributes(other))
    return one.start < other.end and other.start < one.end


def _attributes(edit: Edit) -> set[bytes]:
    return {found[1] for found in _compiled(_ATTRIBUTE).finditer(edit.text)}
