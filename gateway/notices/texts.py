"""What is said of each event, in French and in English. Never what a document holds, its title, a name or an INS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from xds.dmp.notices import Recipient
from xds.dmp.traces import NoticeKind

Language = Literal["fr", "en"]


@dataclass(frozen=True, slots=True)
class Wording:
    """A subject, and a whole text for an e-mail or a letter; `short` is for a short message."""

    subject: str
    text: str
    short: str


_SENTENCES: Mapping[NoticeKind, tuple[str, str]] = MappingProxyType(
    {
        NoticeKind.RECORD_CREATED: (
            "Votre dossier médical partagé a été ouvert.",
            "Your shared medical record has been opened.",
        ),
        NoticeKind.RECORD_CLOSED: (
            "Votre dossier médical partagé a été fermé. Son contenu est conservé dix ans et n'est plus accessible.",
            "Your shared medical record has been closed. What it holds is kept for ten years and is open to nobody.",
        ),
        NoticeKind.RECORD_REACTIVATED: (
            "Votre dossier médical partagé a été rouvert, avec tout ce qu'il contenait.",
            "Your shared medical record has been opened again, with all that it held.",
        ),
        NoticeKind.RECORD_SUSPENDED: (
            "Votre dossier médical partagé est suspendu : personne n'y accède. Sans réponse de votre part dans les six"
            " semaines, il sera fermé.",
            "Your shared medical record is suspended: nobody has access to it. Without an answer from you within six"
            " weeks it will be closed.",
        ),
        NoticeKind.DESTRUCTION_REQUESTED: (
            "La destruction de votre dossier médical partagé a été demandée ; elle aura lieu dans les trois mois.",
            "The destruction of your shared medical record was asked for; it will be done within three months.",
        ),
        NoticeKind.RECORD_DESTROYED: (
            "Votre dossier médical partagé et tout ce qu'il contenait ont été détruits.",
            "Your shared medical record and all that it held have been destroyed.",
        ),
        NoticeKind.FIRST_ACCESS: (
            "Un professionnel de santé a consulté votre dossier médical partagé pour la première fois.",
            "A health professional has consulted your shared medical record for the first time.",
        ),
        NoticeKind.DOCUMENT_ADDED: (
            "Un document a été ajouté à votre dossier médical partagé.",
            "A document has been added to your shared medical record.",
        ),
        NoticeKind.DOCUMENT_CHANGED: (
            "Un document de votre dossier médical partagé a été modifié.",
            "A document of your shared medical record has been changed.",
        ),
        NoticeKind.DOCUMENT_DELETED: (
            "Un document de votre dossier médical partagé a été supprimé.",
            "A document of your shared medical record has been deleted.",
        ),
        NoticeKind.EMERGENCY_ACCESS: (
            "Un professionnel de santé a consulté votre dossier médical partagé en urgence.",
            "A health professional has consulted your shared medical record in an emergency.",
        ),
        NoticeKind.HIDDEN_DOCUMENT_REMINDER: (
            "Votre dossier médical partagé a été mis à jour. Nous vous invitons à consulter un professionnel de santé.",
            "Your shared medical record has been updated. We invite you to consult a health professional.",
        ),
        NoticeKind.HIDDEN_DOCUMENT_RELEASED: (
            "Un document est devenu visible dans votre dossier médical partagé.",
            "A document has become visible in your shared medical record.",
        ),
        NoticeKind.PROFESSIONAL_BLOCKED: (
            "Un professionnel de santé a été bloqué : il ne peut plus lire votre dossier médical partagé.",
            "A health professional has been blocked: he cannot read your shared medical record any more.",
        ),
        NoticeKind.PROFESSIONAL_UNBLOCKED: (
            "Un professionnel de santé n'est plus bloqué ; il doit de nouveau demander votre accord pour lire votre"
            " dossier médical partagé.",
            "A health professional is not blocked any more; he has to ask again for your consent to read your shared"
            " medical record.",
        ),
    }
)
LABELS: Mapping[NoticeKind, tuple[str, str]] = MappingProxyType(
    {
        NoticeKind.RECORD_CREATED: ("dossier ouvert", "record opened"),
        NoticeKind.RECORD_CLOSED: ("dossier fermé", "record closed"),
        NoticeKind.RECORD_REACTIVATED: ("dossier réactivé", "record reactivated"),
        NoticeKind.RECORD_SUSPENDED: ("dossier suspendu", "record suspended"),
        NoticeKind.DESTRUCTION_REQUESTED: ("destruction demandée", "destruction asked for"),
        NoticeKind.RECORD_DESTROYED: ("dossier détruit", "record destroyed"),
        NoticeKind.FIRST_ACCESS: ("premier accès d'un professionnel", "first access of a professional"),
        NoticeKind.DOCUMENT_ADDED: ("document ajouté", "document added"),
        NoticeKind.DOCUMENT_CHANGED: ("document modifié", "document changed"),
        NoticeKind.DOCUMENT_DELETED: ("document supprimé", "document deleted"),
        NoticeKind.EMERGENCY_ACCESS: ("accès en urgence", "emergency access"),
        NoticeKind.HIDDEN_DOCUMENT_REMINDER: ("rappel d'un document caché", "reminder of a hidden document"),
        NoticeKind.HIDDEN_DOCUMENT_RELEASED: ("document caché devenu visible", "hidden document now visible"),
        NoticeKind.PROFESSIONAL_BLOCKED: ("professionnel bloqué", "professional blocked"),
        NoticeKind.PROFESSIONAL_UNBLOCKED: ("professionnel débloqué", "professional unblocked"),
    }
)
"""Events in a few words, French and English, for whoever looks after the outbox."""
_OF_A_PATIENT = (
    "Le dossier médical partagé de l'un de vos patients a été consulté en urgence.",
    "The shared medical record of one of your patients has been consulted in an emergency.",
)
_OF_A_MINOR = (
    "Ce message concerne le dossier médical partagé d'un enfant que vous représentez.",
    "This message is about the shared medical record of a child whom you represent.",
)
_SUBJECT = ("Votre dossier médical partagé", "Your shared medical record")
_SUBJECT_OF_A_PATIENT = ("Dossier médical partagé d'un patient", "Shared medical record of a patient")
_FRAME = (
    "Bonjour,\n\n{body}\n\nPour en savoir plus, connectez-vous à votre espace. Ce message ne contient aucune donnée"
    " de santé ; n'y répondez pas.\n",
    "Hello,\n\n{body}\n\nTo know more, sign in to your space. This message holds no health data; do not answer it.\n",
)
_FRAME_OF_NO_RECORD = (
    "Bonjour,\n\n{body}\n\nCe message ne contient aucune donnée de santé ; n'y répondez pas.\n",
    "Hello,\n\n{body}\n\nThis message holds no health data; do not answer it.\n",
)


def wording(kind: NoticeKind, recipient: Recipient, language: Language) -> Wording:
    """What a recipient is told of an event."""
    which = 0 if language == "fr" else 1
    sentence, subject = _SENTENCES[kind][which], _SUBJECT[which]
    body = sentence
    if recipient is Recipient.MEDECIN_TRAITANT:
        sentence, subject = _OF_A_PATIENT[which], _SUBJECT_OF_A_PATIENT[which]
        body = sentence
    elif recipient is Recipient.LEGAL_REPRESENTATIVE:
        body = f"{_OF_A_MINOR[which]}\n\n{sentence}"
    frame = _FRAME_OF_NO_RECORD if kind is NoticeKind.RECORD_DESTROYED else _FRAME
    return Wording(subject=subject, text=frame[which].format(body=body), short=sentence)
