"""Standard error codes and the refusal that carries them (ITI TF-3 §4.2.4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class XdsErrorCode(StrEnum):
    """Codes of `rs:RegistryError/@errorCode` that we emit, spelled as published."""

    MISSING_DOCUMENT = "XDSMissingDocument"
    MISSING_DOCUMENT_METADATA = "XDSMissingDocumentMetadata"
    REPOSITORY_METADATA = "XDSRepositoryMetadataError"
    REGISTRY_METADATA = "XDSRegistryMetadataError"
    DUPLICATE_UNIQUE_ID_IN_MESSAGE = "XDSRegistryDuplicateUniqueIdInMessage"
    DUPLICATE_UNIQUE_ID_IN_REGISTRY = "XDSDuplicateUniqueIdInRegistry"
    NON_IDENTICAL_HASH = "XDSNonIdenticalHash"
    NON_IDENTICAL_SIZE = "XDSNonIdenticalSize"
    UNKNOWN_PATIENT_ID = "XDSUnknownPatientId"
    PATIENT_ID_DOES_NOT_MATCH = "XDSPatientIdDoesNotMatch"
    UNRESOLVED_REFERENCE = "UnresolvedReferenceException"
    DEPRECATED_DOCUMENT = "XDSRegistryDeprecatedDocumentError"
    INVALID_DOCUMENT_CONTENT = "InvalidDocumentContent"
    REGISTRY_BUSY = "XDSRegistryBusy"
    REPOSITORY_OUT_OF_RESOURCES = "XDSRepositoryOutOfResources"
    REGISTRY = "XDSRegistryError"
    REPOSITORY = "XDSRepositoryError"
    REGISTRY_NOT_AVAILABLE = "XDSRegistryNotAvailable"
    UNKNOWN_STORED_QUERY = "XDSUnknownStoredQuery"
    STORED_QUERY_MISSING_PARAM = "XDSStoredQueryMissingParam"
    STORED_QUERY_PARAM_NUMBER = "XDSStoredQueryParamNumber"
    TOO_MANY_RESULTS = "XDSTooManyResults"
    RESULT_NOT_SINGLE_PATIENT = "XDSResultNotSinglePatient"
    DOCUMENT_UNIQUE_ID = "XDSDocumentUniqueIdError"
    UNKNOWN_REPOSITORY_ID = "XDSUnknownRepositoryId"
    METADATA_UPDATE = "XDSMetadataUpdateError"
    METADATA_UPDATE_OPERATION = "XDSMetadataUpdateOperationError"
    METADATA_VERSION = "XDSMetadataVersionError"
    PATIENT_ID_RECONCILIATION = "XDSPatientIDReconciliationError"
    REFERENCES_EXIST = "ReferencesExistException"
    UNREFERENCED_OBJECT = "XDSUnreferencedObjectException"
    METADATA_MODEL = "XDSMetadataModelException"
    REMOVE_DOCUMENTS = "XDSRemoveDocumentsError"
    DMP_CLOSED = "DMPClosed"
    DMP_FOUND = "DMPFound"
    RECORD_SUSPENDED = "SBX_RECORD_SUSPENDED"
    DMP_ACCESS_DENIED = "DMPAccessDeniedByRightsService"
    SBX_MESSAGE = "SBX_MESSAGE"
    SBX_CONSENT_MISSING = "SBX_CONSENT_MISSING"
    SBX_NOT_A_MINOR = "SBX_NOT_A_MINOR"
    SBX_HOLDER_DECEASED = "SBX_HOLDER_DECEASED"
    SBX_INS_NOT_QUALIFIED = "SBX_INS_NOT_QUALIFIED"
    SBX_AUTHORISATION = "SBX_AUTHORISATION"
    SBX_PATIENT_ACCESS = "SBX_PATIENT_ACCESS"
    SBX_LABEL_AMBIGUOUS = "SBX_LABEL_AMBIGUOUS"


class Severity(StrEnum):
    """Severity of one error (ITI TF-3 §4.2.4.1). A warning travels inside a Success."""

    ERROR = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"
    WARNING = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"


@dataclass(frozen=True, slots=True)
class RegistryError:
    """One `rs:RegistryError`.

    `context` names the object, the attribute, what was found and what was expected. `location` is where in the
    message: an XPath-like path, empty when there is none. `rule` is our identifier of the rule (`O6`, `P2`,
    `DMP-AUTHOR`), empty when the code says it all; it is written at the head of `codeContext`. `found` and `expected`
    repeat what `context` says of a broken rule, for whoever prints them apart.
    """

    code: XdsErrorCode
    context: str
    location: str = ""
    severity: Severity = Severity.ERROR
    rule: str = ""
    found: str | None = field(default=None, compare=False)
    expected: str | None = field(default=None, compare=False)


def disagreement(
    rule: str,
    location: str,
    found: str,
    expected: str,
    code: XdsErrorCode = XdsErrorCode.REGISTRY_METADATA,
    *,
    severity: Severity = Severity.ERROR,
) -> RegistryError:
    """Say what was found at `location` and what `rule` expects there. Texts too long for a context are cut."""
    place = _short(location)
    context = f"{place}: found {_short(found)}, expected {_short(expected)}"
    return RegistryError(code, context, place, severity, rule, _short(found), _short(expected))


def _short(text: str, limit: int = 400) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


class Refusal(Exception):
    """Understood and refused: every error found, never empty.

    `decided_by` is the rule of the law that decided, for the trace that the record keeps: never told to the other side.
    `operation` is what was refused, by its name in the rights sheet, where the message alone does not tell.
    """

    def __init__(self, errors: Iterable[RegistryError], *, decided_by: str = "", operation: str = "") -> None:
        self.errors = tuple(errors)
        self.decided_by = decided_by
        self.operation = operation
        super().__init__(", ".join(error.code for error in self.errors))
