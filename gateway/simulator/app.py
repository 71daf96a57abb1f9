"""The simulator in a browser: plain HTTP on the loopback, no cookie, a random token in the path, nothing written.

The token is what keeps out the other accounts of the machine; the name in Host, other pages of the browser.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

import psycopg
from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException

from gateway.simulator.answering import Answer
from gateway.simulator.cases import cases_as, cases_of
from gateway.simulator.page import Choice, page_of, style
from gateway.simulator.tables import as_csv
from gateway.simulator.words import Language
from xds.dmp.columns import BREAK_GLASS, NORMAL, REGULATION
from xds.errors import Refusal

MODES = (NORMAL, BREAK_GLASS, REGULATION)
LONGEST_FIELD = 200
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class AskedWrongly(ValueError):
    """The form cannot be answered; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The form as it was sent: `patient` and `person` as people call them, `suppositions` as `masked=permit`.

    `moment` is an instant of the law's clock, ISO 8601, UTC where it has no zone; empty: now.
    """

    patient: str
    person: str
    mode: str
    reason: str
    moment: str
    secret: bool
    suppositions: tuple[str, ...]


class Oracle(Protocol):
    """Answers the form from the house. Raises AskedWrongly, Refusal, psycopg.Error."""

    def __call__(self, wanted: Wanted, language: Language) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """What the page works with. `hosts` are the names it answers to; the choices come by language."""

    token: str
    hosts: frozenset[str]
    oracle: Oracle
    patients: Callable[[Language], Sequence[Choice]]
    people: Callable[[Language], Sequence[Choice]]


def create_app(simulator: Simulator) -> Flask:
    """The WSGI application."""
    app = Flask(__name__, static_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=0)

    @app.before_request
    def _known() -> None:
        named = request.headers.get("Host", "").lower()
        if named.rpartition(":")[0].strip("[]") not in simulator.hosts and named not in simulator.hosts:
            abort(421)
        token = request.path.lstrip("/").partition("/")[0]
        if not hmac.compare_digest(token.encode(), simulator.token.encode()):
            abort(404)

    @app.after_request
    def _guarded(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @app.errorhandler(HTTPException)
    def _refused(error: HTTPException) -> Response:
        return Response(f"{error.code} {error.name}\n", status=error.code, mimetype="text/plain")

    @app.get(f"/{simulator.token}/")
    def _page() -> Response:
        found, fault, status = _asked(simulator)
        language = _language()
        page = page_of(
            language,
            asked=_fields(),
            patients=simulator.patients(language),
            people=simulator.people(language),
            modes=MODES,
            answer=found,
            fault=fault,
            queries=(_query(language), _query("en" if language == "fr" else "fr")),
        )
        return Response(page, status=status, mimetype="text/html")

    @app.get(f"/{simulator.token}/page.css")
    def _style() -> Response:
        return Response(style(), mimetype="text/css")

    @app.get(f"/{simulator.token}/table.csv")
    def _table() -> Response:
        return _download(simulator, "table.csv", lambda found: as_csv(found, _language()))

    @app.get(f"/{simulator.token}/cases.csv")
    def _cases() -> Response:
        return _download(simulator, "cases.csv", lambda found: cases_as("csv", cases_of(found, _language())))

    return app


def _download(simulator: Simulator, name: str, write: Callable[[Answer], str]) -> Response:
    found, fault, status = _asked(simulator)
    if found is None:
        return Response(f"{fault}\n", status=400 if status == 200 else status, mimetype="text/plain")
    response = Response(write(found), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(simulator: Simulator) -> tuple[Answer | None, str, int]:
    """The answer, or what is wrong with the form, and the status; nothing when nothing was asked."""
    fields = _fields()
    wanted = Wanted(
        patient=fields.get("ins") or fields.get("patient", ""),
        person=fields.get("id") or fields.get("as", ""),
        mode=fields.get("mode", NORMAL),
        reason=fields.get("reason", ""),
        moment=fields.get("at", ""),
        secret="secret" in fields,
        suppositions=tuple(
            f"{name.removeprefix('suppose.')}={value}" for name, value in fields.items() if name.startswith("suppose.")
        ),
    )
    if not wanted.patient and not wanted.person:
        return None, "", 200
    try:
        if wanted.mode not in MODES:
            raise AskedWrongly(f"mode: {', '.join(MODES)}")
        return simulator.oracle(wanted, _language()), "", 200
    except AskedWrongly as error:
        return None, str(error), 400
    except (Refusal, psycopg.Error):
        busy = {"fr": "la base ne répond pas", "en": "the database does not answer"}
        return None, busy[_language()], 503


def _fields() -> dict[str, str]:
    """What was filled in, cut to a length that makes sense."""
    return {name: value.strip()[:LONGEST_FIELD] for name, value in request.args.items() if value.strip()}


def _query(language: Language) -> str:
    return urlencode({**_fields(), "lang": language})


def _language() -> Language:
    named = request.args.get("lang") or request.accept_languages.best_match(("fr", "en"), default="fr")
    return "en" if named == "en" else "fr"
