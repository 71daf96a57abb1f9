"""The sandbox: a page and an HTTP interface that judge documents. It holds no record, no key and no database.

Nothing that is sent is kept, unless the sender asks for it. Anybody who reaches the port may ask: it listens on the
machine itself by default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus

from flask import Flask, Response, abort, jsonify, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from conformance.explaining import UnknownRule, rule, rules
from conformance.judging import ASKED, Chain, Judge
from conformance.reports.formats import FORMATS, renderer
from conformance.reports.judged import Judged, Language, Options
from gateway.sandbox.kept import Shelf, TooManyKept
from gateway.sandbox.page import page_of
from gateway.sandbox.rules import page_of_no_rule, page_of_rule, page_of_rules
from gateway.wire.faults import Overloaded
from security.errors import ErrorKind, MalformedMessage

FILES_AT_MOST = 200
"""Files of one form."""

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

_FORM = "multipart/form-data"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What the sandbox works with. `hosts` are the names it answers to: no other page borrows its address."""

    shelf: Shelf
    hosts: frozenset[str]
    body: int
    pack: Chain | None = None
    today: Callable[[], date] = date.today


def create_app(sandbox: Sandbox) -> Flask:
    """The WSGI application."""
    app = Flask(__name__, static_folder="static")
    # One byte more than allowed: a body of unknown length that reaches the bound is else taken for one that ends there.
    app.config.update(MAX_CONTENT_LENGTH=sandbox.body + 1, MAX_FORM_PARTS=FILES_AT_MOST + 10)

    @app.before_request
    def _known_host() -> None:
        if "Host" not in request.headers:
            abort(400, "a request names its Host")
        named = request.host.lower()
        if named.rpartition(":")[0].strip("[]") not in sandbox.hosts and named not in sandbox.hosts:
            abort(421)

    @app.before_request
    def _known_page() -> None:
        origin = request.headers.get("Origin")
        if origin is None or request.method in ("GET", "HEAD"):
            return
        named = re.fullmatch(r"https?://(\[[0-9a-f:]+\]|[^\[\]:/@]+)(:[0-9]+)?", origin)
        if named is None or named[1].strip("[]") not in sandbox.hosts:
            abort(403, "a page of another address asks; the names of this one are in the setting sandbox.names")

    @app.after_request
    def _guarded(response: Response) -> Response:
        response.headers.update(_HEADERS)
        return response

    @app.errorhandler(HTTPException)
    def _refused(error: HTTPException) -> Response:
        answer = _plain(error.code or 500, error.description or error.name)
        answer.headers.update(_allowed(error))
        return answer

    @app.errorhandler(MalformedMessage)
    def _bad_body(error: MalformedMessage) -> Response:
        limit = error.kind is ErrorKind.HTTP_LIMIT
        return _plain(408 if limit and "too long" in error.text else 413 if limit else 400, error.text)

    @app.errorhandler(Overloaded)
    def _busy(error: Overloaded) -> Response:
        return _plain(503, Overloaded.english if _language() == "en" else Overloaded.french)

    @app.get("/")
    def _page() -> Response:
        return Response(page_of(_language()), mimetype="text/html")

    @app.get("/health/ready")
    def _ready() -> Response:
        return Response("ready\n", mimetype="text/plain")

    @app.get("/profiles")
    def _profiles() -> dict[str, list[str]]:
        return {"profiles": list(ASKED), "formats": list(FORMATS)}

    @app.get("/rules")
    def _rules() -> Response:
        language = _language()
        if _wants_page():
            return Response(page_of_rules(rules(), language), mimetype="text/html")
        return jsonify([one.as_data(language) for one in rules()])

    @app.get("/rules/<identifier>")
    def _rule(identifier: str) -> Response:
        return _explained(identifier)

    @app.post("/validate")
    def _validate() -> Response:
        return _verdict(sandbox)

    @app.get("/reports/<name>")
    def _kept(name: str) -> Response:
        page = sandbox.shelf.fetch(name)
        if page is None:
            abort(404)
        return Response(page, content_type=TYPES["html"])

    @app.delete("/reports/<name>")
    def _forget(name: str) -> Response:
        if not sandbox.shelf.forget(name):
            abort(404)
        return Response(status=204)

    return app


def _plain(status: int, text: str) -> Response:
    phrase = HTTPStatus(status).phrase
    return Response(f"{status} {phrase}: {text}\n", status=status, mimetype="text/plain")


def _explained(identifier: str) -> Response:
    language = _language()
    try:
        found = rule(identifier)
    except UnknownRule as unknown:
        answer = (
            Response(page_of_no_rule(unknown.near, language), mimetype="text/html")
            if _wants_page()
            else jsonify({"near": list(unknown.near)})
        )
        answer.status_code = 404
        return answer
    if _wants_page():
        return Response(page_of_rule(found, language), mimetype="text/html")
    return jsonify(found.as_data(language))


def _wants_page() -> bool:
    return request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"


def _allowed(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name == "Allow"}


def _verdict(sandbox: Sandbox) -> Response:
    """Judge what was sent: the body itself, or the files of a form, `metadata` being the message they belong to."""
    judge = _judge(sandbox)
    files, metadata = _sent(sandbox.body)
    judged: list[Judged] = []
    if metadata is not None:
        name, content = metadata
        message = replace(judge, profile=_asked("metadata_profile"), documents=dict(files))
        judged.append(Judged(name, message(content), content))
    judged += [Judged(name, judge(content), content) for name, content in files]
    form = _format()
    options = Options(language=_language(), source=form == "html")
    response = Response(b"".join(renderer(form)(judged, options)), content_type=TYPES[form])
    response.headers["Ecluse-Verdict"] = _word(judged)
    if _flag("keep"):
        try:
            name = sandbox.shelf.keep(b"".join(renderer("html")(judged, replace(options, source=True))))
        except TooManyKept:
            abort(507, "no more verdicts are kept for now")
        response.headers["Location"] = url_for("_kept", name=name)
    return response


def _judge(sandbox: Sandbox) -> Judge:
    profile = _asked("profile")
    if profile is not None and profile not in ASKED:
        abort(400, f"profile is one of {', '.join(ASKED)}")
    wants_pack = _flag("pack")
    if wants_pack and sandbox.pack is None:
        abort(400, "no pack is configured: see the setting sandbox.pack")
    return Judge(
        profile=profile,
        pack=sandbox.pack if wants_pack else None,
        ours=_flag("ours"),
        language=_language(),
        view=sandbox.today() if _flag("summary") else None,
    )


def _sent(at_most: int) -> tuple[list[tuple[str, bytes]], tuple[str, bytes] | None]:
    if request.mimetype != _FORM:
        content = request.get_data(cache=False, parse_form_data=False)
        if len(content) > at_most:
            abort(413)
        return [(request.args.get("name") or "document.xml", content)], None
    files = [_read(one) for one in request.files.getlist("file")]
    metadata = request.files.get("metadata")
    if not files and metadata is None:
        abort(400, "the form has no field named file")
    return files, None if metadata is None or not metadata.filename else _read(metadata)


def _read(sent: FileStorage) -> tuple[str, bytes]:
    return sent.filename or "document.xml", sent.read()


def _format() -> str:
    asked = _asked("format")
    if asked is not None:
        if asked not in FORMATS:
            abort(400, f"format is one of {', '.join(FORMATS)}")
        return asked
    by_type: dict[str, str] = {}
    for name, value in TYPES.items():
        by_type.setdefault(value.partition(";")[0], name)
    best = request.accept_mimetypes.best_match(by_type, default="application/json")
    return by_type[best]


def _language() -> Language:
    asked = _asked("lang") or request.accept_languages.best_match(("fr", "en"), default="fr")
    return "en" if asked == "en" else "fr"


def _asked(name: str) -> str | None:
    """A parameter of the address or, of a form with files, a field; None when it is empty."""
    form = request.form.get(name) if request.mimetype == _FORM else None
    return request.args.get(name) or form or None


def _flag(name: str) -> bool:
    return (_asked(name) or "").lower() in ("1", "true", "yes", "on")


def _word(judged: list[Judged]) -> str:
    if not all(one.usable for one in judged):
        return "unusable"
    return "valid" if all(one.report.valid for one in judged) else "invalid"
