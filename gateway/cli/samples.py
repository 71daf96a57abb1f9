"""`ecluse samples`: documents made by code, for whoever tests a validator, ours or another, and deposits to send."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click

from conformance.validate import validate
from gateway.cli.samples_deposits import deposits
from gateway.cli.samples_files import DIRECTORY, refuse_what_is_full, write_all
from gateway.cli.speech import counted, language, say, text
from samples.documents.corpus import corpus, families
from samples.documents.twins import Twin

BROKEN = ("file", "rule", "severity", "profile", "also", "message", "expected")
GOOD = ("file", "profile", "document_type", "warnings")
_Thing = TypeVar("_Thing")
_FAMILY = click.option("--family", help="Only this family of rules: structure, header, vsm …")


@click.group(short_help="Sample documents, right and broken.")
def samples() -> None:
    """Sample documents made by code; every patient is invented."""


samples.add_command(deposits)


@samples.command()
@DIRECTORY
@_FAMILY
@click.option("--rule", help="Only the documents that break this rule.")
def broken(directory: Path, family: str | None, rule: str | None) -> None:
    """Write one broken document for each rule into DIRECTORY, absent or empty, and what each breaks: manifest.csv."""
    refuse_what_is_full(directory)
    chosen = [
        (name, twin)
        for name, twin in corpus()
        if rule in (None, twin.rule) and (family is None or name.startswith(f"{family}/"))
    ]
    if not chosen:
        raise _nothing(family, rule)
    write_all(directory, BROKEN, (_broken(name, twin) for name, twin in _told(chosen)))
    written = counted(
        len(chosen), en=("broken document", "broken documents"), fr=("document fautif", "documents fautifs")
    )
    say(
        en=f"{written} in {directory}; manifest.csv says what each of them breaks.",
        fr=f"{written} dans {directory} ; manifest.csv dit ce que chacun enfreint.",
    )


@samples.command()
@DIRECTORY
@_FAMILY
def good(directory: Path, family: str | None) -> None:
    """Write the documents that the broken ones are made of into DIRECTORY, absent or empty, and manifest.csv."""
    refuse_what_is_full(directory)
    chosen = list(_documents(family))
    if not chosen:
        raise _nothing(family, None)
    write_all(directory, GOOD, (_good(*one) for one in _told(chosen)))
    written = counted(len(chosen), en=("good document", "good documents"), fr=("document juste", "documents justes"))
    say(
        en=f"{written} in {directory}; manifest.csv says by which profile.",
        fr=f"{written} dans {directory} ; manifest.csv dit selon quel profil.",
    )


def _nothing(family: str | None, rule: str | None) -> click.ClickException:
    known = ", ".join(families())
    if family is not None and family not in families():
        said = text(
            en=f"No family is named {family}: there are {known}.",
            fr=f"Aucune famille ne s'appelle {family} : il y a {known}.",
        )
    else:
        said = text(en=f"No document breaks {rule}.", fr=f"Aucun document n'enfreint {rule}.")
    return click.ClickException(said)


def _documents(family: str | None) -> Iterator[tuple[str, str, bytes]]:
    """Each good document once, with the name of its file and the profile that judges it."""
    for name, twins in families().items():
        if family not in (None, name):
            continue
        makers: dict[Callable[[], bytes], str] = {}
        for twin in twins:
            makers.setdefault(twin.document, twin.profile)
        seen: dict[bytes, str] = {}
        for make, profile in makers.items():
            seen.setdefault(make(), profile)
        for number, (content, profile) in enumerate(seen.items(), start=1):
            yield f"{name}/{profile}.{number}.xml", profile, content


def _broken(name: str, twin: Twin) -> tuple[Mapping[str, object], bytes]:
    content = twin.content()
    finding = next(one for one in validate(content, twin.profile).findings if one.rule == twin.rule)
    row = {
        "file": name,
        "rule": twin.rule,
        "severity": finding.severity,
        "profile": twin.profile,
        "also": " ".join(sorted(twin.also)),
        "message": finding.text(language()),
        "expected": finding.expected or "",
    }
    return row, content


def _good(name: str, profile: str, content: bytes) -> tuple[Mapping[str, object], bytes]:
    report = validate(content, profile)
    row = {
        "file": name,
        "profile": profile,
        "document_type": report.document_type or "",
        "warnings": " ".join(sorted({one.rule for one in report.warnings})),
    }
    return row, content


def _told(things: Sequence[_Thing]) -> Iterator[_Thing]:
    """The same, one by one, with where one stands on a terminal."""
    shown = sys.stderr.isatty()
    for number, one in enumerate(things):
        if shown:
            click.echo(f"\r\x1b[K{number}/{len(things)}", nl=False, err=True)
        yield one
    if shown:
        click.echo("\r\x1b[K", nl=False, err=True)
