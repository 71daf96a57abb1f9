"""`ecluse lab`: what the HL7 v2 door would make of results that come without a document. Nothing is sent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from cda.document import UnreadableDocument, parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from conformance.laboratory.making import is_plain
from conformance.laboratory.remarks import Kind, Remark
from conformance.laboratory.results import documented
from gateway.cli.speech import counted, language, say, text
from gateway.ingest.hl7v2.judging import judged
from profiles.hl7v2.tables import remarks as rows_of_remarks
from profiles.hl7v2.tables import rules
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.faults import Fault, Severity
from xds.hl7v2.reading import Reading, read_message
from xds.hl7v2.segments import Segment
from xds.hl7v2.submission import visibility_codes
from xds.hl7v2.terms import Terms
from xds.metadata.document_entry import DocumentEntry

REFUSED = 1
UNUSABLE = 2
_LONGEST = 100 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What becomes of a message: how it was judged, what was remarked on its results, the document and its metadata."""

    reading: Reading
    remarks: tuple[Remark, ...]
    document: bytes | None
    entry: DocumentEntry | None

    @property
    def other_faults(self) -> tuple[Fault, ...]:
        """Faults that are not the remarks told again."""
        return tuple(one for one in self.reading.faults if one.rule not in rows_of_remarks())


@click.group(short_help="Laboratory results of HL7 v2 that come without a document.")
def lab() -> None:
    """Laboratory results of HL7 v2 (ORU) that come without a document."""


@lab.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write all of it there: absent or empty.")
@click.pass_context
def preview(ctx: click.Context, file: Path, form: str, out: Path | None) -> None:
    """Show what the door would make of the results in FILE, one message: segments, what was missing, CDA, metadata.

    Exit status: 0 when the message would be taken, 1 when it would be refused, 2 when it is not of this kind.
    """
    made = _preview(_content(ctx, file))
    if made is None:
        say(
            en=f"{file}: not an ORU of results without a document",
            fr=f"{file} : pas un ORU de résultats sans document",
            err=True,
        )
        ctx.exit(UNUSABLE)
    if out is not None:
        _write(ctx, out, made)
    if form == "json":
        click.echo(json.dumps(_plain(made), ensure_ascii=False, indent=2))
    else:
        for line in _lines(made):
            click.echo(line)
    ctx.exit(0 if made.reading.accepted else REFUSED)


def _content(ctx: click.Context, file: Path) -> bytes:
    try:
        if file.stat().st_size > _LONGEST:
            raise OSError(0, text(en="too large", fr="trop grand"))
        return file.read_bytes()
    except OSError as error:
        click.echo(f"{file}: {error.strerror or error}", err=True)
        ctx.exit(UNUSABLE)


def _preview(data: bytes) -> Preview | None:
    plain = read_message(data)
    if not isinstance(plain.message, DocumentMessage) or not is_plain(plain.message, plain.segments):
        return None
    remarks = documented(plain.message, plain.segments, data)[1]
    reading = judged(data, Terms())
    message = reading.message
    nothing = Preview(reading=reading, remarks=remarks, document=None, entry=None)
    if not isinstance(message, DocumentMessage) or not message.documents:
        return nothing
    content = message.documents[0].content
    try:
        header = read_header(parse_document(content))
    except UnreadableDocument:
        return nothing
    entry = to_entry(
        header,
        content,
        entry_uuid="Document01",
        confidentiality=visibility_codes(message.instructions),
    )
    return Preview(reading=reading, remarks=remarks, document=content, entry=entry)


def _lines(made: Preview) -> Iterable[str]:
    yield text(en="Segments", fr="Segments")
    for segment in made.reading.segments:
        yield f"  {_sent(segment)}"
    yield text(en="Report", fr="Compte rendu de lecture")
    for one in made.remarks:
        more = f" (x{one.times})" if one.times > 1 else ""
        instead = f" -> {said}" if (said := one.instead(language())) else ""
        yield f"  {_kind(one.kind)}  {one.location}  {one.text(language())}{instead}{more}"
    for fault in made.other_faults:
        yield f"  {_grade(fault)}  {fault.location}  {_text_of(fault)}"
    if made.document is not None and made.entry is not None:
        yield text(en="Document", fr="Document")
        yield made.document.decode()
        yield text(en="Metadata", fr="Métadonnées")
        for name, value in _metadata(made.entry).items():
            yield f"  {name}: {value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)}"
    errors = sum(one.severity == "E" for one in made.reading.faults)
    said = counted(errors, en=("error", "errors"), fr=("erreur", "erreurs"))
    if made.reading.accepted:
        yield text(en="The message would be taken (AA).", fr="Le message serait accepté (AA).")
    else:
        yield text(en=f"The message would be refused (AE): {said}.", fr=f"Le message serait refusé (AE) : {said}.")


def _kind(kind: Kind) -> str:
    words = {
        Kind.ASSUMED: text(en="assumed", fr="supposé"),
        Kind.LEFT_OUT: text(en="left out", fr="omis"),
        Kind.ERROR: text(en="error", fr="erreur"),
    }
    return words[kind]


def _grade(fault: Fault) -> str:
    error = fault.severity is Severity.ERROR
    return text(en="error", fr="erreur") if error else text(en="warning", fr="avertissement")


def _text_of(fault: Fault) -> str:
    """What a fault says: its rule in the language asked for, and what was found."""
    row = rules().get(fault.rule)
    if row is None or language() == "en":
        return fault.text
    told = [f"{word} {value}" for word, value in (("trouvé", fault.found), ("attendu", fault.expected)) if value]
    return f"règle enfreinte : {row.message}" + (f" ({', '.join(told)})" if told else "")


def _sent(segment: Segment) -> str:
    """A segment on one line of a terminal, whatever was sent."""
    fields = segment.fields[:1] + segment.fields[2:] if segment.name == "MSH" else segment.fields
    line = segment.delimiters.field.join(fields)
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _metadata(entry: DocumentEntry) -> dict[str, object]:
    """What is known of the document, by name; what the registry adds is not."""
    return {name: value for name, value in asdict(entry).items() if value not in (None, (), "") and name != "extra"}


def _report(made: Preview) -> dict[str, object]:
    return {
        "accepted": made.reading.accepted,
        "remarks": [
            {
                "rule": one.rule,
                "kind": str(one.kind),
                "location": one.location,
                "text": one.text(language()),
                "instead": one.instead(language()),
                "times": one.times,
            }
            for one in made.remarks
        ],
        "faults": [
            {"severity": one.severity, "location": one.location, "rule": one.rule, "text": _text_of(one)}
            for one in made.other_faults
        ],
    }


def _plain(made: Preview) -> dict[str, object]:
    return {
        "segments": [_sent(one) for one in made.reading.segments],
        **_report(made),
        "document": made.document.decode() if made.document is not None else None,
        "metadata": _metadata(made.entry) if made.entry is not None else None,
    }


def _write(ctx: click.Context, out: Path, made: Preview) -> None:
    """Files of a patient: readable by their owner alone, and nothing that is there is overwritten."""
    files = {"report.json": json.dumps(_report(made), ensure_ascii=False, indent=2).encode()}
    if made.document is not None and made.entry is not None:
        files["document.xml"] = made.document
        files["metadata.json"] = json.dumps(_metadata(made.entry), ensure_ascii=False, indent=2).encode()
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise OSError(0, text(en="not empty", fr="pas vide"))
        for name, content in files.items():
            with os.fdopen(os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
    except OSError as error:
        click.echo(f"{out}: {error.strerror or error}", err=True)
        ctx.exit(UNUSABLE)
