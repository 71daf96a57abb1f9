"""A discharge letter in a CDA of level 1 (CI-SIS; typeCode LOINC 11490-0)."""

from __future__ import annotations

from datetime import datetime

from samples.documents.elements import LOINC, new_oid
from samples.documents.header import MORNING, Identity
from samples.documents.level1 import scanned
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.professionals import HOSPITAL_DOCTOR, SampleAuthor


def discharge_letter(
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = HOSPITAL_DOCTOR,
    *,
    unique_id: str | None = None,
    effective_time: datetime = MORNING,
    replaces: str | None = None,
    version: int = 1,
    set_id: str | None = None,
    media_type: str = "application/pdf",
) -> bytes:
    """Make a discharge letter, a PDF or with `media_type` `text/plain` a text. `unique_id` defaults to a fresh OID."""
    identity = Identity(
        patient=patient,
        author=author,
        unique_id=unique_id or new_oid(),
        replaces=replaces,
        effective_time=effective_time,
        version=version,
        set_id=set_id,
    )
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
