"""`ecluse xdm`: media of documents, verified, listed, extracted, made (ITI-32)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn
from uuid import NAMESPACE_URL, uuid4, uuid5

import click

from cda.document import UnreadableDocument, parse_document
from cda.header import CdaHeader, read_header
from cda.to_metadata import author_of, to_entry
from conformance.media import verify_medium
from conformance.report import Severity
from conformance.reports.formats import FORMATS, renderer
from conformance.reports.judged import Judged, Options
from gateway.cli.speech import counted, language, say, text
from gateway.cli.validate_output import has_colours, write
from gateway.cli.validate_totals import exit_code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.times import format_dtm
from xds.xdm import media as xdm_media
from xds.xdm.extraction import extract as extract_tree
from xds.xdm.pages import Origin
from xds.xdm.reader import open_tree, read_medium
from xds.xdm.tree import UnusableMedium
from xds.xdm.writer import SetToWrite, write_medium

UNUSABLE = 2
_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group(short_help="Media of documents (IHE XDM).")
def xdm() -> None:
    """Media of documents (IHE XDM): ZIP archives or directories with IHE_XDM in them."""


@xdm.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this file.")
@click.pass_context
def verify(ctx: click.Context, files: tuple[Path, ...], form: str, output: Path | None) -> None:
    """Verify media, each FILE a ZIP archive or a directory.

    Exit status: 0 when all are valid, 1 when one is not, 2 when one cannot be used (the others are still judged).
    """
    options = Options(language=language(), colour=form == "text" and output is None and has_colours())
    codes: list[int] = []

    def judged() -> Iterator[Judged]:
        for path in files:
            one = Judged(str(path), verify_medium(path))
            codes.append(exit_code(one, Severity.ERROR))
            if not one.usable:
                for chunk in renderer("text")([one], options):
                    click.echo(chunk, nl=False, err=True)
            if one.usable or form != "text":
                yield one

    try:
        write(renderer(form)(judged(), options), output)
    except OSError as error:
        if isinstance(error, BrokenPipeError) or output is None:
            raise
        _give_up(f"{output}: {error.strerror or error}")
    ctx.exit(max(codes))


@xdm.command("list")
@_FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_(file: Path, as_json: bool) -> None:
    """List the submission sets and the documents of a medium."""
    medium = _read(file)
    if as_json:
        click.echo(json.dumps([_plain(one) for one in medium.submissions], ensure_ascii=False))
        return
    for submission in medium.submissions:
        submitted = submission.request.submission_set
        words = (submitted.submission_time, submitted.title, submitted.unique_id) if submitted else ()
        click.echo(f"{submission.directory}  " + "  ".join(filter(None, words)))
        for document in submission.documents:
            entry = document.entry
            size = text(en="absent", fr="absent") if document.content is None else str(len(document.content))
            click.echo(
                f"  {document.path or entry.uri or '?'}  {entry.mime_type}  {size}  {entry.title or entry.unique_id}"
            )


@xdm.command()
@_FILE
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path, file_okay=False), help="Absent or empty."
)
def extract(file: Path, target: Path) -> None:
    """Extract a medium into a directory: files 0600, nothing outside of it, nothing overwritten."""
    try:
        written = extract_tree(open_tree(file), target)
    except UnusableMedium as error:
        _give_up(f"{file}: {error}")
    except OSError as error:
        _give_up(f"{target}: {error.strerror or error}")
    files = counted(len(written), en=("file extracted", "files extracted"), fr=("fichier extrait", "fichiers extraits"))
    say(en=f"{files} to {target}.", fr=f"{files} dans {target}.")


@xdm.command()
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The new archive.")
@click.option("--institution", help="Who makes the medium; the custodian of the first document when absent.")
@click.option("--source-id", help="sourceId, an OID; derived from the institution when absent.")
@click.option("--title", help="Title of the submission sets.")
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path))
def create(
    *, target: Path, institution: str | None, source_id: str | None, title: str | None, documents: tuple[Path, ...]
) -> None:
    """Make a medium of CDA documents: metadata come from their headers, one submission set a patient."""
    read = [_document(path) for path in documents]
    maker = institution or next((one.custodian.name for one, _, _ in read if one.custodian and one.custodian.name), "")
    if not maker:
        raise click.UsageError(text(en="no document names its custodian: give --institution",
                                    fr="aucun document ne nomme son dépositaire : donnez --institution"))  # fmt: skip
    source = source_id or f"2.25.{uuid5(NAMESPACE_URL, maker).int}"
    by_patient: dict[str, list[tuple[CdaHeader, DocumentEntry, bytes]]] = {}
    for one in read:
        by_patient.setdefault(one[1].patient_id, []).append(one)
    now = datetime.now(UTC)
    sets = [
        _set(patient, group, source, title, now + timedelta(seconds=rank))
        for rank, (patient, group) in enumerate(by_patient.items())
    ]
    content = write_medium(sets, Origin(institution=maker))
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
    except OSError as error:
        _give_up(f"{target}: {error.strerror}")
    read_words = counted(len(read), en=("document", "documents"), fr=("document", "documents"))
    set_words = counted(
        len(sets), en=("submission set", "submission sets"), fr=("lot de soumission", "lots de soumission")
    )
    say(en=f"{target}: {read_words}, {set_words}.", fr=f"{target} : {read_words}, {set_words}.")


def _document(path: Path) -> tuple[CdaHeader, DocumentEntry, bytes]:
    try:
        content = path.read_bytes()
        header = read_header(parse_document(content))
    except OSError as error:
        _give_up(f"{path}: {error.strerror}")
    except UnreadableDocument as error:
        _give_up(f"{path}: {error}")
    entry = to_entry(header, content, entry_uuid="Document01")
    if not entry.unique_id:
        _give_up(f"{path}: {text(en='the document has no id', fr='le document n’a pas d’id')}")
    return header, entry, content


def _set(
    patient: str,
    group: list[tuple[CdaHeader, DocumentEntry, bytes]],
    source_id: str,
    title: str | None,
    moment: datetime,
) -> SetToWrite:
    authors = group[0][0].authors
    return SetToWrite(
        submission_set=SubmissionSet(
            entry_uuid="SubmissionSet01",
            unique_id=f"2.25.{uuid4().int}",
            patient_id=patient,
            source_id=source_id,
            submission_time=format_dtm(moment),
            content_type_code=None,
            authors=(author_of(authors[0]),) if authors else (),
            title=title,
        ),
        documents=[
            (replace(entry, entry_uuid=f"Document{rank:02}"), content)
            for rank, (_, entry, content) in enumerate(group, start=1)
        ],
    )


def _read(file: Path) -> xdm_media.Media:
    try:
        return read_medium(file)
    except UnusableMedium as error:
        _give_up(f"{file}: {error}")


def _give_up(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(UNUSABLE)


def _plain(submission: xdm_media.MediaSubmission) -> dict[str, object]:
    submitted = submission.request.submission_set
    return {
        "directory": submission.directory,
        "uniqueId": submitted.unique_id if submitted else None,
        "submissionTime": submitted.submission_time if submitted else None,
        "title": submitted.title if submitted else None,
        "documents": [
            {
                "path": one.path,
                "uniqueId": one.entry.unique_id,
                "mimeType": one.entry.mime_type,
                "title": one.entry.title,
                "size": None if one.content is None else len(one.content),
            }
            for one in submission.documents
        ],
    }
