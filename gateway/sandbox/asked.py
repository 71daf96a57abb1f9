"""What a request asks for, by its address or by the fields of a form with files; its language, its format."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

from flask import Response, abort, request

from conformance.reports.formats import FORMATS
from conformance.reports.judged import Language

FORM = "multipart/form-data"
TYPES: Mapping[str, str] = {
    "json": "application/json",
    "svrl": "application/xml",
    "sarif": "application/sarif+json",
    "junit": "application/xml",
    "html": "text/html; charset=utf-8",
    "text": "text/plain; charset=utf-8",
    "patch": "text/x-diff; charset=utf-8",
}
"""The media type of each format; `Accept` chooses by it where `format` does not."""

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})


def asked(name: str) -> str | None:
    """A parameter of the address or, of a form with files, a field; None when it is empty."""
    form = request.form.get(name) if request.mimetype == FORM else None
    return request.args.get(name) or form or None


def flag(name: str) -> bool:
    """Whether a parameter says yes. Anything but yes and no is refused: `pack=NAME` would be judged without a pack."""
    word = (asked(name) or "").strip().lower()
    if word not in _YES and word not in _NO:
        refuse(400, en=f"{name} is 1 or 0", fr=f"{name} vaut 1 ou 0")
    return word in _YES


def format_asked() -> str:
    """The format of the answer."""
    named = asked("format")
    if named is not None:
        if named not in FORMATS:
            known = ", ".join(FORMATS)
            refuse(400, en=f"format is one of {known}", fr=f"format est parmi {known}")
        return named
    by_type: dict[str, str] = {}
    for name, value in TYPES.items():
        by_type.setdefault(value.partition(";")[0], name)
    best = request.accept_mimetypes.best_match(by_type, default="application/json")
    return by_type[best]


def language() -> Language:
    """French or English, by the address alone and the browser: a form that cannot be read is refused in it too."""
    named = request.args.get("lang") or request.accept_languages.best_match(("fr", "en"), default="fr")
    return "en" if named == "en" else "fr"


def language_asked() -> Language:
    """The same, a field of the form counting too."""
    named = asked("lang")
    return language() if named is None else "en" if named == "en" else "fr"


def wants_page() -> bool:
    """Whether a browser asks, not a program."""
    return request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"


def refuse(status: int, *, en: str, fr: str) -> NoReturn:
    """End the request with a status and a line that says why."""
    abort(plain(status, en if language() == "en" else fr))


def plain(status: int, text: str) -> Response:
    """A refusal in one line."""
    phrase = HTTPStatus(status).phrase
    return Response(f"{status} {phrase}: {text}\n", status=status, mimetype="text/plain")
