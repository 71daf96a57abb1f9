"""Registry objects of XDS read from ebRIM: DocumentEntry, SubmissionSet, Folder, Association (ITI TF-3 §4.2.3).

What is wrong goes to `faults`; a reader that is given none raises Refusal instead. `limited` reads objects of media
(ITI TF-2 §3.32): what the XDM column requires only if known is "" or None when absent, and no fault.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from xds.ebrim import constants as c
from xds.ebrim.faults import Faults
from xds.ebrim.registry_object import RegistryObject
from xds.errors import Refusal
from xds.metadata.association import UPDATE_OPERATIONS, Association, AssociationType
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

_ENTRY_CLASSIFICATIONS: Final = frozenset(
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
_ENTRY_IDENTIFIERS: Final = frozenset((c.ENTRY_PATIENT_ID, c.ENTRY_UNIQUE_ID))
_ENTRY_NODES: Final = frozenset((c.ENTRY_LIMITED_METADATA,))
_SET_CLASSIFICATIONS: Final = frozenset((c.SUBMISSION_SET_AUTHOR, c.CONTENT_TYPE_CODE))
_SET_IDENTIFIERS: Final = frozenset(
    (c.SUBMISSION_SET_PATIENT_ID, c.SUBMISSION_SET_SOURCE_ID, c.SUBMISSION_SET_UNIQUE_ID)
)
_SET_NODES: Final = frozenset((c.SUBMISSION_SET, c.SUBMISSION_SET_LIMITED_METADATA))
_FOLDER_CLASSIFICATIONS: Final = frozenset((c.FOLDER_CODE_LIST,))
_FOLDER_IDENTIFIERS: Final = frozenset((c.FOLDER_PATIENT_ID, c.FOLDER_UNIQUE_ID))
_FOLDER_NODES: Final = frozenset((c.FOLDER, c.FOLDER_LIMITED_METADATA))
_ASSOCIATION_CLASSIFICATIONS: Final = frozenset((c.ASSOCIATION_DOCUMENTATION,))
_MEDIA_SLOTS: Final = ("hash", "size", "URI")
_UPDATE_SLOTS: Final = ("PreviousVersion", "AssociationPropagation", "OriginalStatus", "NewStatus")
_ASSOCIATION_TYPES = {str(kind): kind for kind in AssociationType}
_STATUSES = {str(status): status for status in AvailabilityStatus}
_INTEGER = re.compile(r"\+?[0-9]{1,18}")
_VERSION_INFO = f"{{{c.RIM}}}VersionInfo"


def read_entry(element: etree._Element, faults: Faults | None = None, *, limited: bool = False) -> DocumentEntry:
    """Read one `rim:ExtrinsicObject`. creationTime may be absent from an on-demand entry: it is then empty."""
    notes = faults if faults is not None else Faults()
    entry = _entry(RegistryObject(element, path_of(element), notes, limited=limited))
    if faults is None and notes.found:
        raise Refusal(notes.found)
    return entry


def read_submission_set(
    element: etree._Element, faults: Faults | None = None, *, limited: bool = False
) -> SubmissionSet:
    """Read one `rim:RegistryPackage` labelled SubmissionSet."""
    notes = faults if faults is not None else Faults()
    submission_set = _submission_set(RegistryObject(element, path_of(element), notes, limited=limited))
    if faults is None and notes.found:
        raise Refusal(notes.found)
    return submission_set


def read_folder(element: etree._Element, faults: Faults | None = None, *, limited: bool = False) -> Folder:
    """Read one `rim:RegistryPackage` labelled Folder."""
    notes = faults if faults is not None else Faults()
    folder = _folder(RegistryObject(element, path_of(element), notes, limited=limited))
    if faults is None and notes.found:
        raise Refusal(notes.found)
    return folder


def read_association(
    element: etree._Element, faults: Faults | None = None, *, update: bool = True
) -> Association | None:
    """Read one `rim:Association`; None, with the fault noted, when its type is not one of this message.

    `update`: Update Document Set may order with it; else its orders and its slots are faults (M9).
    """
    notes = faults if faults is not None else Faults()
    association = _association(RegistryObject(element, path_of(element), notes), update=update)
    if faults is None and notes.found:
        raise Refusal(notes.found)
    return association


def path_of(element: etree._Element) -> str:
    """How faults name an object: `ExtrinsicObject[Document01]`."""
    return f"{etree.QName(element).localname}[{element.get('id', '')}]"


def _entry(source: RegistryObject) -> DocumentEntry:
    source.check_schemes(_ENTRY_CLASSIFICATIONS, _ENTRY_IDENTIFIERS, _ENTRY_NODES)
    object_type = source.attribute("objectType") or STABLE
    # An on-demand entry has no creationTime (ITI TF-3 §4.3.1): whether it may be there is for the rules of its message.
    creation_time = source.optional if object_type == ON_DEMAND else source.required
    if source.limited:
        source.expect(*_MEDIA_SLOTS)
    return DocumentEntry(
        entry_uuid=source.attribute("id"),
        logical_id=source.element.get("lid"),
        object_type=object_type,
        mime_type=source.attribute("mimeType"),
        home_community_id=source.element.get("home"),
        availability_status=_status(source),
        limited_metadata=source.is_marked(c.ENTRY_LIMITED_METADATA),
        version=_version(source),
        creation_time=creation_time("creationTime") or "",
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
        unique_id=source.identifier(c.ENTRY_UNIQUE_ID, always=True),
        extra=source.extra(),
    )


def _submission_set(source: RegistryObject) -> SubmissionSet:
    source.check_schemes(_SET_CLASSIFICATIONS, _SET_IDENTIFIERS, _SET_NODES)
    return SubmissionSet(
        entry_uuid=source.attribute("id"),
        home_community_id=source.element.get("home"),
        submission_time=source.required("submissionTime", always=True),
        limited_metadata=source.is_marked(c.SUBMISSION_SET_LIMITED_METADATA),
        intended_recipients=source.values("intendedRecipient"),
        title=source.name,
        comments=source.description,
        authors=source.authors(c.SUBMISSION_SET_AUTHOR),
        content_type_code=source.code(c.CONTENT_TYPE_CODE),
        patient_id=source.identifier(c.SUBMISSION_SET_PATIENT_ID),
        source_id=source.identifier(c.SUBMISSION_SET_SOURCE_ID, always=True),
        unique_id=source.identifier(c.SUBMISSION_SET_UNIQUE_ID, always=True),
        extra=source.extra(),
    )


def _folder(source: RegistryObject) -> Folder:
    source.check_schemes(_FOLDER_CLASSIFICATIONS, _FOLDER_IDENTIFIERS, _FOLDER_NODES)
    if not source.name and not source.limited:
        source.faults.add("O1", f"{source.path}/Name", "nothing", "the required attribute title")
    return Folder(
        entry_uuid=source.attribute("id"),
        logical_id=source.element.get("lid"),
        home_community_id=source.element.get("home"),
        availability_status=_status(source),
        version=_version(source),
        last_update_time=source.optional("lastUpdateTime"),
        title=source.name,
        comments=source.description,
        limited_metadata=source.is_marked(c.FOLDER_LIMITED_METADATA),
        codes=source.codes(c.FOLDER_CODE_LIST, required=True),
        patient_id=source.identifier(c.FOLDER_PATIENT_ID),
        unique_id=source.identifier(c.FOLDER_UNIQUE_ID, always=True),
        extra=source.extra(),
    )


def _association(source: RegistryObject, *, update: bool) -> Association | None:
    source.check_schemes(_ASSOCIATION_CLASSIFICATIONS, frozenset())
    found = source.attribute("associationType")
    entry_uuid = source.attribute("id")
    kind = _ASSOCIATION_TYPES.get(found)
    location = f"{source.path}/@associationType"
    if kind is None:
        if found:
            source.faults.add("A1", location, found, "an association type of ITI TF-3 §4.2.2")
        return None
    if not update:
        expected = "nothing of Update Document Set (ITI-57) in a submission"
        if kind in UPDATE_OPERATIONS:
            source.faults.add("M9", location, found, expected)
            return None
        for name in _UPDATE_SLOTS:
            if name in source.slots:
                source.faults.add("M9", f"{source.path}/Slot[{name}]", name, expected)
    previous_version, propagation, original_status, new_status = map(source.optional, _UPDATE_SLOTS)
    return Association(
        entry_uuid=entry_uuid,
        association_type=kind,
        source=source.attribute("sourceObject"),
        target=source.attribute("targetObject"),
        submission_set_status=source.optional("SubmissionSetStatus"),
        previous_version=previous_version,
        association_propagation=propagation,
        original_status=original_status,
        new_status=new_status,
        availability_status=_status(source),
        documentation=source.code(c.ASSOCIATION_DOCUMENTATION, required=False),
        extra=source.extra(),
    )


def _status(source: RegistryObject) -> AvailabilityStatus:
    # A status received with a submission is ignored by the registry; in an answer it counts.
    return _STATUSES.get(source.element.get("status", ""), AvailabilityStatus.APPROVED)


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
