"""The rules of a medium: where each comes from, and how it is told (ITI TF-2 §3.32; ITI TF-3 §4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a rule comes from, and its sentence in French and in English."""

    source: str
    fr: str
    en: str


_CONTENT = "ITI TF-2 §3.32.4.1.2"

RULES: Final = {
    "XDM-README": Rule(
        _CONTENT, "Le support porte README.TXT à sa racine.", "The medium has README.TXT at its root."
    ),
    "XDM-INDEX": Rule(_CONTENT, "Le support porte INDEX.HTM à sa racine.", "The medium has INDEX.HTM at its root."),
    "XDM-DIRECTORY": Rule(
        _CONTENT, "Le support porte IHE_XDM à sa racine.", "The medium has IHE_XDM at its root."
    ),
    "XDM-ENCLOSED": Rule(
        "DICOM PS3.12 Annex V",
        "L'archive garde l'arborescence telle quelle, sans dossier autour.",
        "The archive keeps the tree as it is, without a directory around it.",
    ),
    "XDM-SUBSET": Rule(
        _CONTENT,
        "IHE_XDM contient un dossier par lot de soumission, avec son METADATA.XML.",
        "IHE_XDM holds one directory a submission set, with its METADATA.XML.",
    ),
    "XDM-NAME": Rule(
        _CONTENT,
        "Les noms suivent ISO 9660 niveau 1 : A-Z, 0-9 et _, huit caractères et une extension de trois.",
        "Names follow ISO 9660 level 1: A-Z, 0-9 and _, eight characters and an extension of three.",
    ),
    "XDM-DEPTH": Rule(
        _CONTENT,
        "L'arborescence a au plus huit niveaux, la racine comprise.",
        "The tree has at most eight levels, the root included.",
    ),
    "XDM-XML": Rule(
        _CONTENT,
        "METADATA.XML est une SubmitObjectsRequest ebRIM 3.0, en UTF-8, sans DTD.",
        "METADATA.XML is an ebRIM 3.0 SubmitObjectsRequest, in UTF-8, without a DTD.",
    ),
    "XDM-URI": Rule(
        "ITI TF-3 §4.2.3.2.27",
        "L'URI d'un document est un chemin relatif à METADATA.XML, qui reste sur le support et désigne un fichier.",
        "The URI of a document is a path relative to METADATA.XML that stays on the medium and designates a file.",
    ),
    "XDM-FILE": Rule(_CONTENT, "Chaque document est sur le support.", "Every document is on the medium."),
    "XDM-HASH": Rule(
        "ITI TF-3 §4.2.3.2.10", "hash est le SHA-1 du fichier.", "hash is the SHA-1 of the file."
    ),
    "XDM-SIZE": Rule(
        "ITI TF-3 §4.2.3.2.21", "size est la taille du fichier en octets.", "size is the size of the file in bytes."
    ),
    "XDM-TIME": Rule(
        _CONTENT,
        "Les lots d'un support ont des submissionTime différents.",
        "The submission sets of a medium have different submissionTimes.",
    ),
    "XDM-MEMBER": Rule(
        "ITI TF-3 §4.2.2",
        "Chaque document est membre du lot par une association HasMember.",
        "Every document is a member of the submission set by one HasMember association.",
    ),
    "XDM-LINK": Rule(
        "ITI TF-3 §4.2.2",
        "Une association relie des objets du lot, ou désigne un objet enregistré par son UUID.",
        "An association links objects of the set, or names a registered object by its UUID.",
    ),
    "XDM-REPEATED": Rule(
        "ITI TF-3 §4.2.3.1",
        "Ce qui ne fait que répéter la place d'un objet ou le nom d'un schéma est faux ; la valeur n'est pas en doute.",
        "What only repeats the place of an object or the name of a scheme is wrong; the value is not in doubt.",
    ),
}  # fmt: skip
"""Every rule of this package, by its identifier."""

METADATA: Final = Rule(
    "ITI TF-3 §4.2", "Les métadonnées ne suivent pas ebRIM 3.0 et XDS.", "The metadata do not follow ebRIM 3.0 and XDS."
)
"""How the rules of the ebRIM reader are told."""


def rule_of(identifier: str) -> Rule:
    """The rule of a finding."""
    return RULES.get(identifier, METADATA)
