"""What a lenient interface admits of a deposit in FHIR, told as warnings (PDSm 3.1.1; DMP draft 0.1.0).

Rows of `profiles.fhir.deviations` tell which rules. What concerns who sends, which patient, and which bytes is
never softened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from cda.document import UnreadableDocument, parse_document
from profiles.fhir.deviations import deviations, softened
from xds.errors import RegistryError, Severity, XdsErrorCode
from xds.messages import SubmitObjectsRequest
from xds.metadata.association import AssociationType

UNSIGNED: Final = "FHIR-UNSIGNED"
EMPTY: Final = "FHIR-EMPTY-DOCUMENT"
_LONGEST_EMPTY: Final = 1024
"""A document without header is short: longer ones are not parsed to find out."""


def soften(error: RegistryError) -> RegistryError:
    """An error that a row admits, as a warning that says what is done; any other as it is."""
    row = softened().get((error.rule, error.location.rpartition("/")[2]))
    if row is None or error.severity is Severity.WARNING:
        return error
    return replace(error, severity=Severity.WARNING, context=f"{error.context}. {row.lenient_en}")


def admitted(deviation: RegistryError) -> RegistryError:
    """A deviation found in reading, as a warning that says what is done."""
    row = deviations()[deviation.rule]
    return replace(deviation, severity=Severity.WARNING, context=f"{deviation.context}. {row.lenient_en}")


def is_signed(request: SubmitObjectsRequest) -> bool:
    """Whether a document says that it signs the lot, before anything is believed of it."""
    return any(item.association_type is AssociationType.SIGNS for item in request.associations)


def is_empty(content: bytes) -> bool:
    """Whether these bytes are a CDA document that has no header, nor anything else."""
    if not 0 < len(content) <= _LONGEST_EMPTY:
        return False
    try:
        return len(parse_document(content).root) == 0
    except UnreadableDocument:
        return False


def soften_judgment(
    errors: Iterable[RegistryError], documents: Iterable[tuple[str, bytes]], *, signed: bool
) -> Iterator[RegistryError]:
    """What was found of a lot, as a lenient interface tells it; `documents` are bytes by uniqueId."""
    empty = frozenset(unique_id for unique_id, content in documents if is_empty(content))
    for error in errors:
        about = error.context.partition(":")[0]
        inside = error.location.startswith("/ClinicalDocument")
        yield replace(error, severity=Severity.WARNING) if inside and about in empty else soften(error)
    for unique_id in sorted(empty):
        text = f"{unique_id}: the document has no header. {deviations()[EMPTY].lenient_en}"
        yield RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, "/ClinicalDocument", Severity.WARNING, EMPTY)
    if not signed:
        text = f"no document of the lot signs it (relatesTo signs). {deviations()[UNSIGNED].lenient_en}"
        yield RegistryError(XdsErrorCode.REGISTRY_METADATA, text, "Bundle", Severity.WARNING, UNSIGNED)
