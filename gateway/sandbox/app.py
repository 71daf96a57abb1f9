"""The sandbox: a page and an HTTP interface that judge documents. It holds no record, no key and no database.

Nothing that is sent is kept, unless the sender asks for it. Anybody who reaches the port may ask: it listens on the
machine itself by default.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from flask import Flask, Response, abort, jsonify, request, url_for
from werkzeug.exceptions import HTTPException

from conformance.explaining import UnknownRule, rule, rules
from conformance.judging import ASKED, OF_CDA, Chain, Judge
from conformance.reports.formats import FORMATS, renderer
from conformance.reports.judged import Judged, Options
from gateway.sandbox.asked import TYPES, asked, flag, format_asked, language, language_asked, plain, refuse, wants_page
from gateway.sandbox.kept import Shelf, TooManyKept
from gateway.sandbox.page import page_of
from gateway.sandbox.rules import page_of_no_rule, page_of_rule, page_of_rules
from gateway.sandbox.sent import FIELD_AT_MOST, PARTS_AT_MOST, StrictRequest, read_form, sent
from gateway.wire.faults import Overloaded
from security.errors import ErrorKind, MalformedMessage

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
    app.request_class = StrictRequest
    # One byte more than allowed: a body of unknown length that reaches the bound is else taken for one that ends there.
    app.config.update(
        MAX_CONTENT_LENGTH=sandbox.body + 1, MAX_FORM_PARTS=PARTS_AT_MOST, MAX_FORM_MEMORY_SIZE=FIELD_AT_MOST
    )

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
        answer = plain(error.code or 500, error.description or error.name)
        answer.headers.update(_allowed(error))
        return answer

    @app.errorhandler(MalformedMessage)
    def _bad_body(error: MalformedMessage) -> Response:
        limit = error.kind is ErrorKind.HTTP_LIMIT
        return plain(408 if limit and "too long" in error.text else 413 if limit else 400, error.text)

    @app.errorhandler(Overloaded)
    def _busy(error: Overloaded) -> Response:
        return plain(503, Overloaded.english if language() == "en" else Overloaded.french)

    @app.get("/")
    def _page() -> Response:
        return Response(page_of(language()), mimetype="text/html")

    @app.get("/health/ready")
    def _ready() -> Response:
        return Response("ready\n", mimetype="text/plain")

    @app.get("/profiles")
    def _profiles() -> dict[str, list[str]]:
        return {"profiles": list(ASKED), "formats": list(FORMATS)}

    @app.get("/rules")
    def _rules() -> Response:
        chosen = language()
        if wants_page():
            return Response(page_of_rules(rules(), chosen), mimetype="text/html")
        return jsonify([one.as_data(chosen) for one in rules()])

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


def _explained(identifier: str) -> Response:
    chosen = language()
    try:
        found = rule(identifier)
    except UnknownRule as unknown:
        answer = (
            Response(page_of_no_rule(unknown.near, chosen), mimetype="text/html")
            if wants_page()
            else jsonify({"near": list(unknown.near)})
        )
        answer.status_code = 404
        return answer
    if wants_page():
        return Response(page_of_rule(found, chosen), mimetype="text/html")
    return jsonify(found.as_data(chosen))


def _allowed(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in error.get_headers() if name == "Allow"}


def _verdict(sandbox: Sandbox) -> Response:
    """Judge what was sent: the body itself, or the files of a form, `metadata` being the message they belong to."""
    read_form(sandbox.body)
    judge = _judge(sandbox)
    keep = flag("keep")
    files, metadata = sent(sandbox.body)
    judged: list[Judged] = []
    if metadata is not None:
        name, content = metadata
        message = replace(judge, profile=asked("metadata_profile"), documents=dict(files))
        judged.append(Judged(name, message(content), content))
    judged += [Judged(name, judge(content), content) for name, content in files]
    form = format_asked()
    options = Options(language=language_asked(), source=form == "html")
    response = Response(b"".join(renderer(form)(judged, options)), content_type=TYPES[form])
    response.headers["Ecluse-Verdict"] = _word(judged)
    if keep:
        try:
            name = sandbox.shelf.keep(b"".join(renderer("html")(judged, replace(options, source=True))))
        except TooManyKept:
            refuse(
                507,
                en="no more verdicts are kept for now; judge without keep=1",
                fr="le bac à sable ne garde plus de rapports pour l'instant ; jugez sans keep=1",
            )
        response.headers["Location"] = url_for("_kept", name=name)
    return response


def _judge(sandbox: Sandbox) -> Judge:
    profile = asked("profile")
    if profile is not None and profile not in ASKED:
        known = ", ".join(ASKED)
        refuse(400, en=f"profile is one of {known}", fr=f"profile est parmi {known}")
    wants_pack = flag("pack")
    if wants_pack and sandbox.pack is None:
        refuse(
            400,
            en="no pack is configured: see the setting sandbox.pack",
            fr="aucun paquet n'est configuré : voir le réglage sandbox.pack",
        )
    ours = flag("ours")
    if wants_pack and profile in OF_CDA and not ours:
        refuse(
            400,
            en="profile is of our rules, a pack finds the model by itself: add ours=1, or leave one out",
            fr="profile est de nos règles, un paquet trouve lui-même le modèle : ajoutez ours=1, ou ôtez l'un des deux",
        )
    return Judge(
        profile=profile,
        pack=sandbox.pack if wants_pack else None,
        ours=ours,
        language=language_asked(),
        view=sandbox.today() if flag("summary") else None,
    )


def _word(judged: list[Judged]) -> str:
    if not all(one.usable for one in judged):
        return "unusable"
    return "valid" if all(one.report.valid for one in judged) else "invalid"
