r"""Segments, fields and components of a message, with the delimiters that its MSH says (HL7 v2.5 §2.5, §2.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_REPETITIONS = 200
"""Repetitions of a field that are read."""
_ESCAPED = re.compile(r"\\(\.br|[A-Z])\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimiters:
    """MSH-1 and MSH-2. An empty one was not given."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @classmethod
    def of(cls, message: str) -> Delimiters:
        """Those of a message that begins with MSH; what it does not say is as everywhere."""
        separator = message[3:4] or "|"
        said = message[4:].split(separator, 1)[0][:4]
        component, repetition, escape, subcomponent = list(said + "^~\\&"[len(said) :])
        return cls(
            field=separator, component=component, repetition=repetition, escape=escape, subcomponent=subcomponent
        )

    def unescape(self, text: str) -> str:
        r"""Undo `\F\ \S\ \T\ \R\ \E\`; `\.br\` is a line feed, highlighting is left out, other escapes stay."""
        if self.escape not in text:
            return text
        characters = {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
            ".br": "\n",
            "H": "",
            "N": "",
        }
        if self.escape != "\\":
            escape = re.escape(self.escape)
            pattern = re.compile(rf"{escape}(\.br|[A-Z]){escape}")
        else:
            pattern = _ESCAPED
        return pattern.sub(lambda found: characters.get(found[1], found[0]), text)


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition of a field, as sent."""

    raw: str
    delimiters: Delimiters

    def text(self, component: int = 1, subcomponent: int | None = None) -> str:
        """A component, or a subcomponent of it, counted from 1: unescaped, without Unicode blanks around it.

        A component that has subcomponents is given as its first, which is how it was once written. Empty when there
        is none, or only the null of HL7 (`""`).
        """
        return _text(self.raw, self.delimiters, component, subcomponent or 1)

    def components(self) -> list[str]:
        """The components, as sent."""
        return self.raw.split(self.delimiters.component)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment. `number` says which of its name it is, from 1; `fields[n]` is field n, `fields[0]` the name."""

    name: str
    number: int
    fields: tuple[str, ...]
    delimiters: Delimiters = field(repr=False)

    def repetitions(self, number: int) -> tuple[Repetition, ...]:
        """The repetitions of a field that hold something, in order, no more than MOST_REPETITIONS."""
        raw = self.fields[number] if number < len(self.fields) else ""
        if not raw:
            return ()
        delimiters = self.delimiters
        parts = raw.split(delimiters.repetition, MOST_REPETITIONS)[:MOST_REPETITIONS]
        nothing = f"{delimiters.component}{delimiters.subcomponent} "
        return tuple([Repetition(one, delimiters) for one in parts if one.strip(nothing)])

    def raw(self, number: int) -> str:
        """A field as sent, empty when the segment is shorter."""
        return self.fields[number] if number < len(self.fields) else ""

    def text(self, number: int, component: int = 1, subcomponent: int | None = None) -> str:
        """A component of the first repetition of a field, as `Repetition.text`."""
        raw = self.fields[number] if number < len(self.fields) else ""
        if not raw:
            return ""
        delimiters = self.delimiters
        return _text(raw.split(delimiters.repetition, 1)[0], delimiters, component, subcomponent or 1)

    def location(self, number: int, repetition: int | None = None, component: int | None = None) -> str:
        """ERR-2 of a field of this segment: `PID^1^3`, `PID^1^3^2^4`."""
        parts = [self.name, self.number, number]
        if repetition is not None:
            parts.append(repetition)
            if component is not None:
                parts.append(component)
        return "^".join(map(str, parts))


def _text(raw: str, delimiters: Delimiters, component: int, subcomponent: int) -> str:
    """A subcomponent of one repetition, as `Repetition.text`. Most fields have no component: nothing is cut there."""
    if delimiters.component in raw:
        parts = raw.split(delimiters.component, component)
        raw = parts[component - 1] if len(parts) >= component else ""
    elif component > 1:
        return ""
    if delimiters.subcomponent in raw:
        pieces = raw.split(delimiters.subcomponent, subcomponent)
        raw = pieces[subcomponent - 1] if len(pieces) >= subcomponent else ""
    elif subcomponent > 1:
        return ""
    if delimiters.escape in raw:
        raw = delimiters.unescape(raw)
    value = raw.strip()
    return "" if value == '""' else value


def split_segments(lines: list[str], delimiters: Delimiters) -> Iterator[Segment]:
    """The segments of lines, each named by its first three characters. The first is MSH."""
    counted: dict[str, int] = {}
    for line in lines:
        fields = line.split(delimiters.field)
        name = fields[0].strip()
        counted[name] = counted.get(name, 0) + 1
        if name == "MSH":
            # MSH-1 is the delimiter itself, and MSH-2 holds the others: neither has components.
            fields = [name, delimiters.field, *fields[1:]]
        yield Segment(name, counted[name], tuple(fields), delimiters)


def first(segments: Sequence[Segment], name: str) -> Segment | None:
    """The first segment of that name."""
    return next((one for one in segments if one.name == name), None)
