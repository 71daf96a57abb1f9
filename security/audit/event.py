"""One audit event, and the bytes of it that are hashed.

Actors are named by identifiers and by the fingerprint of their certificate, patients by a pseudonym: an event holds no
INS and no name.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

PSEUDONYM_KEY_SIZE = 32


class Outcome(StrEnum):
    """What became of the transaction."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One event.

    `transaction` is `ITI-41`, `ITI-18`, …; `certificate` a SHA-256 in hexadecimal; `patient` a pseudonym; `objects` are
    uniqueIds and entryUUIDs; `code` is the error code that the other side was given, or the rule that decided.
    """

    door: str
    time: datetime
    transaction: str
    outcome: Outcome
    request_id: str
    actor_id: str = ""
    actor_structure: str = ""
    certificate: str = ""
    patient: str = ""
    objects: tuple[str, ...] = ()
    code: str = ""
    purpose: str = ""

    def canonical(self) -> bytes:
        """The event as canonical JSON: UTF-8, sorted keys, no white space, texts only. Times are UTC, microseconds."""
        if self.time.tzinfo is None:
            raise ValueError("the time of an audit event has a time zone")
        fields = {
            "actor": self.actor_id,
            "certificate": self.certificate,
            "code": self.code,
            "door": self.door,
            "objects": list(self.objects),
            "outcome": str(self.outcome),
            "patient": self.patient,
            "purpose": self.purpose,
            "request": self.request_id,
            "structure": self.actor_structure,
            "time": self.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "transaction": self.transaction,
        }
        kept = {key: value for key, value in fields.items() if value}
        text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode("utf-8", "replace")


def pseudonym(audit_key: bytes, patient_id: str) -> str:
    """The pseudonym of a patient in the trail: HMAC-SHA256 of the CX, 64 hexadecimal digits.

    Raises ValueError: a key of less than 32 bytes.
    """
    if len(audit_key) < PSEUDONYM_KEY_SIZE:
        raise ValueError(f"the audit key has at least {PSEUDONYM_KEY_SIZE} bytes")
    return hmac.new(audit_key, patient_id.encode("utf-8"), hashlib.sha256).hexdigest()
