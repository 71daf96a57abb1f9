"""Files judged by several processes, in order; a process that dies takes one file with it, no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from conformance.incidents import incident
from conformance.reports.judged import Judged
from gateway.cli.validate_files import Source
from gateway.cli.validate_judge import Judge, judged

_AHEAD = 4
_judges: list[Judge] = []
"""The judge of a process of the crew: brought once, for it may hold documents."""


def judge_together(judge: Judge, files: Iterable[Source], jobs: int) -> Iterator[Judged]:
    """Verdicts in the order of the files, by `jobs` processes; what cannot be sent to them is judged here."""
    crew = _Crew(judge, jobs)
    waiting: deque[tuple[Source, Future[Judged] | None]] = deque()
    try:
        for one in files:
            waiting.append((one, crew.submit(one) if one.path is not None else None))
            if len(waiting) >= jobs * _AHEAD:
                yield crew.result(*waiting.popleft())
        while waiting:
            yield crew.result(*waiting.popleft())
    finally:
        crew.end()


class _Crew:
    """Processes that judge, made again when one of them dies."""

    def __init__(self, judge: Judge, jobs: int) -> None:
        self._judge = judge
        self._jobs = jobs
        self._workers = self._hire(jobs)

    def submit(self, source: Source) -> Future[Judged]:
        try:
            return self._workers.submit(_work, source)
        except BrokenProcessPool:
            self.end()
            self._workers = self._hire(self._jobs)
            return self._workers.submit(_work, source)

    def result(self, source: Source, coming: Future[Judged] | None) -> Judged:
        """The verdict. When a process died, each file that was waiting is judged alone, to know which one it was."""
        if coming is None:
            return judged(self._judge, source)
        try:
            return coming.result()
        except BrokenProcessPool:
            with self._hire(1) as alone:
                try:
                    return alone.submit(_work, source).result()
                except BrokenProcessPool as error:
                    return Judged(source.name, incident(error))

    def end(self) -> None:
        self._workers.shutdown(cancel_futures=True)

    def _hire(self, workers: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, initializer=_judges.append, initargs=(self._judge,))


def _work(source: Source) -> Judged:
    return judged(_judges[-1], source)
