"""Who may deposit, consult, and read: pure functions of their arguments.

`may_deposit` and `may_consult` decide on the record and refuse aloud. `may_read` decides on one document and is a
silent filter: a document that may not be read is absent, from a search as from a retrieve (DMP TD3.1, DMP TD3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from profiles.dmp.habilitation import may_profession_read
from xds.dmp.record import Authorisation, AuthorisationStatus, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.codes import Code

OCCUPATIONAL_MEDICINE = "SM25"  # TRE_R38
LOT_SIGNATURE = Code("E1762", "ASTM")


class Reason(StrEnum):
    """The rule that decided. For the audit trail: the other side reads the standard code only."""

    GRANTED = "GRANTED"
    RECORD_UNKNOWN = "RECORD_UNKNOWN"
    RECORD_CLOSED = "RECORD_CLOSED"
    NOT_A_PROFESSIONAL = "NOT_A_PROFESSIONAL"
    INDIRECT_MODE = "INDIRECT_MODE"
    PURPOSE_NOT_OPEN = "PURPOSE_NOT_OPEN"
    OCCUPATIONAL_PHYSICIAN = "OCCUPATIONAL_PHYSICIAN"
    NOT_AUTHORISED = "NOT_AUTHORISED"
    AUTHORISATION_EXPIRED = "AUTHORISATION_EXPIRED"
    BLOCKED_BY_PATIENT = "BLOCKED_BY_PATIENT"
    REINFORCED_MODE = "REINFORCED_MODE"
    DOCUMENT_TYPE = "DOCUMENT_TYPE"
    DOCUMENT_MASKED = "DOCUMENT_MASKED"
    SIGNATURE_DOCUMENT = "SIGNATURE_DOCUMENT"


_DENIED = "the requester has no right to this"
_SPOKEN: Mapping[str, tuple[XdsErrorCode, str]] = MappingProxyType(
    {
        "deposit/RECORD_UNKNOWN": (XdsErrorCode.UNKNOWN_PATIENT_ID, "no record for this patient"),
        "deposit/RECORD_CLOSED": (XdsErrorCode.DMP_CLOSED, "the record of this patient is closed"),
        "deposit/REINFORCED_MODE": (XdsErrorCode.DMP_ACCESS_DENIED, "INDIRECTE_RENFORCEE may consult, never deposit"),
        "consult/PURPOSE_NOT_OPEN": (XdsErrorCode.DMP_ACCESS_DENIED, "purpose of use: only `normal` is open"),
        "consult/OCCUPATIONAL_PHYSICIAN": (XdsErrorCode.DMP_ACCESS_DENIED, "occupational medicine is not open"),
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the rule that gave it. `act` is `deposit`, `consult` or `read`."""

    allowed: bool
    reason: Reason
    act: str

    def __bool__(self) -> bool:
        return self.allowed

    def or_refuse(self) -> None:
        """Raise Refusal when not allowed.

        On consultation a record that is unknown, closed, or closed to this requester gives one and the same error.
        """
        if not self.allowed:
            raise Refusal(self.errors())

    def errors(self) -> tuple[RegistryError, ...]:
        """The refusal as an error among others; none when allowed."""
        if self.allowed:
            return ()
        return (RegistryError(*_SPOKEN.get(f"{self.act}/{self.reason}", (XdsErrorCode.DMP_ACCESS_DENIED, _DENIED))),)


class ReadableEntry(Protocol):
    """What the law looks at in a registered document. Confidentiality codes without their scheme."""

    @property
    def class_code(self) -> Code: ...
    @property
    def type_code(self) -> Code: ...
    @property
    def confidentiality_codes(self) -> tuple[str, ...]: ...
    @property
    def author_person_ids(self) -> tuple[str, ...]: ...


def may_deposit(requester: Requester, record: Record | None) -> Decision:
    """Decide whether documents may be added to a record (DMP TD2.1). Authorisations govern reading only."""
    if requester.mode == "INDIRECTE_RENFORCEE":
        return Decision(False, Reason.REINFORCED_MODE, "deposit")
    if record is None:
        return Decision(False, Reason.RECORD_UNKNOWN, "deposit")
    if record.status is not RecordStatus.OPEN:
        return Decision(False, Reason.RECORD_CLOSED, "deposit")
    return Decision(True, Reason.GRANTED, "deposit")


def may_consult(
    requester: Requester, record: Record | None, authorisation: Authorisation | None, now: datetime
) -> Decision:
    """Decide whether a requester may search and retrieve in a record. The first rule that applies wins.

    What depends on the requester alone comes first, so that the answer tells nothing of the record.
    """
    reason = _requester_fault(requester) or _record_fault(requester, record, authorisation, now)
    return Decision(reason is None, reason or Reason.GRANTED, "consult")


def may_read(requester: Requester, entry: ReadableEntry) -> Decision:
    """Decide whether a professional who may consult sees one document. The first rule that applies wins.

    INVISIBLE_PATIENT and INVISIBLE_REPRESENTANTS_LEGAUX hide nothing from a professional. The status hides nothing
    either: an obsolete, archived or deleted document appears to whoever asks for that status, and is then readable
    (DMP rights sheet PDT-INF-526).
    """
    own = requester.national_id in entry.author_person_ids
    if entry.type_code.same_concept(LOT_SIGNATURE):
        return Decision(own, Reason.GRANTED if own else Reason.SIGNATURE_DOCUMENT, "read")
    if "MASQUE_PS" in entry.confidentiality_codes and not own:
        return Decision(False, Reason.DOCUMENT_MASKED, "read")
    if not own and not may_profession_read(requester.profession, entry.class_code.code, entry.type_code.code):
        return Decision(False, Reason.DOCUMENT_TYPE, "read")
    return Decision(True, Reason.GRANTED, "read")


def _requester_fault(requester: Requester) -> Reason | None:
    if requester.kind is not RequesterKind.PROFESSIONAL:
        return Reason.NOT_A_PROFESSIONAL
    if requester.mode not in {"DIRECTE", "INDIRECTE_RENFORCEE"}:
        return Reason.INDIRECT_MODE
    if requester.purpose != "normal":
        return Reason.PURPOSE_NOT_OPEN
    if OCCUPATIONAL_MEDICINE in requester.specialties:
        return Reason.OCCUPATIONAL_PHYSICIAN
    return None


def _record_fault(
    requester: Requester, record: Record | None, authorisation: Authorisation | None, now: datetime
) -> Reason | None:
    if record is None:
        return Reason.RECORD_UNKNOWN
    if record.status is not RecordStatus.OPEN:
        return Reason.RECORD_CLOSED
    if authorisation is None or authorisation.professional_id != requester.national_id:
        return Reason.NOT_AUTHORISED
    return _authorisation_fault(authorisation, now)


def _authorisation_fault(authorisation: Authorisation, now: datetime) -> Reason | None:
    if authorisation.status is AuthorisationStatus.INTERDIT:
        return Reason.BLOCKED_BY_PATIENT
    if authorisation.status is AuthorisationStatus.EXPIRE:
        return Reason.AUTHORISATION_EXPIRED
    if authorisation.valid_until is not None and now >= authorisation.valid_until:
        return Reason.AUTHORISATION_EXPIRED
    return None
