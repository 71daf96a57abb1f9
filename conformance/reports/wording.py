"""The words of reports, French and English."""

from __future__ import annotations

from conformance.expected import expected_in, found_in
from conformance.report import Finding, LayerResult, Report, Severity
from conformance.reports.judged import Judged, Language

_WORDS: dict[str, tuple[str, str]] = {
    "valid": ("valide", "valid"),
    "invalid": ("non valide", "invalid"),
    "unusable": ("ne peut être jugé", "cannot be judged"),
    "error": ("erreur", "error"),
    "warning": ("avertissement", "warning"),
    "info": ("information", "info"),
    "found": ("trouvé", "found"),
    "expected": ("attendu", "expected"),
    "absent": ("absent", "absent"),
    "present": ("présent", "present"),
    "empty": ("vide", "empty"),
    "unknown": ("aucune information", "no information"),
    "not asked": ("non interrogée", "not asked"),
    "report": ("Rapport de validation", "Validation report"),
    "files": ("Fichiers", "Files"),
    "file": ("Fichier", "File"),
    "verdict": ("Verdict", "Verdict"),
    "profile": ("Profil", "Profile"),
    "errors": ("Erreurs", "Errors"),
    "warnings": ("Avertissements", "Warnings"),
    "rule": ("Règle", "Rule"),
    "rules": ("Règles les plus enfreintes", "Rules broken most often"),
    "times": ("Fois", "Times"),
    "what": ("Ce qu'elle demande", "What it asks"),
    "layers": ("Couches", "Layers"),
    "layer": ("Couche", "Layer"),
    "findings": ("Constats", "Findings"),
    "clinical": ("Ce que lit le clinicien", "What a clinician reads"),
    "heading": ("Rubrique", "Heading"),
    "state": ("État", "State"),
    "content": ("Contenu", "Content"),
    "remedy": ("Que faire", "What to do"),
    "place": ("Où", "Where"),
    "source": ("Source", "Source"),
    "line": ("ligne", "line"),
    "repaired": ("réparation certaine connue", "a certain repair is known"),
    "pages": ("Pages", "Pages"),
    "nothing": ("Aucun constat.", "No finding."),
    "mend": ("Réparation certaine de {rule}", "Certain repair of {rule}"),
}
_LAYERS: dict[str, tuple[str, str]] = {
    "structure": ("Structure CDA", "CDA structure"),
    "header": ("En-tête", "Header"),
    "body": ("Corps", "Body"),
    "document": ("Modèle de document", "Document model"),
    "terminology": ("Terminologies", "Terminologies"),
    "metadata": ("Métadonnées", "Metadata"),
    "message": ("Message HL7 v2", "HL7 v2 message"),
    "summary": ("Vue clinique", "Clinical view"),
    "agreement": ("Accord avec les métadonnées", "Agreement with the metadata"),
}


_COUNTED: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "files": (("fichier", "fichiers"), ("file", "files")),
    "valid": (("valide", "valides"), ("valid", "valid")),
    "invalid": (("non valide", "non valides"), ("invalid", "invalid")),
    "unusable": (("ne peut être jugé", "ne peuvent être jugés"), ("cannot be judged", "cannot be judged")),
}


def numbered(number: int, key: str, language: Language) -> str:
    """A number and its word, singular or plural: `1 file`, `0 files`, `0 fichier`, `2 fichiers`."""
    french, english = _COUNTED[key]
    return f"{number} {english[number != 1] if language == 'en' else french[number > 1]}"


def word(key: str, language: Language) -> str:
    """One word or sentence."""
    french, english = _WORDS[key]
    return english if language == "en" else french


def verdict_of(judged: Judged, language: Language) -> str:
    """Valid, invalid, or unusable."""
    return word("unusable" if not judged.usable else "valid" if judged.report.valid else "invalid", language)


def layer_title(name: str, report: Report, language: Language) -> str:
    """The title of a layer, from the report when it tells, else from what layers are usually called."""
    for one in report.layers:
        if one.name == name:
            return title_of(one, language)
    french, english = _LAYERS.get(name, (name, name))
    return english if language == "en" else french


def title_of(layer: LayerResult, language: Language) -> str:
    """The title of a layer that the report tells of."""
    return layer.title_en if language == "en" else layer.title


def counted(errors: int, warnings: int, language: Language) -> str:
    """`2 errors, 1 warning`; empty when there is neither."""
    parts = [
        f"{number} {word(key, language)}{'s' if number > 1 else ''}"
        for number, key in ((errors, "error"), (warnings, "warning"))
        if number
    ]
    return ", ".join(parts)


def count(findings: list[Finding]) -> tuple[int, int]:
    """How many errors and warnings."""
    severities = [one.severity for one in findings]
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING)


def met(finding: Finding, language: Language) -> str | None:
    """`found: x, expected: y`, or None when the rule tells neither."""
    if not finding.found and finding.expected is None:
        return None
    colon = ": " if language == "en" else " : "
    found = word("absent", language) if finding.found is None else found_in(finding.found, language)
    said = (("found", found), ("expected", expected_in(finding.expected, language)))
    return ", ".join(f"{word(key, language)}{colon}{one}" for key, one in said if one)
