"""A laboratory report as a PDF in a CDA of level 1 (CI-SIS; typeCode LOINC 11502-2)."""

from __future__ import annotations

from typing import Unpack

from samples.documents.elements import LOINC
from samples.documents.faults import break_rule
from samples.documents.header_faults import HEADER_FAULTS, LEVEL_1_FAULTS
from samples.documents.identity import Named, identified
from samples.documents.level1 import scanned
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.professionals import BIOLOGIST, SampleAuthor


def laboratory_report(
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = BIOLOGIST,
    *,
    breaking: str | None = None,
    **named: Unpack[Named],
) -> bytes:
    """Make a laboratory report: three results on one page.

    `unique_id` defaults to a fresh OID. `breaking` names a rule of the header: the document then breaks that rule.
    Raises KeyError: no twin is known for that rule.
    """
    identity = identified(patient, author, **named)
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
