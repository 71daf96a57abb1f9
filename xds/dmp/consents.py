"""What the patient consents to when a record is opened, and in an emergency (DMP TD1.1, TD1.2; CSP L1111-17).

Answers are those of a message, by their key of 1.2.250.1.213.4.1.2.3; what it is silent about is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from xds.dmp.record import EmergencyConsents
from xds.errors import RegistryError, XdsErrorCode, disagreement

OPENING = "CONSENTEMENT_OUVERTURE_DMP"
REACTIVATION = "CONSENTEMENT_REACTIVATION_DMP"
NO_BREAK_GLASS = "OPPOSITION_BRIS_DE_GLACE"
NO_REGULATION = "OPPOSITION_ACCES_URGENCE"


def opening_fault(answers: Mapping[str, bool]) -> RegistryError | None:
    """What lacks to create a record: no consent, no creation (DMP EX_1.1-1010)."""
    return _lacking(OPENING, answers, "D-011", "true: no consent, no record")


def reactivation_fault(answers: Mapping[str, bool]) -> RegistryError | None:
    """What lacks to reactivate a record (DMP EX_1.2-1030)."""
    return _lacking(REACTIVATION, answers, "D-012", "true: no consent, no record")


def of_oppositions(answers: Mapping[str, bool], before: EmergencyConsents | None = None) -> EmergencyConsents:
    """The emergency consents that oppositions stand for (D-031); what is not answered stays as it was.

    A new record permits both accesses (DMP EX_1.1-1050). No message carries MASKED: it follows the others (D-030).
    """
    known = before or EmergencyConsents()
    return settled(
        replace(
            known,
            btg=not answers.get(NO_BREAK_GLASS, not known.btg),
            etreat=not answers.get(NO_REGULATION, not known.etreat),
        )
    )


def oppositions(consents: EmergencyConsents) -> Mapping[str, bool]:
    """The oppositions that emergency consents stand for (D-031)."""
    return {NO_BREAK_GLASS: not consents.btg, NO_REGULATION: not consents.etreat}


def settled(consents: EmergencyConsents) -> EmergencyConsents:
    """The consents that hold together: masked documents are open in no emergency when none may be read (D-030)."""
    return replace(consents, masked=consents.masked and (consents.etreat or consents.btg))


def _lacking(key: str, answers: Mapping[str, bool], rule: str, expected: str) -> RegistryError | None:
    if answers.get(key):
        return None
    found = "false" if key in answers else "nothing"
    return disagreement(rule, f"attentionLine[{key}]", found, expected, XdsErrorCode.SBX_CONSENT_MISSING)
