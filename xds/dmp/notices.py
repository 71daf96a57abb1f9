"""Who is told of an event on a record (CSP R1111-48, R1111-53; DMP TD2.1). No content is ever told.

The channel is decided elsewhere: who has no electronic address gets a letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from xds.dmp.traces import NoticeKind


class Recipient(StrEnum):
    """Who is told. Each of the médecins traitants is, and each of the legal representatives."""

    PATIENT = "PATIENT"
    MEDECIN_TRAITANT = "MEDECIN_TRAITANT"
    LEGAL_REPRESENTATIVE = "LEGAL_REPRESENTATIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What counts when a notice is sent.

    `minor`: the holder is, and is represented. `secret`: the act was of a session that the representatives shall not
    know of. `hidden_from_patient` and `hidden_from_guardians`: of the document it is about, as it is now.
    `wants_documents`: the holder wants to be told of documents. `deceased`: nobody is told any more.
    """

    minor: bool = False
    secret: bool = False
    hidden_from_patient: bool = False
    hidden_from_guardians: bool = False
    wants_documents: bool = True
    deceased: bool = False


_PATIENT = frozenset((Recipient.PATIENT,))
_AND_DOCTOR = _PATIENT | {Recipient.MEDECIN_TRAITANT}
RECIPIENTS: Mapping[NoticeKind, frozenset[Recipient]] = MappingProxyType(
    {
        NoticeKind.RECORD_CREATED: _PATIENT,
        NoticeKind.RECORD_CLOSED: _PATIENT,
        NoticeKind.RECORD_REACTIVATED: _PATIENT,
        NoticeKind.RECORD_SUSPENDED: _PATIENT,
        NoticeKind.DESTRUCTION_REQUESTED: _PATIENT,
        NoticeKind.RECORD_DESTROYED: _PATIENT,
        NoticeKind.FIRST_ACCESS: _PATIENT,
        NoticeKind.DOCUMENT_ADDED: _PATIENT,
        NoticeKind.DOCUMENT_CHANGED: _PATIENT,
        NoticeKind.DOCUMENT_DELETED: _PATIENT,
        NoticeKind.EMERGENCY_ACCESS: _AND_DOCTOR,
        NoticeKind.HIDDEN_DOCUMENT_REMINDER: _PATIENT,
        NoticeKind.HIDDEN_DOCUMENT_RELEASED: _PATIENT,
        NoticeKind.PROFESSIONAL_BLOCKED: _PATIENT,
        NoticeKind.PROFESSIONAL_UNBLOCKED: _PATIENT,
    }
)
"""Who is told of what, before what the record itself says: for a minor, the representatives too."""

ABOUT_DOCUMENTS = frozenset((NoticeKind.DOCUMENT_ADDED, NoticeKind.DOCUMENT_CHANGED, NoticeKind.DOCUMENT_DELETED))
"""What the holder may choose not to be told of, and what is not told of a document that waits for its announcement."""

_OF_ONE_DOCUMENT = ABOUT_DOCUMENTS | {NoticeKind.HIDDEN_DOCUMENT_REMINDER, NoticeKind.HIDDEN_DOCUMENT_RELEASED}


def recipients(kind: NoticeKind, facts: NoticeFacts) -> frozenset[Recipient]:
    """Who is told of one event.

    Legal representatives are told what a minor is told, but of a secret session or of what is hidden from them. Nobody
    is told of a document that waits for its announcement: the reminder says that something waits, and not what.
    """
    if facts.deceased:
        return frozenset()
    if kind in ABOUT_DOCUMENTS and (facts.hidden_from_patient or not facts.wants_documents):
        return frozenset()
    told = set(RECIPIENTS[kind])
    hidden = facts.secret or (kind in _OF_ONE_DOCUMENT and facts.hidden_from_guardians)
    if facts.minor and not hidden:
        told.add(Recipient.LEGAL_REPRESENTATIVE)
    return frozenset(told)
