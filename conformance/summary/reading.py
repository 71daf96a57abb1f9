"""What a medical summary says, heading by heading, as a colleague would read it (HAS synthèse médicale)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cda.document import CdaDocument
from cda.narrative import rows_of
from cda.sections import Entry, Section, read_sections
from profiles.medical_summary.headings import SummaryHeading, summary_headings

ABSENT_OR_UNKNOWN = "2.16.840.1.113883.5.1150.1"
"""The code system of what is known to be absent, `no-known-…`, and of what nobody knows, `…-info`."""

_TEXT_ONLY = frozenset({"conditions-text", "risks-text", "plan-text"})
"""Headings of composite sections: only their own narrative counts, and only when there is one."""


@dataclass(frozen=True, slots=True)
class Said:
    """The sections of a document that hold one heading."""

    heading: SummaryHeading
    sections: tuple[Section, ...]

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Their entries, those that say that there is nothing left out."""
        return tuple(one for section in self.sections for one in section.entries if not says_nothing(one))

    @property
    def denials(self) -> tuple[Entry, ...]:
        """Their entries that say that there is nothing, or that nobody knows."""
        return tuple(one for section in self.sections for one in section.entries if says_nothing(one))

    @property
    def lines(self) -> tuple[str, ...]:
        """Their narrative, line by line."""
        return tuple(line for one in self.sections if one.text is not None for line in rows_of(one.text))

    @property
    def state(self) -> str:
        """`present`, `empty` (said to be), `unknown` (said to be), `absent` (nothing is said)."""
        if self.entries:
            return "present"
        if self.denials:
            return "unknown" if all((one.code or "").endswith("-info") for one in self.denials) else "empty"
        return "present" if self.lines else "absent"

    def items(self) -> Iterator[str]:
        """What is said, one line each: entries with their dates, else the narrative."""
        told = self.entries or self.denials
        yield from (_line(one) for one in told) if told else self.lines


def read_summary(document: CdaDocument) -> tuple[Said, ...]:
    """Every heading that a summary should have, then those that hold text only, in reading order."""
    by_code: dict[str, list[Section]] = {}
    for outermost in read_sections(document):
        for section in outermost.all():
            by_code.setdefault(section.code or "", []).append(section)
    return tuple(said for one in summary_headings() if (said := _said(one, by_code)) is not None)


def says_nothing(entry: Entry) -> bool:
    """Whether an entry states that there is nothing, or no information."""
    return entry.system == ABSENT_OR_UNKNOWN


def _said(heading: SummaryHeading, by_code: Mapping[str, Sequence[Section]]) -> Said | None:
    sections = tuple(one for code in sorted(heading.sections) for one in by_code.get(code, ()))
    said = Said(heading, sections)
    return None if heading.heading in _TEXT_ONLY and not said.lines else said


def _line(entry: Entry) -> str:
    """An entry in the words of its author; one that is denied says so first."""
    dates = " – ".join(_day(one) for one in (entry.start, entry.end) if one)
    label = ", ".join((entry.label or entry.code or "?", *entry.details))
    said = f"{label} ({dates})" if dates else label
    return f"non : {said}" if entry.negated and not says_nothing(entry) else said


def _day(time: str) -> str:
    """A TS as people write a day: to the precision that it has."""
    digits = time[:8]
    return "/".join(part for part in (digits[6:8], digits[4:6], digits[:4]) if part)
