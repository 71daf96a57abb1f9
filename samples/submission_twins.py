"""Spoiled lots: each breaks one rule of ITI-41 and names the answer it deserves (ITI TF-3 §4.2.4; IHE ITI DSG)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from samples.documents.patients import PAUL
from samples.submission import SUBMISSION_SET, Submission
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code


@dataclass(frozen=True, slots=True)
class Twin:
    """One fault. `spoil` makes it in a lot of at least one document.

    `answer` is the errorCode of the RegistryError, or the kind of the fault when the lot is not believed (`SIG_*`).
    """

    name: str
    answer: str
    spoil: Callable[[Submission], Submission]

    @property
    def is_fault(self) -> bool:
        """Whether the answer is a SOAP fault."""
        return self.answer.startswith("SIG_")


def _duplicate_unique_id(lot: Submission) -> Submission:
    return lot.with_entry(-1, unique_id=lot.entries[0].unique_id)


def _altered_character(lot: Submission) -> Submission:
    content = lot.contents[lot.entries[0].entry_uuid]
    return lot.with_content(0, content.replace(b"2024", b"2023", 1), declared=True)


def _member_of_nothing(lot: Submission) -> Submission:
    members = tuple(item for item in lot.associations if item.target != lot.entries[0].entry_uuid)
    return replace(lot, associations=members)


def _replacement_of_nothing(lot: Submission) -> Submission:
    return lot.with_association(
        Association(
            entry_uuid="Replacement99",
            association_type=AssociationType.RPLC,
            source=lot.entries[0].entry_uuid,
            target="urn:uuid:00000000-0000-4000-8000-000000000000",
        )
    )


def _signature_of_another_lot(lot: Submission) -> Submission:
    return lot.with_submission_set(unique_id="2.25.1")


TWINS: Final = (
    Twin("wrong-hash", "XDSRepositoryMetadataError", lambda lot: lot.with_entry(0, hash="0" * 40)),
    Twin("wrong-size", "XDSRepositoryMetadataError", lambda lot: lot.with_entry(0, size=1)),
    Twin("missing-document", "XDSMissingDocument", lambda lot: lot.without_document(lot.entries[0].entry_uuid)),
    Twin("extra-document", "XDSMissingDocumentMetadata", lambda lot: lot.with_document("Document99", b"<extra/>")),
    Twin("duplicate-unique-id", "XDSRegistryDuplicateUniqueIdInMessage", _duplicate_unique_id),
    Twin(
        "unknown-type-code",
        "XDSRegistryMetadataError",
        lambda lot: lot.with_entry(0, type_code=Code("00000-0", "2.16.840.1.113883.6.1", "Inconnu")),
    ),
    Twin(
        "class-code-of-another-type",
        "XDSRegistryMetadataError",
        lambda lot: lot.with_entry(0, class_code=Code("60", "1.2.250.1.213.1.1.4.1", "Données de remboursement")),
    ),
    Twin("no-type-code", "XDSRegistryMetadataError", lambda lot: lot.with_entry(0, type_code=None)),
    Twin("no-author-of-the-lot", "XDSRegistryMetadataError", lambda lot: lot.with_submission_set(authors=())),
    Twin(
        "author-of-another-structure",
        "XDSRegistryMetadataError",
        lambda lot: lot.with_submission_set(
            authors=(
                Author(
                    person=lot.submission_set.authors[0].person,
                    institutions=("Ailleurs^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1690999999",),
                ),
            )
        ),
    ),
    Twin(
        "another-patient-in-an-entry",
        "XDSPatientIdDoesNotMatch",
        lambda lot: lot.with_entry(0, patient_id=PAUL.cx),
    ),
    Twin("document-outside-the-lot", "XDSRegistryMetadataError", _member_of_nothing),
    Twin("replacement-of-nothing", "UnresolvedReferenceException", _replacement_of_nothing),
    Twin("unsigned", "SIG_MISSING", lambda lot: lot.without_signature()),
    Twin("signs-nothing", "SIG_MISSING", lambda lot: lot.without_associations(AssociationType.SIGNS)),
    Twin("altered-after-signature", "SIG_INVALID", _altered_character),
    Twin("signature-of-another-lot", "SIG_COVERAGE", _signature_of_another_lot),
    Twin(
        "signature-that-is-no-signature",
        "SIG_STRUCTURE",
        lambda lot: lot.with_content(-1, b"<signature/>", declared=True),
    ),
    Twin(
        "signed-twice",
        "SIG_STRUCTURE",
        lambda lot: lot.with_association(
            Association(
                entry_uuid="Signs02",
                association_type=AssociationType.SIGNS,
                source=lot.entries[0].entry_uuid,
                target=SUBMISSION_SET,
            )
        ),
    ),
)
