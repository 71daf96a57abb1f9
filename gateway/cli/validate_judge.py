"""One file judged, or many; in this process or in several. How bytes are judged is `conformance.judging`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from conformance.report import Report, Severity
from conformance.reports.judged import Judged, at_least
from gateway.cli.validate_files import Source, Unusable, read

Judge = Callable[[bytes | Path], Report]


def judged(judge: Judge, source: Source) -> Judged:
    """The verdict on a source; its report says so when it cannot be judged."""
    if source.fault is not None:
        return Judged(source.name, source.fault)
    if source.is_medium and source.path is not None:
        return Judged(source.name, judge(source.path))
    try:
        content = read(source)
    except Unusable as unusable:
        return Judged(source.name, unusable.report)
    return Judged(source.name, judge(content), content)


def shown(one: Judged, severity: Severity) -> Judged:
    """The same verdict without the findings less grave than `severity`."""
    report = at_least(one.report, severity)
    return one if report is one.report else replace(one, report=report)


def judge_all(judge: Judge, files: Iterable[Source], jobs: int) -> Iterator[Judged]:
    """Verdicts in the order of the files; with several jobs a few files are judged ahead, no more."""
    if jobs == 1:
        yield from (judged(judge, one) for one in files)
        return
    from gateway.cli.validate_crew import judge_together

    yield from judge_together(judge, files, jobs)
