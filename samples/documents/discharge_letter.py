"""A discharge letter in a CDA of level 1 (CI-SIS; typeCode LOINC 11490-0)."""

from __future__ import annotations

from typing import Unpack

from samples.documents.elements import LOINC
from samples.documents.identity import Named, identified
from samples.documents.level1 import scanned
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.professionals import HOSPITAL_DOCTOR, SampleAuthor


def discharge_letter(
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = HOSPITAL_DOCTOR,
    *,
    media_type: str = "application/pdf",
    **named: Unpack[Named],
) -> bytes:
    """Make a discharge letter, a PDF or with `media_type` `text/plain` a text. `unique_id` defaults to a fresh OID."""
    identity = identified(patient, author, **named)
    return scanned(
        identity,
        code=("11490-0", "Lettre de liaison à la sortie d'un établissement de soins", LOINC),
        title="Lettre de liaison à la sortie de l'établissement",
        media_type=media_type,
        lines=(
            "Document fictif.",
            "Motif d'hospitalisation : bilan de fibrillation auriculaire.",
            "Évolution favorable, retour au domicile.",
            "Traitement de sortie inchangé. Contrôle de l'INR dans une semaine.",
        ),
    )
