"""A message of HL7 v2 as fields, which one can change one at a time before it becomes bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self

_PYTHON = {"UNICODE UTF-8": "utf-8", "8859/1": "iso-8859-1", "8859/15": "iso-8859-15"}


@dataclass(frozen=True, slots=True)
class Er7:
    """Segments as lists of fields; field n of a segment is at n, the name at 0. Changes make another message.

    Places are those of ERR-2: `PV1^1^19` is field 19 of the first PV1. `end` ends each segment.
    """

    segments: tuple[tuple[str, ...], ...]
    end: str = "\r"

    @classmethod
    def of(cls, lines: Iterable[str]) -> Self:
        """A message of lines; the first is MSH, whose first field is the delimiter."""
        segments = []
        for line in lines:
            fields = line.split("|")
            segments.append(tuple(["MSH", "|", *fields[1:]] if fields[0] == "MSH" else fields))
        return cls(tuple(segments))

    def at(self, place: str) -> str:
        """A field, empty when the segment is shorter."""
        row, number = self._row(place)
        segment = self.segments[row]
        return segment[number] if number < len(segment) else ""

    def with_field(self, place: str, value: str) -> Self:
        """Change one field."""
        row, number = self._row(place)
        segment = list(self.segments[row])
        segment += [""] * (number + 1 - len(segment))
        segment[number] = value
        return self._with_rows([*self.segments[:row], tuple(segment), *self.segments[row + 1 :]])

    def edited(self, place: str, edit: Callable[[str], str]) -> Self:
        """Change one field by what it holds."""
        return self.with_field(place, edit(self.at(place)))

    def with_component(self, place: str, component: int, value: str) -> Self:
        """Change one component of a field that does not repeat."""

        def edit(field: str) -> str:
            parts = field.split("^")
            parts += [""] * (component - len(parts))
            parts[component - 1] = value
            return "^".join(parts)

        return self.edited(place, edit)

    def without(self, place: str) -> Self:
        """Leave a segment out: `PV1^1`."""
        row, _ = self._row(place)
        return self._with_rows([*self.segments[:row], *self.segments[row + 1 :]])

    def after(self, place: str, line: str) -> Self:
        """Add a segment behind another."""
        row, _ = self._row(place)
        return self._with_rows([*self.segments[: row + 1], tuple(line.split("|")), *self.segments[row + 1 :]])

    def moved(self, place: str, behind: str) -> Self:
        """Put a segment behind another."""
        row, _ = self._row(place)
        segment = self.segments[row]
        return self.after(behind, "|".join(segment)).without(place)

    def metadata(self, code: str, value: str) -> Self:
        """Change what a metadata OBX says."""
        number = self.place_of(code)
        return self.with_field(f"{number}^5", f"{value}^^expandedYes-NoIndicator")

    def place_of(self, code: str) -> str:
        """Where the metadata OBX of that code is: `OBX^3`."""
        observations = [segment for segment in self.segments if segment[0] == "OBX"]
        return next(f"OBX^{at}" for at, one in enumerate(observations, 1) if one[3].split("^")[0] == code)

    @property
    def lines(self) -> tuple[str, ...]:
        """The segments as text."""
        return tuple(
            "|".join([segment[0], *segment[2:]]) if segment[0] == "MSH" else "|".join(segment)
            for segment in self.segments
        )

    @property
    def bytes(self) -> bytes:
        """The message, in the character set of MSH-18."""
        return "".join(line + self.end for line in self.lines).encode(_PYTHON.get(self.at("MSH^1^18"), "utf-8"))

    def _row(self, place: str) -> tuple[int, int]:
        name, which, *number = place.split("^")
        rows = [row for row, segment in enumerate(self.segments) if segment[0] == name]
        return rows[int(which) - 1], int(number[0]) if number else 0

    def _with_rows(self, rows: Iterable[tuple[str, ...]]) -> Self:
        return replace(self, segments=tuple(rows))
