"""`ecluse validate --fix`: certain repairs are made in the file itself, and the original is kept beside it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from conformance.repairs import mend
from conformance.report import Finding
from conformance.reports.judged import Judged
from conformance.reports.printable import printable
from gateway.cli.speech import counted, say
from gateway.cli.validate_files import Source
from gateway.cli.validate_judge import Judge, judged
from gateway.cli.validate_output import atomic

_ROUNDS = 5


def fix(judge: Judge, source: Source, *, force: bool = False) -> Judged:
    """Judge a file, mend what is certain, and judge what came of it; what was done is said on the error stream.

    Repairs that do not leave fewer findings are not kept. The standard input is judged only; so are files that are
    read-only, unless `force`.
    """
    first = judged(judge, source)
    if source.path is None or first.content is None or not first.usable:
        return first
    best = first
    done: list[Finding] = []
    for _ in range(_ROUNDS):
        mended = mend(best.content or b"", best.report.findings)
        if not mended.edits:
            break
        after = Judged(first.file, judge(mended.content), mended.content)
        if not after.usable or len(after.report.findings) >= len(best.report.findings):
            break
        best = after
        done += mended.done
    if not done or best.content is None:
        return first
    try:
        if not force and _is_read_only(source.path):
            say(
                en=f"{printable(first.file)}: not repaired, it is read-only: chmod u+w, or --force",
                fr=f"{printable(first.file)} : non réparé, il est en lecture seule : chmod u+w, ou --force",
                err=True,
            )
            return first
        backup = _keep(source.path, first.content)
        with atomic(source.path) as name:
            Path(name).write_bytes(best.content)
    except OSError as error:
        reason = error.strerror or str(error)
        say(
            en=f"{printable(first.file)}: not repaired, it cannot be written: {reason}",
            fr=f"{printable(first.file)} : non réparé, il ne peut être écrit : {reason}",
            err=True,
        )
        return first
    _tell(first.file, done, backup)
    return best


def _is_read_only(path: Path) -> bool:
    """Whether nobody may write it, or not whoever runs the command."""
    return path.stat().st_mode & 0o222 == 0 or not os.access(path, os.W_OK)


def _keep(path: Path, content: bytes) -> Path:
    """Keep the original under a name that nothing has yet."""
    for number in range(10_000):
        backup = path.with_name(f"{path.name}.orig{number or ''}")
        try:
            descriptor = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        backup.chmod(path.stat().st_mode & 0o7777)
        return backup
    raise FileExistsError(f"{path}.orig")


def _tell(file: str, done: list[Finding], backup: Path) -> None:
    name, kept = printable(file), printable(str(backup))
    repairs = counted(len(done), en=("repaired", "repaired"), fr=("réparation", "réparations"))
    say(
        en=f"{name}: {repairs}; the original is {kept}",
        fr=f"{name} : {repairs} ; l'original est {kept}",
        err=True,
    )
    for one in done:
        click.echo(f"  {printable(one.rule)} {one.line}:{one.column}", err=True)
