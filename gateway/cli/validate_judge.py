"""One file judged, or many: by our rules, by a pack, or by both; in this process or in several."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from cda.document import CDA_NAMESPACE, CdaDocument, UnreadableDocument, parse_document
from conformance.catalogue import VSM_1_4, VSM_2023
from conformance.diagnosis import diagnose
from conformance.report import Report, Severity
from conformance.reports.judged import Judged, Language, at_least
from conformance.validate import profile_of, validate_document
from gateway.cli.validate_files import Source, Unusable, read

if TYPE_CHECKING:
    from concurrent.futures import Future

    from conformance.packs.pack import Pack

VSM = "vsm"
_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Judge:
    """How files are judged. `profile` may be `vsm`, whichever version the document names; `pack` a name or a folder.

    With a pack, our own rules are asked only when `ours`. With `summary` the report shows a
    medical summary as a clinician reads it.
    """

    profile: str | None
    pack: str | None
    ours: bool
    summary: bool
    language: Language

    def __call__(self, source: Source) -> Judged:
        """The verdict on a source; its report says so when it cannot be judged."""
        if source.fault is not None:
            return Judged(source.name, source.fault)
        try:
            content = read(source)
        except Unusable as unusable:
            return Judged(source.name, unusable.report)
        return Judged(source.name, self.verdict(content), content)

    def verdict(self, content: bytes) -> Report:
        """The verdict on bytes."""
        try:
            document = parse_document(content)
        except UnreadableDocument as error:
            return diagnose(content, error)
        report = self._report(document)
        if self.summary:
            from conformance.summary.view import with_summary

            report = with_summary(report, document, today=datetime.now(UTC).date())
        note = _foreign(document, self.language)
        return replace(report, notes=(*report.notes, note)) if note else report

    def _report(self, document: CdaDocument) -> Report:
        if self.pack is None:
            return validate_document(document, self._profile(document))
        theirs = opened_pack(self.pack).validate(document)
        if not self.ours:
            return theirs
        return _both(validate_document(document, self._profile(document)), theirs)

    def _profile(self, document: CdaDocument) -> str | None:
        if self.profile != VSM:
            return self.profile
        named = profile_of(document)
        return named if named in (VSM_1_4, VSM_2023) else VSM_2023


@cache
def opened_pack(name: str) -> Pack:
    """A pack, opened once a process. Raises UnknownPack, UnusablePack."""
    from conformance.packs.pack import Pack

    return Pack.open(name)


def _both(ours: Report, theirs: Report) -> Report:
    """Two verdicts as one: valid when both are. The layers of the pack bear its name before their own."""
    pack = theirs.profile
    renamed = [replace(one, layer=f"{pack}/{one.layer}") for one in theirs.findings]
    layers = [
        replace(one, name=f"{pack}/{one.name}", title=f"{pack} · {one.title}", title_en=f"{pack} · {one.title_en}")
        for one in theirs.layers
    ]
    findings = sorted((*ours.findings, *renamed), key=lambda one: (one.line, one.column))
    return Report(
        f"{ours.profile} + {theirs.profile}",
        tuple(findings),
        ours.document_type or theirs.document_type,
        (*ours.layers, *layers),
        (*ours.notes, *theirs.notes),
        ours.summary or theirs.summary,
    )


def _foreign(document: CdaDocument, language: Language) -> str | None:
    """What to say of a document made for another country."""
    realms = [one.get("code") for one in document.root.iterchildren(f"{{{CDA_NAMESPACE}}}realmCode")]
    if not realms or "FR" in realms:
        return None
    named = ", ".join(one or "?" for one in realms)
    if language == "en":
        return f"The document is made for another realm ({named}); it is judged by the French rules (realmCode FR)."
    return f"Le document est fait pour un autre domaine ({named}) ; il est jugé selon les règles françaises (FR)."


def shown(judged: Judged, severity: Severity) -> Judged:
    """The same verdict without the findings less grave than `severity`."""
    report = at_least(judged.report, severity)
    return judged if report is judged.report else replace(judged, report=report)


def judge_all(judge: Judge, files: Iterable[Source], jobs: int) -> Iterator[Judged]:
    """Verdicts in the order of the files; with several jobs a few files are judged ahead, no more."""
    if jobs == 1:
        yield from map(judge, files)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(jobs) as workers:
        waiting: deque[Future[Judged]] = deque()
        for one in files:
            if one.path is None:
                while waiting:
                    yield waiting.popleft().result()
                yield judge(one)
                continue
            waiting.append(workers.submit(judge, one))
            if len(waiting) >= jobs * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
