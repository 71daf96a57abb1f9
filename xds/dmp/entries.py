"""What the law looks at in a document, and the facts that it draws from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from profiles.dmp.rights import DocumentKind
from xds.dmp.parameters import Parameters
from xds.dmp.requester import Requester, RequesterKind
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus

LOT_SIGNATURE = Code("E1762", "ASTM")
MASKED, INVISIBLE, HIDDEN_FROM_GUARDIANS = "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"

_CLASS_OF_THE_PATIENT = "90"
_TYPES_OF_THE_PATIENT = ("DOCPAT", "EXPPAT")
_KINDS = {
    AvailabilityStatus.ARCHIVED: DocumentKind.ARCHIVED,
    AvailabilityStatus.DEPRECATED: DocumentKind.OBSOLETE,
    AvailabilityStatus.DELETED: DocumentKind.DELETED,
}


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
    @property
    def author_structure_ids(self) -> tuple[str, ...]: ...
    @property
    def status(self) -> AvailabilityStatus: ...
    @property
    def depositor_id(self) -> str: ...


def special_kinds(entry: ReadableEntry) -> Iterator[DocumentKind]:
    """The rows of the matrix that a document stands in, besides the common one."""
    if MASKED in entry.confidentiality_codes:
        yield DocumentKind.MASKED
    if INVISIBLE in entry.confidentiality_codes or HIDDEN_FROM_GUARDIANS in entry.confidentiality_codes:
        yield DocumentKind.INVISIBLE
    kind = _KINDS.get(entry.status)
    if kind is not None:
        yield kind


def is_lot_signature(entry: ReadableEntry) -> bool:
    """Whether the document is the signature of a lot, which is nobody's reading (DMP TD2.1)."""
    return entry.type_code.same_concept(LOT_SIGNATURE)


def is_the_patients(entry: ReadableEntry) -> bool:
    """Whether the document is one of the patient: of class 90, or of the types that the patient deposits."""
    return entry.class_code.code == _CLASS_OF_THE_PATIENT or entry.type_code.code.startswith(_TYPES_OF_THE_PATIENT)


def is_author(requester: Requester, entry: ReadableEntry) -> bool:
    """Whether a person is an author of the document."""
    return requester.kind is not RequesterKind.SYSTEM and requester.national_id in entry.author_person_ids


def is_of_structure(requester: Requester, entry: ReadableEntry) -> bool:
    """Whether the requester's structure, or one of its CPE, is the author of the document, or deposited it."""
    structure = requester.structure_id or (requester.national_id if requester.kind is RequesterKind.STRUCTURE else None)
    if structure is None or not requester.is_of_its_structure:
        return False
    return structure in entry.author_structure_ids or structure == entry.depositor_id


def is_own(requester: Requester, entry: ReadableEntry, parameters: Parameters) -> bool:
    """Whether a masked document stays open to the requester, who deposited it (CSP R1111-49)."""
    if is_author(requester, entry):
        return True
    return parameters.mask_author_scope == "structure" and is_of_structure(requester, entry)
