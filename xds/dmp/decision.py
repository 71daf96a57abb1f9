"""What the law answers: yes or no, the rule that decided, and what the other side is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from xds.dmp.operations import DISCREET, Operation
from xds.errors import Refusal, RegistryError, Severity, XdsErrorCode


class Rule(StrEnum):
    """The rule that decided; its number is that of the step, in the order in which steps are taken.

    For traces and for the audit trail: the other side reads the standard code only.
    """

    GRANTED = "GRANTED"
    REASON_MISSING = "2-REASON-MISSING"
    RECORD_UNKNOWN = "5-RECORD-UNKNOWN"
    RECORD_CLOSED = "5-RECORD-CLOSED"
    RECORD_SUSPENDED = "5-RECORD-SUSPENDED"
    RECORD_FOUND = "5-RECORD-FOUND"
    RECORD_OPEN = "5-RECORD-OPEN"
    REGIME = "5-REGIME"
    ATTACHED_TO_ENS = "5-ATTACHED-TO-ENS"
    HOLDER_DECEASED = "5-HOLDER-DECEASED"
    MATRIX = "6-MATRIX"
    CONDITION_STRUCTURE = "6-CONDITION-STRUCTURE"
    CONDITION_OWN_DOCUMENT = "6-CONDITION-OWN-DOCUMENT"
    CONDITION_OWN_STRUCTURE = "6-CONDITION-OWN-STRUCTURE"
    CONDITION_PATIENT_DOCUMENT = "6-CONDITION-PATIENT-DOCUMENT"
    CONDITION_PATIENT_OWN_DOCUMENT = "6-CONDITION-PATIENT-OWN-DOCUMENT"
    NOT_REPRESENTED = "6-NOT-REPRESENTED"
    NOT_A_MINOR = "6-NOT-A-MINOR"
    READ_BY_PATIENT = "6-READ-BY-PATIENT"
    BLOCKED_BY_PATIENT = "7-BLOCKED-BY-PATIENT"
    NOT_AUTHORISED = "8-NOT-AUTHORISED"
    AUTHORISATION_EXPIRED = "8-AUTHORISATION-EXPIRED"
    REGULATION_DENIED = "8-REGULATION-DENIED"
    BREAK_GLASS_DENIED = "8-BREAK-GLASS-DENIED"
    DOCUMENT_TYPE = "9-DOCUMENT-TYPE"
    DOCUMENT_MASKED = "10-DOCUMENT-MASKED"
    DOCUMENT_INVISIBLE = "10-DOCUMENT-INVISIBLE"
    SIGNATURE_DOCUMENT = "10-SIGNATURE-DOCUMENT"
    DOCUMENT_STATUS = "11-DOCUMENT-STATUS"


DENIED = "the requester has no right to this"
_SPOKEN: Mapping[Rule, tuple[XdsErrorCode, str]] = MappingProxyType(
    {
        Rule.RECORD_UNKNOWN: (XdsErrorCode.UNKNOWN_PATIENT_ID, "no record for this patient"),
        Rule.RECORD_CLOSED: (XdsErrorCode.DMP_CLOSED, "the record of this patient is closed"),
        Rule.RECORD_SUSPENDED: (XdsErrorCode.RECORD_SUSPENDED, "the record of this patient is suspended"),
        Rule.RECORD_FOUND: (XdsErrorCode.DMP_FOUND, "this patient has a record already"),
        Rule.RECORD_OPEN: (XdsErrorCode.DMP_FOUND, "the record of this patient is active: nothing to reactivate"),
        Rule.REGIME: (
            XdsErrorCode.DMP_ACCESS_DENIED,
            "records are created with Mon espace santé, not by professionals",
        ),
        Rule.ATTACHED_TO_ENS: (XdsErrorCode.DMP_ACCESS_DENIED, "the record is attached to Mon espace santé"),
        Rule.CONDITION_STRUCTURE: (XdsErrorCode.DMP_ACCESS_DENIED, "the structure that acts is not known"),
        Rule.CONDITION_OWN_DOCUMENT: (XdsErrorCode.DMP_ACCESS_DENIED, "only the author of a document may do this"),
        Rule.CONDITION_OWN_STRUCTURE: (
            XdsErrorCode.DMP_ACCESS_DENIED,
            "only the structure that is the author of a document may do this",
        ),
        Rule.CONDITION_PATIENT_DOCUMENT: (
            XdsErrorCode.DMP_ACCESS_DENIED,
            "only the patient and the médecin traitant may do this to a document of the patient",
        ),
        Rule.CONDITION_PATIENT_OWN_DOCUMENT: (
            XdsErrorCode.DMP_ACCESS_DENIED,
            "the patient may do this to a document of his own only",
        ),
        Rule.NOT_A_MINOR: (XdsErrorCode.DMP_ACCESS_DENIED, "the holder of the record is no minor"),
        Rule.READ_BY_PATIENT: (
            XdsErrorCode.DMP_ACCESS_DENIED,
            "the patient has read the document: it cannot be hidden from him again",
        ),
        Rule.BLOCKED_BY_PATIENT: (
            XdsErrorCode.DMP_ACCESS_DENIED,
            "the patient has closed the record to this requester",
        ),
    }
)
_OF_THE_DOCUMENT = frozenset(
    (
        Rule.CONDITION_OWN_DOCUMENT,
        Rule.CONDITION_OWN_STRUCTURE,
        Rule.CONDITION_PATIENT_DOCUMENT,
        Rule.CONDITION_PATIENT_OWN_DOCUMENT,
        Rule.NOT_A_MINOR,
        Rule.READ_BY_PATIENT,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict and the rule that gave it.

    `condition` are the letters of the cell of the matrix that says yes: `b` and `c` limit what is listed, `e` what is
    searched. `told` is what a refusal may say aloud: it depends on the requester alone. `hides`: the document must look
    absent. `warning` goes with a yes. `assumed` are the unverified rules that were used, for the answer to say so.
    """

    allowed: bool
    rule: Rule
    operation: Operation
    condition: str = ""
    told: str = ""
    hides: bool = False
    warning: str = ""
    assumed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed

    def errors(self) -> tuple[RegistryError, ...]:
        """The refusal as an error among others; none when allowed.

        Where documents are consulted, a record that is unknown, closed, or closed to this requester gives one and the
        same error: an answer must not tell who has a record.
        """
        if self.allowed:
            return ()
        if self.told:
            return (RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, self.told),)
        if self.hides or (self.operation in DISCREET and self.rule not in _OF_THE_DOCUMENT):
            return (RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, DENIED),)
        return (RegistryError(*_SPOKEN.get(self.rule, (XdsErrorCode.DMP_ACCESS_DENIED, DENIED))),)

    def warnings(self) -> tuple[RegistryError, ...]:
        """What goes with a success."""
        if not self.warning:
            return ()
        return (RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, self.warning, severity=Severity.WARNING),)

    def or_refuse(self) -> None:
        """Raise Refusal when not allowed."""
        if not self.allowed:
            raise Refusal(self.errors(), decided_by=self.rule.value)
