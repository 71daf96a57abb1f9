"""The page of the simulator: a form and the answer, in both languages, without script. Every value is escaped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib.resources import files
from itertools import groupby
from operator import attrgetter

from jinja2 import DictLoader, Environment, StrictUndefined

from gateway.simulator.answering import Answer
from gateway.simulator.supposing import VALUES
from gateway.simulator.tables import VERDICTS, assumed_in_words, rows_of, tally_of
from gateway.simulator.words import MODES, Language, in_words

Choice = tuple[str, str]
"""A value of the form and what a person reads."""

_WORDS: Mapping[Language, Mapping[str, str]] = {
    "fr": {
        "title": "Écluse : qui voit quoi, et pourquoi",
        "sandbox": "Bac à sable : jamais de vrai patient ici. Cette page lit le dossier et n'y écrit rien.",
        "other": "In English",
        "patient": "Patient",
        "ins": "ou un INS",
        "person": "Qui",
        "id": "ou un PS_IdNat",
        "mode": "Mode",
        "reason": "Motif",
        "at": "Date de la loi (UTC)",
        "secret": "connexion secrète d'un mineur",
        "whose": "Dans quel dossier",
        "looks": "Qui regarde, et comment",
        "tally": "{documents} documents : {read} lus, {listed} listés sans être lus, {hidden} absents.",
        "suppose": "Et si…",
        "asis": "tel quel",
        "ask": "Demander",
        "documents": "Les documents, espace par espace",
        "operations": "Les opérations",
        "none": "Aucun document dans ce dossier.",
        "record": "dossier",
        "authorisation": "autorisation",
        "time": "horloge de la loi",
        "assumed": "Repose sur des règles non vérifiées :",
        "columns": "Document|Type|Visibilité|Statut|Verdict|Règle|Peut aussi",
        "columns_of_operations": "Opération|Verdict|Règle",
        "table": "Télécharger le tableau (CSV)",
        "cases": "Télécharger les cas de test (CSV)",
        "elsewhere": "Autre pièce",
    },
    "en": {
        "title": "Écluse: who sees what, and why",
        "sandbox": "Sandbox: never a real patient in here. This page reads the record and writes nothing.",
        "other": "En français",
        "patient": "Patient",
        "ins": "or an INS",
        "person": "Who",
        "id": "or a PS_IdNat",
        "mode": "Mode",
        "reason": "Reason",
        "at": "Law's clock (UTC)",
        "secret": "secret session of a minor",
        "whose": "Whose record",
        "looks": "Who looks, and how",
        "tally": "{documents} documents: {read} read, {listed} listed and not read, {hidden} absent.",
        "suppose": "What if…",
        "asis": "as it is",
        "ask": "Ask",
        "documents": "The documents, space by space",
        "operations": "The operations",
        "none": "No document in this record.",
        "record": "record",
        "authorisation": "authorisation",
        "time": "law's clock",
        "assumed": "Rests on unverified rules:",
        "columns": "Document|Type|Visibility|Status|Verdict|Rule|May also",
        "columns_of_operations": "Operation|Verdict|Rule",
        "table": "Download the table (CSV)",
        "cases": "Download the test cases (CSV)",
        "elsewhere": "Other",
    },
}
_PAGE = """<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ say.title }}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
</head>
<body>
<main>
<p class="sandbox">{{ say.sandbox }} <a href="?{{ other }}">{{ say.other }}</a></p>
<h1>{{ say.title }}</h1>
<form method="get" class="question">
<input type="hidden" name="lang" value="{{ language }}">
<fieldset><legend>{{ say.whose }}</legend>
{{ choice("patient", say.patient, patients) }} {{ text("ins", say.ins) }} {{ text("at", say.at, "datetime-local") }}
</fieldset>
<fieldset><legend>{{ say.looks }}</legend>
{{ choice("as", say.person, people) }} {{ text("id", say.id) }} {{ choice("mode", say.mode, modes) }}
{{ text("reason", say.reason) }}
<label class="tick"><input type="checkbox" name="secret" value="yes"{% if asked.secret %} checked{% endif %}>
{{ say.secret }}</label>
</fieldset>
<details{% if supposed %} open{% endif %}><summary>{{ say.suppose }}</summary>
<fieldset>{% for name, values in suppositions %}{{ choice("suppose." ~ name, name, values) }} {% endfor %}</fieldset>
</details>
<button>{{ say.ask }}</button>
</form>
{% if fault %}<p class="error" role="alert">{{ fault }}</p>{% endif %}
{% if answer %}
<h2>{{ answer.question.patient }} · {{ answer.question.person }} · {{ answer.question.requester.purpose }}</h2>
<p>{{ say.record }} {{ answer.record }}, {{ say.authorisation }} {{ answer.authorisation }}
{%- if answer.medecin_traitant %} (MT){% endif %}, {{ say.time }} {{ law_time }}</p>
{% if assumed %}<p class="warning">{{ say.assumed }} {{ assumed }}</p>{% endif %}
<p class="tools"><a href="table.csv?{{ query }}">{{ say.table }}</a>
<a href="cases.csv?{{ query }}">{{ say.cases }}</a></p>
<h2>{{ say.documents }}</h2>
{% if spaces %}
<p class="tally">{{ tally }}</p>
<table class="answer"><thead><tr>{{ heads(say.columns) }}</tr></thead>
{% for space, rows in spaces %}
<tbody><tr><th class="space" scope="rowgroup" colspan="7">{{ space or say.elsewhere }}</th></tr>
{% for row in rows %}<tr data-document="{{ row.id }}"><td>{{ row.label }}<br><code class="dim">{{ row.id }}</code></td>
<td class="code">{{ row.type }}</td><td>{{ row.visibility }}</td><td>{{ row.status }}</td>
<td class="{{ marks[row.verdict] }} verdict">{{ verdicts[row.verdict] }}</td>
<td>{{ rule(row) }}</td><td>{{ row.changes if row.verdict != "hidden" }}</td></tr>
{% endfor %}</tbody>{% endfor %}</table>
{% else %}<p>{{ say.none }}</p>{% endif %}
<h2>{{ say.operations }}</h2>
<table class="answer"><thead><tr>{{ heads(say.columns_of_operations) }}</tr></thead><tbody>
{% for row in operations %}<tr><td><code>{{ row.id }}</code> {{ row.label }}</td>
<td class="{{ marks[row.verdict] }} verdict">{{ verdicts[row.verdict] }}</td>
<td>{{ rule(row) }}</td></tr>
{% endfor %}</tbody></table>
{% endif %}
</main>
</body>
</html>
"""
_FIELDS = """
{% macro choice(name, label, values) %}<label>{{ label }} <select name="{{ name }}">
{% for value, told in values %}<option value="{{ value }}"{% if asked[name] == value %} selected{% endif %}>
{{- told }}</option>
{% endfor %}</select></label>{% endmacro %}
{% macro text(name, label, kind="text") %}<label>{{ label }}
<input name="{{ name }}" type="{{ kind }}" value="{{ asked[name] }}" maxlength="200" autocomplete="off">
</label>{% endmacro %}
{% macro heads(names) %}{% for one in names.split("|") %}<th scope="col">{{ one }}</th>{% endfor %}{% endmacro %}
{% macro rule(row) %}{% if row.rule != "GRANTED" %}{{ row.why }}<br><code class="dim">{{ row.rule }}</code>{% endif %}
{%- endmacro %}
"""
_ASKED = ("patient", "ins", "at", "as", "id", "mode", "reason", "secret")
_MARKS = {"allowed": "valid", "read": "valid", "listed": "warning", "refused": "error", "hidden": "error"}
_templates = Environment(loader=DictLoader({"page": _FIELDS + _PAGE}), autoescape=True, undefined=StrictUndefined)


def page_of(
    language: Language,
    *,
    asked: Mapping[str, str],
    patients: Sequence[Choice],
    people: Sequence[Choice],
    modes: Sequence[str],
    answer: Answer | None,
    fault: str,
    queries: tuple[str, str],
) -> str:
    """The whole page. `asked` are the fields as sent; `queries` ask them again, here and in the other language."""
    say = _WORDS[language]
    rows = list(rows_of(answer, language)) if answer is not None else []
    documents = [row for row in rows if row.kind == "document"]
    names = tuple(f"suppose.{name}" for name in VALUES)
    return _templates.get_template("page").render(
        language=language,
        say=say,
        asked={name: asked.get(name, "") for name in (*_ASKED, *names)},
        patients=patients,
        people=people,
        modes=[(mode, in_words(MODES[mode], language)) for mode in modes],
        supposed=any(asked.get(name) for name in names),
        suppositions=[(name, _supposed(values, say["asis"])) for name, values in VALUES.items()],
        answer=answer,
        law_time=f"{answer.law_time:%Y-%m-%d %H:%M} UTC" if answer is not None else "",
        assumed="; ".join(assumed_in_words(answer, language)) if answer is not None else "",
        tally=say["tally"].format(documents=len(documents), **tally_of(documents)),
        spaces=[(space, list(found)) for space, found in groupby(documents, key=attrgetter("space"))],
        operations=[row for row in rows if row.kind == "operation"],
        verdicts={verdict: in_words(pair, language) for verdict, pair in VERDICTS.items()},
        marks=_MARKS,
        fault=fault,
        query=queries[0],
        other=queries[1],
    )


def style() -> bytes:
    """The style, that of the sandbox, and what this page adds to it."""
    own = files("gateway.simulator").joinpath("page.css").read_bytes()
    return files("gateway.sandbox").joinpath("static/page.css").read_bytes() + own


def _supposed(values: Collection[str], as_it_is: str) -> list[Choice]:
    return [("", as_it_is), *((value, value) for value in values)]
