"""Registry objects of XDS read from ebRIM: DocumentEntry, SubmissionSet, Association (ITI TF-3 §4.2.3)."""

from __future__ import annotations

import re

from lxml import etree

from xds.ebrim import constants as c
from xds.ebrim.faults import Faults
from xds.ebrim.registry_object import RegistryObject
from xds.errors import Refusal
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import STABLE, AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet

_ENTRY_CLASSIFICATIONS = frozenset(
    (
        c.AUTHOR,
        c.CLASS_CODE,
        c.CONFIDENTIALITY_CODE,
        c.EVENT_CODE_LIST,
        c.FORMAT_CODE,
        c.HEALTHCARE_FACILITY_TYPE_CODE,
        c.PRACTICE_SETTING_CODE,
        c.TYPE_CODE,
    )
)
_ENTRY_IDENTIFIERS = frozenset((c.ENTRY_PATIENT_ID, c.ENTRY_UNIQUE_ID))
_SET_CLASSIFICATIONS = frozenset((c.SUBMISSION_SET_AUTHOR, c.CONTENT_TYPE_CODE))
_SET_IDENTIFIERS = frozenset((c.SUBMISSION_SET_PATIENT_ID, c.SUBMISSION_SET_SOURCE_ID, c.SUBMISSION_SET_UNIQUE_ID))
_ASSOCIATION_TYPES = {str(kind): kind for kind in AssociationType}
_STATUSES = {str(status): status for status in AvailabilityStatus}
_INTEGER = re.compile(r"\+?[0-9]{1,18}")
_VERSION_INFO = f"{{{c.RIM}}}VersionInfo"


def read_entry(element: etree._Element, faults: Faults | None = None) -> DocumentEntry:
    """Read one `rim:ExtrinsicObject`. What is wrong goes to `faults`; without it, raises Refusal."""
    notes = faults if faults is not None else Faults()
    entry = _entry(RegistryObject(element, path_of(element), notes))
    if faults is None and notes.found:
        raise Refusal(notes.found)
    return entry


def read_submission_set(element: etree._Element, faults: Faults | None = None) -> SubmissionSet:
    """Read one `rim:RegistryPackage` labelled SubmissionSet; faults as for `read_entry`."""
    notes = faults if faults is not None else Faults()
    submission_set = _submission_set(RegistryObject(element, path_of(element), notes))
    if faults is None and notes.found:
        raise Refusal(notes.found)
    return submission_set


def read_association(element: etree._Element, faults: Faults | None = None) -> Association | None:
    """Read one `rim:Association`; None, with the fault noted, when its type is not one of a submission."""
    notes = faults if faults is not None else Faults()
    association = _association(RegistryObject(element, path_of(element), notes))
    if faults is None and notes.found:
        raise Refusal(notes.found)
    return association


def path_of(element: etree._Element) -> str:
    """How faults name an object: `ExtrinsicObject[Document01]`."""
    return f"{etree.QName(element).localname}[{element.get('id', '')}]"


def _entry(source: RegistryObject) -> DocumentEntry:
    source.check_schemes(_ENTRY_CLASSIFICATIONS, _ENTRY_IDENTIFIERS)
    return DocumentEntry(
        entry_uuid=source.attribute("id"),
        logical_id=source.element.get("lid"),
        object_type=source.attribute("objectType") or STABLE,
        mime_type=source.attribute("mimeType"),
        home_community_id=source.element.get("home"),
        # A status received with a submission is ignored by the registry; in an answer it counts.
        availability_status=_STATUSES.get(source.element.get("status", ""), AvailabilityStatus.APPROVED),
        version=_version(source),
        creation_time=source.required("creationTime"),
        hash=source.optional("hash"),
        language_code=source.required("languageCode"),
        legal_authenticator=source.optional("legalAuthenticator"),
        repository_unique_id=source.optional("repositoryUniqueId"),
        service_start_time=source.optional("serviceStartTime"),
        service_stop_time=source.optional("serviceStopTime"),
        size=_size(source),
        source_patient_id=source.required("sourcePatientId"),
        source_patient_info=source.values("sourcePatientInfo"),
        uri=source.uri(),
        document_availability=source.optional("documentAvailability"),
        reference_ids=source.values(c.REFERENCE_ID_LIST),
        title=source.name,
        comments=source.description,
        authors=source.authors(c.AUTHOR),
        class_code=source.code(c.CLASS_CODE),
        confidentiality_codes=source.codes(c.CONFIDENTIALITY_CODE, required=True),
        event_codes=source.codes(c.EVENT_CODE_LIST),
        format_code=source.code(c.FORMAT_CODE),
        healthcare_facility_type_code=source.code(c.HEALTHCARE_FACILITY_TYPE_CODE),
        practice_setting_code=source.code(c.PRACTICE_SETTING_CODE),
        type_code=source.code(c.TYPE_CODE),
        patient_id=source.identifier(c.ENTRY_PATIENT_ID),
        unique_id=source.identifier(c.ENTRY_UNIQUE_ID),
        extra=source.extra(),
    )


def _submission_set(source: RegistryObject) -> SubmissionSet:
    source.check_schemes(_SET_CLASSIFICATIONS, _SET_IDENTIFIERS)
    return SubmissionSet(
        entry_uuid=source.attribute("id"),
        home_community_id=source.element.get("home"),
        submission_time=source.required("submissionTime"),
        intended_recipients=source.values("intendedRecipient"),
        title=source.name,
        comments=source.description,
        authors=source.authors(c.SUBMISSION_SET_AUTHOR),
        content_type_code=source.code(c.CONTENT_TYPE_CODE),
        patient_id=source.identifier(c.SUBMISSION_SET_PATIENT_ID),
        source_id=source.identifier(c.SUBMISSION_SET_SOURCE_ID),
        unique_id=source.identifier(c.SUBMISSION_SET_UNIQUE_ID),
        extra=source.extra(),
    )


def _association(source: RegistryObject) -> Association | None:
    source.check_schemes(frozenset((c.ASSOCIATION_DOCUMENTATION,)), frozenset())
    found = source.attribute("associationType")
    entry_uuid = source.attribute("id")
    kind = _ASSOCIATION_TYPES.get(found)
    if kind is None:
        location = f"{source.path}/@associationType"
        if found in c.UPDATE_OPERATIONS:
            source.faults.add("M9", location, found, "no order of Update Document Set (ITI-57) in a submission")
        elif found:
            source.faults.add("A1", location, found, "an association type of ITI TF-3 §4.2.2")
        return None
    return Association(
        entry_uuid=entry_uuid,
        association_type=kind,
        source=source.attribute("sourceObject"),
        target=source.attribute("targetObject"),
        submission_set_status=source.optional("SubmissionSetStatus"),
        documentation=source.code(c.ASSOCIATION_DOCUMENTATION, required=False),
        extra=source.extra(),
    )


def _size(source: RegistryObject) -> int | None:
    text = source.optional("size")
    if text is None:
        return None
    if not _INTEGER.fullmatch(text):
        source.faults.add("O3", f"{source.path}/Slot[size]", text, "a number of bytes")
        return None
    return int(text)


def _version(source: RegistryObject) -> int:
    information = source.element.find(_VERSION_INFO)
    name = "1" if information is None else information.get("versionName", "1")
    # The schema's own default is "1.1" (ebRIM 3.0 §2.3.11): what is no number says nothing.
    return int(name) if _INTEGER.fullmatch(name) else 1
