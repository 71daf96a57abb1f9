"""What the patient consents to when a record is opened, and in an emergency (DMP TD1.1, TD1.2; CSP L1111-17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from xds.dmp.record import EmergencyConsents

OPENING = "CONSENTEMENT_OUVERTURE_DMP"
REACTIVATION = "CONSENTEMENT_REACTIVATION_DMP"
NO_BREAK_GLASS = "OPPOSITION_BRIS_DE_GLACE"
NO_REGULATION = "OPPOSITION_ACCES_URGENCE"


@dataclass(frozen=True, slots=True)
class ConsentMissing:
    """A consent that must be recorded and was not; `key` is of 1.2.250.1.213.4.1.2.3."""

    key: str
    code: str = "SBX_CONSENT_MISSING"

    @property
    def text(self) -> str:
        """For the other side."""
        return f"{self.key}: found no consent, expected true"


def opening_fault(answers: Mapping[str, bool]) -> ConsentMissing | None:
    """What lacks to create a record: no consent, no creation (DMP EX_1.1-1010)."""
    return None if answers.get(OPENING) else ConsentMissing(OPENING)


def reactivation_fault(answers: Mapping[str, bool]) -> ConsentMissing | None:
    """What lacks to reactivate a record (DMP EX_1.2-1030)."""
    return None if answers.get(REACTIVATION) else ConsentMissing(REACTIVATION)


def of_oppositions(answers: Mapping[str, bool], before: EmergencyConsents | None = None) -> EmergencyConsents:
    """The emergency consents that oppositions stand for (D-031); what is not answered stays as it was.

    A new record permits both accesses (DMP EX_1.1-1050). No message carries MASKED: it follows the others (D-030).
    """
    known = before or EmergencyConsents()
    return settled(
        replace(
            known,
            btg=not answers[NO_BREAK_GLASS] if NO_BREAK_GLASS in answers else known.btg,
            etreat=not answers[NO_REGULATION] if NO_REGULATION in answers else known.etreat,
        )
    )


def oppositions(consents: EmergencyConsents) -> Mapping[str, bool]:
    """The oppositions that emergency consents stand for (D-031)."""
    return {NO_BREAK_GLASS: not consents.btg, NO_REGULATION: not consents.etreat}


def settled(consents: EmergencyConsents) -> EmergencyConsents:
    """The consents that hold together: masked documents are open in no emergency when none may be read (D-030)."""
    return replace(consents, masked=consents.masked and (consents.etreat or consents.btg))
