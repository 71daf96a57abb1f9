"""`ecluse traces`: what was done to a record, for whoever may read it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import click

from conformance.reports.html_style import STYLE
from gateway.administration.office import RecordsError
from gateway.cli.administration import Administration, house_options
from gateway.cli.record_house import in_utc, oid_option, record_house
from gateway.cli.speech import counted, language, text
from gateway.cli.why import patient_id
from gateway.cli.why_people import NobodyError, Person, person
from gateway.settings import law_parameters
from gateway.simulator.trace_book import Proof, ShownTrace, TraceBook, medecin_traitant_of
from gateway.simulator.words import OPERATIONS, in_words
from xds.dmp.operations import Operation
from xds.errors import XdsErrorCode

MT = "MT"
Proofs = Mapping[str, tuple[Proof, ...]]
_OUTCOMES = {"success": ("fait", "done"), "refused": ("refusé", "refused"), "failure": ("échec", "failed")}


@click.command(short_help="What was done to a record, for whoever may read it.")
@click.argument("patient")
@click.option("--as", "who", default="patient", show_default=True, help="patient, RL, MT, an actor, or a PS_IdNat.")
@click.option("--emergency", is_flag=True, help="Accesses in an emergency only, with their reasons.")
@click.option("--since", type=click.DateTime(), help="An instant of the law's clock, UTC.")
@click.option(
    "--last", "most", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many."
)
@click.option("--proof", is_flag=True, help="Name the events of the audit trail that prove each.")
@click.option("--json", "form", flag_value="json", help="One JSON array.")
@click.option("--csv", "form", flag_value="csv", help="One line a trace.")
@click.option("--html", "form", flag_value="html", help="A page, printed.")
@oid_option
@house_options
def traces(
    patient: str,
    who: str,
    since: datetime | None,
    most: int,
    form: str | None,
    oid: str,
    *,
    emergency: bool,
    proof: bool,
    file: Path | None,
    data: str | None,
) -> None:
    """Show the traces of the record of PATIENT, an INS or a patient of the test world, newest first.

    The patient and his médecin traitant read all, a professional his own, who represents a minor all but those of
    secret sessions. A document is named by its title only to those who may see it.
    """
    with record_house(file, data) as house:
        cx = patient_id(patient, oid)
        reader = _reader(house, cx, who)
        now = datetime.now(UTC)
        try:
            book = TraceBook(house.connection, cx, reader.requester, law_parameters(house.settings), now)
        except LookupError as error:
            raise RecordsError(str(error), XdsErrorCode.UNKNOWN_PATIENT_ID) from None
        found = list(book.read(since=in_utc(since), emergency=emergency, most=most))
        proofs = book.proofs(found) if proof else {}
    if form is None:
        for trace in found:
            click.echo(_line(trace, proofs))
        click.echo(counted(len(found), en=("trace.", "traces."), fr=("trace.", "traces.")))
        return
    click.echo({"json": _json, "csv": _csv, "html": _html}[form](found, proofs if proof else None).rstrip())


def _reader(house: Administration, cx: str, who: str) -> Person:
    if who == MT:
        found = medecin_traitant_of(house.connection, cx)
        if found is None:
            raise RecordsError(
                text(en="this record has no médecin traitant", fr="ce dossier n'a pas de médecin traitant")
            )
        who = found
    try:
        return person(who)
    except NobodyError as error:
        raise click.UsageError(str(error)) from None


def _what(trace: ShownTrace) -> str:
    known = next((one for one in Operation if one.value == trace.operation), None)
    return f"{trace.operation} {in_words(OPERATIONS[known], language())}" if known is not None else trace.operation


def _who(trace: ShownTrace) -> str:
    named = trace.actor_name or trace.actor_id or trace.actor_kind
    return f"{named} ({trace.actor_structure})" if trace.actor_structure else named


def _outcome(trace: ShownTrace) -> str:
    word = in_words(_OUTCOMES.get(trace.outcome, (trace.outcome, trace.outcome)), language())
    return f"{word} {trace.code} {trace.rule}".rstrip() if trace.outcome != "success" else word


def _line(trace: ShownTrace, proofs: Proofs) -> str:
    parts = [f"{trace.at:%Y-%m-%d %H:%M:%S}", f"{_what(trace):42}", f"{_who(trace):34}", _outcome(trace)]
    if trace.mode != "normal" or trace.reason:
        parts.append(f"[{trace.mode}{': ' + trace.reason if trace.reason else ''}]")
    parts += [f"« {one.title} »" if one.title else one.unique_id for one in trace.documents]
    parts += [f"{one.door}#{one.sequence}" for one in proofs.get(trace.request_id, ())]
    return "  ".join(parts)


def _rows(found: Sequence[ShownTrace], proofs: Proofs | None) -> list[dict[str, object]]:
    rows = []
    for trace in found:
        row = {**asdict(trace), "at": trace.at.isoformat(timespec="seconds")}
        if proofs is not None:
            row["proof"] = [asdict(one) for one in proofs.get(trace.request_id, ())]
        rows.append(row)
    return rows


def _json(found: Sequence[ShownTrace], proofs: Proofs | None) -> str:
    return json.dumps(_rows(found, proofs), ensure_ascii=False, indent=1)


def _csv(found: Sequence[ShownTrace], proofs: Proofs | None) -> str:
    out = io.StringIO()
    names = [*ShownTrace.__dataclass_fields__, *(["proof"] if proofs is not None else [])]
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    for trace, row in zip(found, _rows(found, proofs), strict=True):
        row["documents"] = "; ".join(f"{one.unique_id} {one.title}".rstrip() for one in trace.documents)
        if proofs is not None:
            row["proof"] = "; ".join(f"{one.door}#{one.sequence}" for one in proofs.get(trace.request_id, ()))
        writer.writerow({name: _tame(str(value)) for name, value in row.items()})
    return out.getvalue()


def _tame(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: reasons are what somebody typed."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell


def _html(found: Sequence[ShownTrace], proofs: Proofs | None) -> str:
    title = text(en="What was done to this record", fr="Ce qui a été fait dans ce dossier")
    heads = text(
        en="When|What|Who|Outcome|Mode and reason|Documents", fr="Quand|Quoi|Qui|Issue|Mode et motif|Documents"
    )
    cells = [
        [
            f"{trace.at:%Y-%m-%d %H:%M:%S}",
            _what(trace),
            _who(trace),
            _outcome(trace),
            f"{trace.mode} {trace.reason}".rstrip(),
            ", ".join(one.title or one.unique_id for one in trace.documents),
            *(
                [", ".join(f"{one.door}#{one.sequence}" for one in proofs.get(trace.request_id, ()))]
                if proofs is not None
                else []
            ),
        ]
        for trace in found
    ]
    proof = [text(en="Proof", fr="Preuve")] if proofs is not None else []
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in [*heads.split("|"), *proof])
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in cells)
    return (
        f'<!DOCTYPE html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{escape(title)}</h1>\n"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n</main>\n</body>\n</html>\n"
    )
