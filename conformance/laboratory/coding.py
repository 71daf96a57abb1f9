"""Codes of HL7 v2 that have their like in a CR-BIO: flags, statuses, chapters (HL7 v2.5 tables 0074, 0078, 0085)."""

from __future__ import annotations

import re
from typing import Final

from cda.elements import LOINC
from cda.laboratory.report import Status
from xds.hl7v2.segments import Repetition
from xds.metadata.codes import Code

_INTERPRETATION = "2.16.840.1.113883.5.83"
_LOINC = re.compile(r"\d{1,7}-\d", re.ASCII)
SYSTEMS: Final = {
    "LN": LOINC,
    "SCT": "2.16.840.1.113883.6.96",
    "I10": "2.16.840.1.113883.6.3",
    "TRE_A05": "1.2.250.1.213.1.1.4.12",
}
SPECIMENS: Final = "2.16.840.1.113883.5.129"
FLAGS: Final = {
    code: Code(code, _INTERPRETATION, display)
    for code, display in (
        ("N", "Normal"),
        ("L", "Bas"),
        ("H", "Élevé"),
        ("LL", "Très bas, alerte"),
        ("HH", "Très élevé, alerte"),
        ("<", "Sous la limite de mesure"),
        (">", "Au-dessus de la limite de mesure"),
        ("A", "Anormal"),
        ("AA", "Très anormal, alerte"),
        ("U", "Hausse significative"),
        ("D", "Baisse significative"),
        ("B", "Amélioration"),
        ("W", "Aggravation"),
        ("S", "Sensible"),
        ("R", "Résistant"),
        ("I", "Intermédiaire"),
        ("MS", "Modérément sensible"),
        ("VS", "Très sensible"),
    )
}
STATUSES: Final[dict[str, tuple[Status, str]]] = {
    "F": ("completed", ""),
    "U": ("completed", ""),
    "C": ("completed", "Résultat corrigé"),
    "P": ("active", "Résultat provisoire"),
    "R": ("active", "Résultat non validé"),
    "S": ("active", "Résultat partiel"),
    "I": ("active", "En attente"),
    "O": ("active", "En attente"),
    "N": ("aborted", "Non réalisé"),
    "X": ("aborted", "Résultat impossible à obtenir"),
}
"""OBX-11: the status of an entry, and what a reader is told. D and W take a result back: no first report does."""
FINAL: Final = frozenset("FUXN")
GENERAL: Final = Code("26436-6", LOINC, "Examens de laboratoire")
CHAPTERS: Final = {
    section: Code(code, LOINC, display)
    for section, code, display in (
        ("BG", "18767-4", "Gaz du sang"),
        ("BLB", "18717-9", "Immuno-hématologie, banque de sang"),
        ("CH", "18719-5", "Biochimie"),
        ("HM", "18723-7", "Hématologie"),
        ("MB", "18725-2", "Microbiologie"),
        ("MCB", "18725-2", "Microbiologie"),
        ("MYC", "18725-2", "Microbiologie"),
        ("VR", "18725-2", "Microbiologie"),
        ("SR", "18727-8", "Sérologie"),
        ("TX", "18728-6", "Toxicologie"),
    )
}
"""OBR-24 by the chapter of LOINC."""


def loinc_of(value: Repetition) -> Code | None:
    """The LOINC code of a CE or CWE, in its first triplet or its second."""
    for at in (1, 4):
        if value.text(at + 2) == "LN" and _LOINC.fullmatch(value.text(at)):
            return Code(value.text(at), LOINC, value.text(at + 1) or value.text(1))
    return None


def coded_of(value: Repetition) -> Code | None:
    """A code of a system that has an OID here, in either triplet."""
    for at in (1, 4):
        system = SYSTEMS.get(value.text(at + 2))
        if system and value.text(at) and not any(letter.isspace() for letter in value.text(at)):
            return Code(value.text(at), system, value.text(at + 1) or value.text(at))
    return None


def label_of(value: Repetition) -> str:
    """What a CE or CWE says to a reader: its original text, its names, its codes."""
    return next(filter(None, map(value.text, (9, 2, 5, 1, 4))), "")
