"""The rules as pages: what each asks, where it comes from, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import quote

from conformance.explained import Explained
from conformance.reports.judged import Language
from conformance.reports.wording import word

_WORDS: Mapping[str, Mapping[str, str]] = {
    "fr": {
        "title": "Les règles",
        "back": "Toutes les règles",
        "home": "Valider des documents",
        "severity": "gravité",
        "layer": "couche",
        "source": "source",
        "profiles": "profils",
        "context": "contexte",
        "holds": "tient si",
        "fails": "échoue si",
        "expected": "attendu",
        "repair": "réparation certaine",
        "twin": "un document qui l'enfreint",
        "unknown": "Aucune règle ne s'appelle ainsi.",
        "near": "Proches :",
    },
    "en": {
        "title": "The rules",
        "back": "All rules",
        "home": "Validate documents",
        "severity": "severity",
        "layer": "layer",
        "source": "source",
        "profiles": "profiles",
        "context": "context",
        "holds": "holds when",
        "fails": "fails when",
        "expected": "expected",
        "repair": "certain repair",
        "twin": "a document that breaks it",
        "unknown": "No rule has that name.",
        "near": "Near:",
    },
}


def page_of_rules(rules: Iterable[Explained], language: Language) -> str:
    """Every rule with its message."""
    words = _WORDS[language]
    rows = "".join(
        f'<tr id="{escape(one.id)}"><th>{_link(one.id, language)}</th>'
        f'<td class="{one.severity}">{word(str(one.severity), language)}</td>'
        f"<td>{escape(one.text(language))}</td></tr>\n"
        for one in rules
    )
    return _page(words["title"], f"<h1>{words['title']}</h1><table>{rows}</table>", language)


def page_of_rule(one: Explained, language: Language) -> str:
    """One rule."""
    words = _WORDS[language]
    facts = [
        (words["severity"], word(str(one.severity), language)),
        (words["layer"], one.layer),
        (words["source"], one.source),
        (words["profiles"], ", ".join(one.profiles)),
    ]
    for condition in one.conditions:
        facts += [
            (words["context"], condition.context),
            (words["fails" if condition.fails_when else "holds"], condition.test),
        ]
    facts += [
        (words["expected"], one.expected or ""),
        (words["repair"], one.repair or ""),
        (words["twin"], one.twin or ""),
    ]
    rows = "".join(f"<tr><th>{name}</th><td><code>{escape(said)}</code></td></tr>\n" for name, said in facts if said)
    hint = f"<p>→ {escape(one.advice(language))}</p>" if one.advice(language) else ""
    body = (
        f"<h1>{escape(one.id)}</h1><p>{escape(one.text(language))}</p>{hint}<table>{rows}</table>"
        f'<p><a href="/rules?lang={language}">{words["back"]}</a></p>'
    )
    return _page(one.id, body, language)


def page_of_no_rule(near: Iterable[str], language: Language) -> str:
    """No rule of that name, and those that look like it."""
    words = _WORDS[language]
    links = ", ".join(_link(one, language) for one in near)
    body = f"<h1>{words['unknown']}</h1>" + (f"<p>{words['near']} {links}</p>" if links else "")
    return _page(words["unknown"], f'{body}<p><a href="/rules?lang={language}">{words["back"]}</a></p>', language)


def _link(identifier: str, language: Language) -> str:
    return f'<a href="/rules/{quote(identifier, safe="")}?lang={language}">{escape(identifier)}</a>'


def _page(title: str, body: str, language: Language) -> str:
    home = f'<p><a href="/?lang={language}">{_WORDS[language]["home"]}</a></p>'
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/page.css">
</head>
<body><main>{home}{body}</main></body>
</html>
"""
