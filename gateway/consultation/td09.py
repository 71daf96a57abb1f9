"""TD0.9 on the wire: GET `/AccesDirect/<page>` and `/AccesDirect/<page>/<INS>`, in a browser that shows a card."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from flask import Flask, Response, render_template_string, request

from gateway.consultation.web_link import Visitor, WrongLink
from gateway.database.errors import DatabaseUnavailable
from gateway.doorkeeper import Doorkeeper
from security.audit.event import Outcome
from security.audit.trail import AuditUnavailable
from security.errors import SecurityError
from xds.errors import Refusal, XdsErrorCode

PATH: Final = "/AccesDirect"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGE: Final = """<!doctype html>
<html lang="{{ language }}"><head><meta charset="utf-8"><title>Écluse</title></head>
<body><h1>{{ title }}</h1><p>{{ text }}</p>
{% if facts %}<dl>{% for name, value in facts.items() %}<dt>{{ name }}</dt><dd>{{ value }}</dd>{% endfor %}</dl>
{% endif %}</body></html>
"""
_RIGHT: Final = {"fr": "Bac à sable : ce lien est juste", "en": "Sandbox: this link is right"}
_WRONG: Final = {"fr": "Ce lien n'ouvre rien", "en": "This link opens nothing"}
_SITE: Final = {
    "fr": "Le site des professionnels n'est pas ici. Il ouvrirait cette page, dans ce contexte.",
    "en": "The web site of professionals is not here. It would open this page, in this context.",
}

Follow = Callable[[str, str, Visitor], Mapping[str, str]]


def add(app: Flask, keeper: Doorkeeper, follow: Follow) -> Flask:
    """Let the consultation door answer links. The log names no page: a link names a patient."""

    @app.get(f"{PATH}/<page>")
    @app.get(f"{PATH}/<page>/<number>")
    def link(page: str, number: str = "") -> Response:
        request.environ["ecluse.route"] = f"GET {PATH}"
        language = request.accept_languages.best_match(("fr", "en")) or "fr"
        try:
            facts = follow(page, number, _visitor(keeper))
        except WrongLink as wrong:
            return _page(language, wrong.status, _WRONG[language], f"{wrong.code}: {wrong.text}")
        except SecurityError as error:
            return _page(language, 403, _WRONG[language], error.code)
        except (DatabaseUnavailable, AuditUnavailable, Refusal):
            return _page(language, 503, _WRONG[language], XdsErrorCode.REGISTRY_NOT_AVAILABLE)
        return _page(language, 200, _RIGHT[language], _SITE[language], facts)

    return app


def _visitor(keeper: Doorkeeper) -> Visitor:
    """Who shows a card. Raises SecurityError, which is written down: nobody whom this door admits."""
    request_id, now = request.environ.get("ecluse.request_id") or str(uuid.uuid4()), datetime.now(UTC)
    shown: bytes | None = request.environ.get("ecluse.client_certificate")
    try:
        return Visitor(keeper.gate.admit_certificate(shown, now), request_id, now)
    except SecurityError as error:
        fingerprint = hashlib.sha256(shown or b"").hexdigest()
        event = keeper.witness.event(
            "TD0.9", Outcome.REFUSED, request_id=request_id, now=now, fingerprint=fingerprint, code=error.code
        )
        keeper.audit.append(event)
        raise


def _page(language: str, status: int, title: str, text: str, facts: Mapping[str, str] | None = None) -> Response:
    body = render_template_string(_PAGE, language=language, title=title, text=text, facts=facts or {})
    return Response(body, status, headers=_HEADERS, mimetype="text/html")
