"""A laboratory report as a PDF in a CDA of level 1 (CI-SIS; typeCode LOINC 11502-2)."""

from __future__ import annotations

from datetime import datetime

from samples.documents.elements import LOINC, new_oid
from samples.documents.faults import break_rule
from samples.documents.header import MORNING, Identity
from samples.documents.header_faults import HEADER_FAULTS, LEVEL_1_FAULTS
from samples.documents.level1 import scanned
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.professionals import BIOLOGIST, SampleAuthor


def laboratory_report(
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = BIOLOGIST,
    *,
    unique_id: str | None = None,
    effective_time: datetime = MORNING,
    replaces: str | None = None,
    version: int = 1,
    set_id: str | None = None,
    breaking: str | None = None,
) -> bytes:
    """Make a laboratory report: three results on one page.

    `unique_id` defaults to a fresh OID. `breaking` names a rule of the header: the document then breaks that rule.
    Raises KeyError: no twin is known for that rule.
    """
    identity = Identity(
        patient=patient,
        author=author,
        unique_id=unique_id or new_oid(),
        replaces=replaces,
        effective_time=effective_time,
        version=version,
        set_id=set_id,
    )
    made = scanned(
        identity,
        code=("11502-2", "CR d'examens biologiques", LOINC),
        title="Compte rendu d'examens biologiques",
        lines=(
            "Document fictif.",
            "Hémoglobine glyquée (HbA1c) : 7,2 % (4,0 - 6,0)",
            "INR : 2,4",
            "Créatinine : 82 µmol/L (49 - 90)",
        ),
    )
    return break_rule(made, breaking, {**HEADER_FAULTS, **LEVEL_1_FAULTS}) if breaking else made
