"""Traces as a person reads them, a line or a page, and as a program does, JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape

from conformance.reports.html_style import STYLE
from gateway.simulator.tables import csv_of
from gateway.simulator.trace_book import Proof, ShownTrace
from gateway.simulator.words import ACTORS, ACTS, MODES, OPERATIONS, RULES, Language, in_words
from xds.dmp.columns import NORMAL
from xds.dmp.decision import Rule
from xds.dmp.traces import ActorKind

Proofs = Mapping[str, tuple[Proof, ...]]
"""Events of the audit trail by request_id."""

_OUTCOMES = {"success": ("fait", "done"), "refused": ("refusé", "refused"), "failure": ("échec", "failed")}
_OPERATIONS = {one.value: told for one, told in OPERATIONS.items()} | {str(act): told for act, told in ACTS.items()}
_RULES = {one.value: RULES[one] for one in Rule}
_KINDS = {kind.value: told for kind, told in ACTORS.items()}
_HEADS = {
    "fr": ("Quand", "Quoi", "Qui", "Issue", "Mode et motif", "Documents", "Preuve"),
    "en": ("When", "What", "Who", "Outcome", "Mode and reason", "Documents", "Proof"),
}
_TITLE = ("Ce qui a été fait dans ce dossier", "What was done to this record")


def as_line(trace: ShownTrace, proofs: Proofs, language: Language) -> str:
    """One act on one line: when, what, who, the outcome and its rule, mode and reason, documents, proofs."""
    when, what, who, outcome, reason, documents, proof = _cells(trace, proofs, language)
    parts = [when, f"{what:46}", f"{who:36}", outcome, f"[{reason}]" if reason else "", documents, proof]
    return "  ".join(part for part in parts if part).rstrip()


def as_json(found: Sequence[ShownTrace], proofs: Proofs | None) -> str:
    """One array, an object a trace: every field of `ShownTrace`, and `proof` when proofs are wanted."""
    return json.dumps(_rows(found, proofs), ensure_ascii=False, indent=1)


def as_csv(found: Sequence[ShownTrace], proofs: Proofs | None) -> str:
    """One line a trace, the same names first; documents and proofs of one trace stand between semicolons."""
    names = [*ShownTrace.__dataclass_fields__, *(["proof"] if proofs is not None else [])]
    rows = []
    for trace, row in zip(found, _rows(found, proofs), strict=True):
        flat = {**row, "documents": "; ".join(f"{one.unique_id} {one.title}".rstrip() for one in trace.documents)}
        rows.append({**flat, "proof": _proof(trace, proofs or {})} if proofs is not None else flat)
    return csv_of(names, rows)


def as_html(found: Sequence[ShownTrace], proofs: Proofs | None, language: Language, subject: str) -> str:
    """A page without script; `subject` says whose record it is, and who reads."""
    title = escape(in_words(_TITLE, language))
    heads = _HEADS[language] if proofs is not None else _HEADS[language][:-1]
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    rows = (_cells(one, proofs or {}, language)[: len(heads)] for one in found)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"<p>{escape(subject)}</p>\n"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n</main>\n</body>\n</html>\n"
    )


def _cells(trace: ShownTrace, proofs: Proofs, language: Language) -> tuple[str, ...]:
    known = _OPERATIONS.get(trace.operation)
    return (
        f"{trace.at:%Y-%m-%d %H:%M:%S}",
        f"{trace.operation} {in_words(known, language)}" if known is not None else trace.operation,
        _who(trace, language),
        _outcome(trace, language),
        _reason(trace, language),
        ", ".join(f"« {one.title} »" if one.title else one.unique_id for one in trace.documents),
        _proof(trace, proofs),
    )


def _who(trace: ShownTrace, language: Language) -> str:
    kind = in_words(_KINDS.get(trace.actor_kind, (trace.actor_kind, trace.actor_kind)), language)
    if trace.actor_kind in (ActorKind.PROFESSIONAL, ActorKind.FACILITY):
        named = trace.actor_name or trace.actor_id or kind
        return f"{named} ({trace.actor_structure})" if trace.actor_structure else named
    return f"{kind} ({trace.actor_id})" if trace.actor_kind == ActorKind.SUPPORT and trace.actor_id else kind


def _outcome(trace: ShownTrace, language: Language) -> str:
    word = in_words(_OUTCOMES.get(trace.outcome, (trace.outcome, trace.outcome)), language)
    if trace.outcome == "success":
        return word
    why = in_words(_RULES[trace.rule], language) if trace.rule in _RULES and trace.rule != Rule.GRANTED else ""
    names = ", ".join(name for name in (trace.rule if trace.rule != Rule.GRANTED else "", trace.code) if name)
    colon = {"fr": " : ", "en": ": "}[language]
    return f"{word}{colon if why else ''}{why}{f' ({names})' if names else ''}"


def _reason(trace: ShownTrace, language: Language) -> str:
    mode = "" if trace.mode == NORMAL else in_words(MODES.get(trace.mode, (trace.mode, trace.mode)), language)
    secret = {"fr": "connexion secrète", "en": "secret session"}[language] if trace.secret else ""
    return ", ".join(one for one in (mode, secret, trace.reason) if one)


def _proof(trace: ShownTrace, proofs: Proofs) -> str:
    return "; ".join(f"{one.door}#{one.sequence}" for one in proofs.get(trace.request_id, ()))


def _rows(found: Sequence[ShownTrace], proofs: Proofs | None) -> list[dict[str, object]]:
    rows = []
    for trace in found:
        row = {**asdict(trace), "at": trace.at.isoformat(timespec="seconds")}
        if proofs is not None:
            row["proof"] = [asdict(one) for one in proofs.get(trace.request_id, ())]
        rows.append(row)
    return rows
