"""The page of the sandbox in both languages: its words; its behaviour is in `static/page.js`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape

from conformance.catalogue import FHIR_PROFILES, HL7V2_PROFILES, METADATA_PROFILES, PROFILES

_WORDS: Mapping[str, Mapping[str, str]] = {
    "fr": {
        "title": "Écluse : valider des documents",
        "lead": "Documents CDA, métadonnées XDS, messages HL7 v2, ressources FHIR, supports XDM : le verdict "
        "de la chaîne, et où est chaque faute.",
        "sandbox": "Bac à sable : jamais de vrai patient ici. Rien n'est conservé, sauf si vous le demandez.",
        "drop": "Déposez des fichiers ici, ou choisissez-les",
        "profile": "Profil",
        "auto": "d'après le document",
        "send": "Valider",
        "other": "In English",
        "valid": "valide",
        "invalid": "non valide",
        "unusable": "inutilisable",
        "error": "erreur",
        "warning": "avertissement",
        "info": "conseil",
        "errors": "erreurs",
        "warnings": "avertissements",
        "infos": "conseils",
        "found": "trouvé",
        "expected": "attendu",
        "absent": "rien",
        "nothing": "rien",
        "findings": "Ce qui a été trouvé",
        "source": "Le document",
        "whole": "Montrer tout le document",
        "summary": "La synthèse, rubrique par rubrique",
        "present": "présente",
        "absent_heading": "absente",
        "empty": "dite vide",
        "unknown": "dite sans information",
        "layers": "Ce qui a été vérifié",
        "not_asked": "non vérifié",
        "repair": "Télécharger le document réparé",
        "repaired": "réparation certaine",
        "report": "Rapport HTML",
        "keep": "Garder ce rapport",
        "kept": "Rapport gardé quelques jours, pour qui connaît cette adresse :",
        "forget": "L'effacer",
        "forgotten": "Rapport effacé.",
        "failed": "Le serveur n'a pas répondu comme attendu :",
        "working": "Validation…",
        "line": "ligne",
        "rules": "Les règles",
    },
    "en": {
        "title": "Écluse: validate documents",
        "lead": "CDA documents, XDS metadata, messages of HL7 v2, resources of FHIR, media (XDM): the verdict of the "
        "chain, and where each fault is.",
        "sandbox": "Sandbox: never a real patient in here. Nothing is kept, unless you ask for it.",
        "drop": "Drop files here, or choose them",
        "profile": "Profile",
        "auto": "as the document says",
        "send": "Validate",
        "other": "En français",
        "valid": "valid",
        "invalid": "invalid",
        "unusable": "unusable",
        "error": "error",
        "warning": "warning",
        "info": "advice",
        "errors": "errors",
        "warnings": "warnings",
        "infos": "advice",
        "found": "found",
        "expected": "expected",
        "absent": "nothing",
        "nothing": "nothing",
        "findings": "What was found",
        "source": "The document",
        "whole": "Show the whole document",
        "summary": "The summary, heading by heading",
        "present": "present",
        "absent_heading": "absent",
        "empty": "said to be empty",
        "unknown": "said to be unknown",
        "layers": "What was checked",
        "not_asked": "not checked",
        "repair": "Download the repaired document",
        "repaired": "certain repair",
        "report": "HTML report",
        "keep": "Keep this report",
        "kept": "Report kept for some days, for whoever knows this address:",
        "forget": "Erase it",
        "forgotten": "Report erased.",
        "failed": "The server did not answer as expected:",
        "working": "Validating…",
        "line": "line",
        "rules": "The rules",
    },
}
_OTHER = {"fr": "en", "en": "fr"}


def page_of(language: str) -> str:
    """The whole page. It works without script too: the form then answers with the HTML report."""
    words = _WORDS[language]
    say = {name: escape(text) for name, text in words.items()}
    other = _OTHER[language]
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{say["title"]}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/page.css">
<script src="/static/page.js" defer></script>
</head>
<body data-words="{escape(json.dumps(words))}" data-lang="{language}">
<main>
<p class="sandbox">{say["sandbox"]} <a href="/?lang={other}" lang="{other}" hreflang="{other}">{say["other"]}</a></p>
<h1>{say["title"]}</h1>
<p>{say["lead"]} <a href="/rules?lang={language}">{say["rules"]}</a></p>
<form id="form" method="post" action="/validate?lang={language}&amp;format=html&amp;summary=1"
enctype="multipart/form-data">
<label class="drop" id="drop">{say["drop"]}
<input id="files" name="file" type="file" multiple accept=".xml,.json,.hl7,.er7,.txt,.zip"></label>
<label>{say["profile"]} <select id="profile" name="profile"><option value="">{say["auto"]}</option>
{"".join(_options(language))}</select></label>
<button id="send">{say["send"]}</button>
</form>
<div id="verdicts" aria-live="polite"></div>
</main>
</body>
</html>
"""


def _options(language: str) -> Iterable[str]:
    for one in (p for group in (PROFILES, METADATA_PROFILES, HL7V2_PROFILES, FHIR_PROFILES) for p in group.values()):
        title = one.title_en if language == "en" else one.title
        yield f'<option value="{escape(one.name)}">{escape(title)}</option>\n'
