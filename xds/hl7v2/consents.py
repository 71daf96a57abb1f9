"""What consents sent by PAM-FR allow: they are applied before anything is sent (CI-SIS HL7 v2 2.1; PAM-FR 2.11)."""

from __future__ import annotations

from xds.hl7v2.consent_message import Consultation, Feeding


def may_feed(feeding: Feeding, *, when_unknown: bool) -> bool:
    """Whether documents of the patient may go to the DMP; `when_unknown` where nobody asked him (H-17)."""
    return feeding is Feeding.NO_OPPOSITION or (feeding is Feeding.UNKNOWN and when_unknown)


def may_consult(consultation: Consultation) -> bool:
    """Whether the structure may consult the DMP of the patient: only with consent."""
    return consultation is Consultation.CONSENT
