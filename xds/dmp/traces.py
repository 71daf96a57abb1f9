"""What is written down inside a record: who did what, when and why (CSP R1111-43), and what must be told of it.

The audit trail proves; traces are for people: the patient, the médecin traitant, each professional for his own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum

from xds.dmp.operations import Operation


class ActorKind(StrEnum):
    """Kinds of actors, as the national space sorts them."""

    PROFESSIONAL = "HEALTHCARE_PROFESSIONAL"
    FACILITY = "HEALTHCARE_FACILITY"
    PATIENT = "PATIENT"
    SUPPORT = "SUPPORT"
    SYSTEM = "SYSTEM"


class NoticeKind(StrEnum):
    """Events that somebody must be told of. Each is told once for one subject."""

    RECORD_CREATED = "RECORD_CREATED"
    RECORD_CLOSED = "RECORD_CLOSED"
    RECORD_REACTIVATED = "RECORD_REACTIVATED"
    RECORD_SUSPENDED = "RECORD_SUSPENDED"
    DESTRUCTION_REQUESTED = "DESTRUCTION_REQUESTED"
    RECORD_DESTROYED = "RECORD_DESTROYED"
    FIRST_ACCESS = "FIRST_ACCESS"
    DOCUMENT_ADDED = "DOCUMENT_ADDED"
    DOCUMENT_CHANGED = "DOCUMENT_CHANGED"
    DOCUMENT_DELETED = "DOCUMENT_DELETED"
    EMERGENCY_ACCESS = "EMERGENCY_ACCESS"
    HIDDEN_DOCUMENT_REMINDER = "HIDDEN_DOCUMENT_REMINDER"
    HIDDEN_DOCUMENT_RELEASED = "HIDDEN_DOCUMENT_RELEASED"
    PROFESSIONAL_BLOCKED = "PROFESSIONAL_BLOCKED"
    PROFESSIONAL_UNBLOCKED = "PROFESSIONAL_UNBLOCKED"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told. `subject` is what it is about: a uniqueId, a PS_IdNat, the id of a request; no content."""

    kind: NoticeKind
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acted. `role` is a code of TRE_G15 or TRE_A00; `lps` the software, name and version."""

    kind: ActorKind
    id: str = ""
    name: str = ""
    structure: str = ""
    role: str = ""
    auth_mode: str = ""
    lps: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One act on a record, accepted or refused.

    `patient_id` is a canonical CX; `operation` that of the DMP, or the name of an act that has none there;
    `documents` are uniqueIds; `outcome` is `success`, `refused` or `failure`; `code`
    the error that the other side was given; `rule` that of the law that decided; `request_id` that of the audit event.
    """

    patient_id: str
    operation: Operation | str
    outcome: str
    actor: Actor
    request_id: str
    mode: str = "normal"
    reason: str = ""
    secret: bool = False
    documents: tuple[str, ...] = ()
    code: str = ""
    rule: str = ""
    notices: tuple[Notice, ...] = field(default=())

    def as_json(self) -> str:
        """The trace as the database takes it."""
        actor = self.actor
        return json.dumps(
            {
                "patient": self.patient_id,
                "operation": str(self.operation),
                "outcome": self.outcome,
                "actor_kind": actor.kind.value,
                "actor_id": actor.id,
                "actor_name": actor.name,
                "actor_structure": actor.structure,
                "actor_role": actor.role,
                "auth_mode": actor.auth_mode,
                "lps": actor.lps,
                "request_id": self.request_id,
                "mode": self.mode,
                "reason": self.reason,
                "secret": self.secret,
                "documents": list(self.documents),
                "code": self.code,
                "rule": self.rule,
                "notices": [{"kind": one.kind.value, "subject": one.subject} for one in self.notices],
            },
            ensure_ascii=False,
        ).replace("\\u0000", "")
