"""What a reader must know of a verdict itself, in the language of the report."""

from __future__ import annotations

from cda.document import CDA_NAMESPACE, CdaDocument
from conformance.recognition import models_of


def foreign(document: CdaDocument, language: str) -> str | None:
    """What to say of a document made for another country."""
    realms = [one.get("code") for one in document.root.iterchildren(f"{{{CDA_NAMESPACE}}}realmCode")]
    if not realms or "FR" in realms:
        return None
    named = ", ".join(one or "?" for one in realms)
    if language == "en":
        return f"The document is made for another realm ({named}); it is judged by the French rules (realmCode FR)."
    return f"Le document est fait pour un autre domaine ({named}) ; il est jugé selon les règles françaises (FR)."


def several_models(document: CdaDocument, profile: str | None, language: str) -> str | None:
    """What to say of a document that declares more than the model it was judged by, the first."""
    models = models_of(document)
    if len(models) < 2:
        return None
    named = ", ".join(models)
    if language == "en":
        return f"The document declares several models ({named}), where one is right; it is judged as {profile}."
    return f"Le document déclare plusieurs modèles ({named}), où un seul convient ; il est jugé comme {profile}."


def another_profile(named: str, profile: str, language: str) -> str:
    """What to say of a document that is judged by another profile than its own, as somebody asked."""
    if language == "en":
        return f"The document says that it is for {named}; it is judged by {profile}, as was asked."
    return f"Le document se dit de {named} ; il est jugé selon {profile}, comme demandé."


def document_in_fhir(name: str, language: str) -> str:
    """What to say of a document in FHIR: which it is, and that the DMP has no place for it."""
    if language == "en":
        return f"{name}. The DMP has only CDA: its doors refuse any document in FHIR (O7)."
    return f"{name}. Le DMP n'a que du CDA : ses portes refusent tout document en FHIR (O7)."


def made(language: str) -> str:
    """What to say of results that came without a document."""
    if language == "en":
        return "Results without a document: the one that a door makes of them is judged; `ecluse lab preview` shows it."
    return "Résultats sans document : celui qu'une porte en fait est jugé ; « ecluse lab preview » le montre."


def cut(most: int, language: str) -> str:
    """What to say of a search that ended after so many findings."""
    if language == "en":
        return f"There are more than {most} findings: not all of them are shown, nor was every layer asked."
    return f"Il y a plus de {most} constats : tous ne sont pas montrés, et certaines couches n'ont pas été interrogées."
