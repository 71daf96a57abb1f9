"""What was missing in results, and what stands in its place; what nothing can stand for is an error."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class Kind(StrEnum):
    """ASSUMED: something stands in the place of what is missing. LEFT_OUT: what was sent is not in the document."""

    ASSUMED = "assumed"
    LEFT_OUT = "left out"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One remark. `location` is ERR-2 (`OBX^3^5`); `instead` is what was put there; `times` counts its like.

    Neither text holds anything of the message: both are shown to whoever sent it, and may be logged.
    """

    kind: Kind
    location: str
    text: str
    instead: str = ""
    times: int = 1


@dataclass(slots=True)
class Remarks:
    """Collects remarks; one that says the same of the same field of another segment is counted, not repeated."""

    _found: dict[tuple[str, str, str, str, str], Remark] = field(default_factory=dict)

    def assume(self, location: str, text: str, instead: str) -> None:
        """Something is missing, and something else stands in its place."""
        self._add(Remark(kind=Kind.ASSUMED, location=location, text=text, instead=instead))

    def leave_out(self, location: str, text: str) -> None:
        """Something that was sent has no place in the document."""
        self._add(Remark(kind=Kind.LEFT_OUT, location=location, text=text))

    def miss(self, location: str, text: str) -> None:
        """Something is missing, or wrong, that nobody may invent."""
        self._add(Remark(kind=Kind.ERROR, location=location, text=text))

    @property
    def all(self) -> tuple[Remark, ...]:
        """Errors first, then as they were met."""
        return tuple(sorted(self._found.values(), key=lambda one: one.kind is not Kind.ERROR))

    @property
    def has_errors(self) -> bool:
        """Whether something is missing that nobody may invent."""
        return any(one.kind is Kind.ERROR for one in self._found.values())

    def _add(self, remark: Remark) -> None:
        name, _, number = remark.location.partition("^")
        key = (name, number.partition("^")[2], remark.kind.value, remark.text, remark.instead)
        known = self._found.get(key)
        self._found[key] = remark if known is None else replace(known, times=known.times + 1)
