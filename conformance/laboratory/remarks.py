"""What was missing in results, and what stands in its place; what nothing can stand for is an error."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from profiles.hl7v2.tables import remarks as rows


class Kind(StrEnum):
    """ASSUMED: something stands in the place of what is missing. LEFT_OUT: what was sent is not in the document."""

    ASSUMED = "assumed"
    LEFT_OUT = "left out"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One remark, a row of `profiles/hl7v2/remarks.csv`. `location` is ERR-2 (`OBX^3^5`); `times` counts its like.

    `code` stands in the place of what is missing where the row has no words for it. No text holds anything of the
    message: all are shown to whoever sent it, and may be logged.
    """

    rule: str
    location: str
    code: str = ""
    times: int = 1

    @property
    def kind(self) -> Kind:
        """What becomes of what it speaks of."""
        return Kind(rows()[self.rule].kind)

    def text(self, language: str = "fr") -> str:
        """What is missing or wrong."""
        row = rows()[self.rule]
        return row.message_en if language == "en" else row.message

    def instead(self, language: str = "fr") -> str:
        """What stands in its place; empty when nothing is said of that."""
        row = rows()[self.rule]
        return self.code or (row.instead_en if language == "en" else row.instead)


@dataclass(slots=True)
class Remarks:
    """Collects remarks; one that says the same of the same field of another segment is counted, not repeated."""

    _found: dict[tuple[str, str, str, str], Remark] = field(default_factory=dict)

    def tell(self, rule: str, location: str, *, instead: str = "") -> None:
        """Something is missing, wrong or without a place; `instead` is a code that stands in for it."""
        name, _, number = location.partition("^")
        key = (name, number.partition("^")[2], rule, instead)
        known = self._found.get(key)
        new = Remark(rule=rule, location=location, code=instead)
        self._found[key] = new if known is None else replace(known, times=known.times + 1)

    @property
    def all(self) -> tuple[Remark, ...]:
        """Errors first, then as they were met."""
        return tuple(sorted(self._found.values(), key=lambda one: one.kind is not Kind.ERROR))

    @property
    def errors(self) -> int:
        """How many errors were told, those of one field of several segments each."""
        return sum(one.times for one in self._found.values() if one.kind is Kind.ERROR)

    @property
    def has_errors(self) -> bool:
        """Whether something is missing that nobody may invent."""
        return any(one.kind is Kind.ERROR for one in self._found.values())
