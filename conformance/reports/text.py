"""A report for a person at a terminal: a verdict, then by layer what is wrong, the line of the source, the way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from conformance.report import Finding, Report, Summary
from conformance.reports.judged import Judged, Options, by_layer
from conformance.reports.printable import printable, width
from conformance.reports.source import Source
from conformance.reports.wording import count, counted, layer_title, met, title_of, verdict_of, word

_COLOURS = {"error": "31", "warning": "33", "info": "36", "valid": "32", "dim": "2", "bold": "1", "hint": "36"}

_LONGEST = 200


def render(judged: Iterable[Judged], options: Options) -> Iterator[bytes]:
    """One chunk a file."""
    for one in judged:
        yield ("\n".join(_File(one, options).lines()) + "\n").encode()


class _File:
    def __init__(self, judged: Judged, options: Options) -> None:
        self._judged = judged
        self._options = options
        self._language = options.language
        self._colon = ": " if options.language == "en" else " : "
        self._source = Source(judged.content) if options.source and judged.content is not None else None
        self._shown: Counter[str] = Counter()

    def lines(self) -> Iterator[str]:
        report = self._judged.report
        if not self._judged.usable:
            yield from self._unusable(report.findings)
            return
        verdict = verdict_of(self._judged, self._language)
        name = f" ({printable(report.profile)})" if report.profile else ""
        colour = "valid" if report.valid else "error"
        yield f"{self._paint('bold', printable(self._judged.file))}: {self._paint(colour, verdict)}{name}"
        yield from self._notes(report.notes)
        for name, findings in by_layer(report):
            yield from self._layer(name, findings)
        yield from self._withheld()
        yield from self._silent(report)
        if report.summary is not None:
            yield from self._summary(report.summary)

    def _notes(self, notes: tuple[str, ...]) -> Iterator[str]:
        most = len(notes) if self._options.at_most is None else self._options.at_most
        for note in notes[:most]:
            yield f"  {self._cut(printable(note))}"
        if len(notes) > most:
            left = len(notes) - most
            s = "s" if left > 1 else ""
            more = f"{left} more note{s}" if self._language == "en" else f"encore {left} note{s}"
            yield self._paint("dim", f"  … {more} (--all)")

    def _cut(self, said: str) -> str:
        """At most `_LONGEST` characters, unless all is asked for."""
        return said if self._options.at_most is None or len(said) <= _LONGEST else f"{said[:_LONGEST]}…"

    def _unusable(self, findings: tuple[Finding, ...]) -> Iterator[str]:
        """Nothing was judged: why, where, and what to do."""
        name, verdict = printable(self._judged.file), verdict_of(self._judged, self._language)
        for one in findings:
            place = f" ({word('line', self._language)} {one.line}, {one.column})" if one.line else ""
            message = printable(one.text(self._language))
            yield f"{self._paint('bold', name)}: {self._paint('error', verdict)}{self._colon}{message}{place}"
            yield from self._excerpt(one)
            if one.advice(self._language):
                yield self._paint("hint", f"    → {printable(one.advice(self._language))}")
            yield self._paint("dim", f"    [{printable(one.found or one.rule)}]")

    def _layer(self, name: str, findings: list[Finding]) -> Iterator[str]:
        if not findings:
            return
        if name:
            title = printable(layer_title(name, self._judged.report, self._language))
            said = counted(*count(findings), self._language)
            yield self._paint("bold", f"  {title}") + (f"{self._colon}{said}" if said else "")
        for one in findings:
            self._shown[one.rule] += 1
            if self._options.at_most is None or self._shown[one.rule] <= self._options.at_most:
                yield from self._finding(one)

    def _finding(self, one: Finding) -> Iterator[str]:
        severity = self._paint(str(one.severity), word(str(one.severity), self._language))
        place = f" {one.line}:{one.column}" if one.line else ""
        message, source = printable(one.text(self._language)), printable(one.source)
        yield f"  {severity} {printable(one.rule)}{place} {message} [{source}]"
        yield from self._excerpt(one)
        said = met(one, self._language)
        if said is not None:
            yield f"    {self._cut(printable(said))}"
        if one.advice(self._language):
            yield self._paint("hint", f"    → {printable(one.advice(self._language))}")
        if one.repair:
            yield self._paint("hint", f"    {word('repaired', self._language)}")
        if one.path:
            yield self._paint("dim", f"    {printable(one.path)}")

    def _excerpt(self, one: Finding) -> Iterator[str]:
        excerpt = self._source.excerpt(one.line, one.column) if self._source is not None and one.line else None
        if excerpt is None:
            return
        number = f"{one.line:>8}"
        yield self._paint("dim", f"{number} │") + f" {excerpt.text}"
        before = " " * width(excerpt.text[: excerpt.caret])
        yield self._paint("dim", f"{' ' * len(number)} │") + f" {before}" + self._paint(str(one.severity), "^")

    def _withheld(self) -> Iterator[str]:
        if self._options.at_most is None:
            return
        for rule, times in self._shown.items():
            more = times - self._options.at_most
            if more > 0:
                said = f"{more} more of" if self._language == "en" else f"encore {more} fois"
                yield self._paint("dim", f"  … {said} {printable(rule)} (--all)")

    def _silent(self, report: Report) -> Iterator[str]:
        for layer in report.layers:
            if not layer.asked:
                why = f"{self._colon}{printable(layer.note)}" if layer.note else ""
                title = printable(title_of(layer, self._language))
                yield self._paint("dim", f"  {title} {word('not asked', self._language)}{why}")

    def _summary(self, summary: Summary) -> Iterator[str]:
        pages = f" ({word('pages', self._language)}{self._colon}{summary.pages})" if summary.pages is not None else ""
        yield self._paint("bold", f"  {word('clinical', self._language)}{pages}")
        if summary.overflow:
            yield self._paint("warning", f"  {printable(summary.overflow)}")
        for one in summary.headings:
            title = printable(one.title_en if self._language == "en" else one.title)
            yield f"    {title}{self._colon}{word(one.state, self._language)}"
            for item in one.items:
                yield f"      - {printable(item)}"

    def _paint(self, what: str, text: str) -> str:
        return f"\x1b[{_COLOURS[what]}m{text}\x1b[0m" if self._options.colour else text
