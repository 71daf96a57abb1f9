"""Canonical addresses of MHD, PDSm and ours (IHE MHD 4.2.4; PDSm 3.1.1; DMP draft 0.1.0)."""

from __future__ import annotations

from typing import Final

from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus

URI: Final = "urn:ietf:rfc:3986"
"""The system of an identifier that is a URI."""
OID: Final = "urn:oid:"

_MHD = "https://profiles.ihe.net/ITI/MHD/StructureDefinition/"
_PDSM = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/"
_OWN = "urn:ecluse:fhir:StructureDefinition:"

DESIGNATION_TYPE: Final = f"{_MHD}ihe-designationType"
SOURCE_ID: Final = f"{_MHD}ihe-sourceId"
SOURCE_PATIENT_ID: Final = f"{_MHD}ihe-sourcePatientId"
AUTHOR_ORG: Final = f"{_MHD}ihe-authorOrg"
INTENDED_RECIPIENT: Final = f"{_MHD}ihe-intendedRecipient"
PDSM_INTENDED_RECIPIENT: Final = f"{_PDSM}pdsm-ext-intended-recipient"
IS_ARCHIVED: Final = f"{_PDSM}pdsm-ext-is-archived"

COMPREHENSIVE_DOCUMENT: Final = f"{_PDSM}pdsm-comprehensive-document-reference"
COMPREHENSIVE_LOT: Final = f"{_PDSM}pdsm-submissionset-comprehensive"
COMPREHENSIVE_FOLDER: Final = f"{_PDSM}pdsm-folder-comprehensive"
COMPREHENSIVE_BUNDLE: Final = f"{_PDSM}pdsm-comprehensive-provide-document-bundle"
SIMPLIFIED_PUBLISH: Final = f"{_PDSM}pdsm-simplified-publish"

LIST_TYPES: Final = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes"
LIST_TYPES_READ: Final = frozenset((LIST_TYPES, "http://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes"))
IDENTIFIER_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"

KEPT: Final = f"{_OWN}xds-text"
"""The text of XDS, where the element beside it says less: written when reading the element gives another text."""
SLOT: Final = f"{_OWN}xds-slot"
"""A slot of extra metadata, its `name` and its `value`s inside (ITI TF-3 §4.2.3.1.6)."""
REPOSITORY: Final = f"{_OWN}xds-repository-unique-id"
XDS_URI: Final = f"{_OWN}xds-uri"
HOME: Final = f"{_OWN}xds-home-community-id"
AVAILABILITY: Final = f"{_OWN}xds-document-availability"
OBJECT_TYPE: Final = f"{_OWN}xds-object-type"
LIMITED: Final = f"{_OWN}xds-limited-metadata"
DELETED: Final = f"{_OWN}sbx-deleted"
"""With `superseded`, which a replaced document is too: says that this one is deleted."""
AUTHOR: Final = f"{_OWN}xds-author"
"""An author as XDS has it, part by part, where the resource it refers to says less."""

STATUS_TO_FHIR: Final = {
    AvailabilityStatus.APPROVED: "current",
    AvailabilityStatus.DEPRECATED: "superseded",
    AvailabilityStatus.ARCHIVED: "current",
    AvailabilityStatus.DELETED: "entered-in-error",
}
"""An archived document is current, with the extension `isArchived` (DMP draft, TD3.3d)."""
STATUS_FROM_FHIR: Final = {
    "current": AvailabilityStatus.APPROVED,
    "superseded": AvailabilityStatus.DEPRECATED,
    "entered-in-error": AvailabilityStatus.DELETED,
}

RELATIONS: Final = {
    AssociationType.RPLC: "replaces",
    AssociationType.APND: "appends",
    AssociationType.XFRM: "transforms",
    AssociationType.SIGNS: "signs",
}
"""XFRM_RPLC is both: `replaces` and `transforms` to one target. A snapshot has no code in FHIR R4."""
