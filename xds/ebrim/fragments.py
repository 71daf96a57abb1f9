"""Registry objects in ebRIM 3.0, written by concatenation (ITI TF-3 §4.2).

A fragment stands alone: it declares its namespace and can be stored, then concatenated into an answer. Children come
in the order that the schema fixes: Slot, Name, Description, VersionInfo, Classification, ExternalIdentifier.

Every fragment begins with the name of its element, its namespace and `status`, in this order, so that the status has
a fixed place: `with_status` changes it without reading the rest. A store may so keep the fragment as registered and
the status beside it. For the same reason `home` is the last attribute, and a folder's lastUpdateTime its first child:
`with_home` and `with_last_update_time` change them the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from xds.ebrim import constants as c
from xds.ebrim.escaping import escape
from xds.ebrim.parts import (
    Ids,
    author_parts,
    code_part,
    code_parts,
    extra_slots,
    home_attribute,
    identifier_part,
    mark,
    slot,
    slots,
    text,
)
from xds.metadata.association import Association
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

_OPENING = f' xmlns:rim="{c.RIM}" status="'
_OPENINGS = tuple(f"<rim:{name}{_OPENING}".encode() for name in ("ExtrinsicObject", "RegistryPackage", "Association"))
_LAST_UPDATE_TIME = re.compile(
    rb'(<rim:RegistryPackage [^>]*><rim:Slot name="lastUpdateTime"><rim:ValueList><rim:Value>)[^<]*'
)
_HOME = re.compile(rb' home="[^"]*"')


def with_status(fragment: bytes, status: AvailabilityStatus) -> bytes:
    """Return a fragment of this module with another availability status.

    Raises ValueError: the bytes were not written by this module.
    """
    for opening in _OPENINGS:
        if fragment.startswith(opening):
            return opening + status.encode() + fragment[fragment.index(b'"', len(opening)) :]
    raise ValueError("not a fragment of this writer: the status is not where it belongs")


def with_home(fragment: bytes, home: str) -> bytes:
    """Return a fragment of this module with this homeCommunityId (ITI TF-3 §4.2.3.2.12), whatever it had.

    Raises ValueError: the bytes were not written by this module.
    """
    if not fragment.startswith(_OPENINGS):
        raise ValueError("not a fragment of this writer")
    end = fragment.index(b">")
    return _HOME.sub(b"", fragment[:end]) + home_attribute(home).encode() + fragment[end:]


def with_last_update_time(fragment: bytes, last_update_time: str) -> bytes:
    """Return a folder of this module with another lastUpdateTime, a DTM of 14 digits (ITI TF-3 §4.2.3.4.7).

    Raises ValueError: the bytes are no folder of this module, or one without lastUpdateTime.
    """
    found = _LAST_UPDATE_TIME.match(fragment)
    if found is None:
        raise ValueError("not a folder of this writer: its lastUpdateTime is not where it belongs")
    return found[1] + last_update_time.encode() + fragment[found.end() :]


def write_entry(entry: DocumentEntry) -> bytes:
    """Write one DocumentEntry as a `rim:ExtrinsicObject` (ITI TF-3 §4.2.3.2).

    With a real entryUUID the ids of its parts are real UUIDs derived from it; with a symbolic one they are symbolic.
    `lid` is the logicalID, or the entryUUID of a first version. `home` is written only if set.
    """
    ids = Ids(entry.entry_uuid)
    out = [
        f'<rim:ExtrinsicObject{_OPENING}{entry.availability_status}" id="{ids.parent}"'
        f' lid="{escape(entry.logical_id or entry.entry_uuid)}" objectType="{escape(entry.object_type)}"'
        f' mimeType="{escape(entry.mime_type)}"{home_attribute(entry.home_community_id)}>',
        slot("creationTime", entry.creation_time),
        slot("hash", entry.hash),
        slot("languageCode", entry.language_code),
        slot("legalAuthenticator", entry.legal_authenticator),
        slot("repositoryUniqueId", entry.repository_unique_id),
        slot("serviceStartTime", entry.service_start_time),
        slot("serviceStopTime", entry.service_stop_time),
        slot("size", None if entry.size is None else str(entry.size)),
        slot("sourcePatientId", entry.source_patient_id),
        slots("sourcePatientInfo", entry.source_patient_info),
        slot("URI", entry.uri),
        slot("documentAvailability", entry.document_availability),
        slots(c.REFERENCE_ID_LIST, entry.reference_ids),
        extra_slots(entry.extra),
        text("Name", entry.title),
        text("Description", entry.comments),
        f'<rim:VersionInfo versionName="{entry.version}"/>',
        mark(ids, c.ENTRY_LIMITED_METADATA) if entry.limited_metadata else "",
        author_parts(ids, c.AUTHOR, entry.authors),
        code_part(ids, c.CLASS_CODE, entry.class_code),
        code_parts(ids, c.CONFIDENTIALITY_CODE, entry.confidentiality_codes),
        code_parts(ids, c.EVENT_CODE_LIST, entry.event_codes),
        code_part(ids, c.FORMAT_CODE, entry.format_code),
        code_part(ids, c.HEALTHCARE_FACILITY_TYPE_CODE, entry.healthcare_facility_type_code),
        code_part(ids, c.PRACTICE_SETTING_CODE, entry.practice_setting_code),
        code_part(ids, c.TYPE_CODE, entry.type_code),
        identifier_part(ids, c.ENTRY_PATIENT_ID, entry.patient_id),
        identifier_part(ids, c.ENTRY_UNIQUE_ID, entry.unique_id),
        "</rim:ExtrinsicObject>",
    ]
    return "".join(out).encode()


def write_submission_set(
    submission_set: SubmissionSet, status: AvailabilityStatus = AvailabilityStatus.APPROVED
) -> bytes:
    """Write the SubmissionSet as a labelled `rim:RegistryPackage` (ITI TF-3 §4.2.3.3)."""
    ids = Ids(submission_set.entry_uuid)
    out = [
        f'<rim:RegistryPackage{_OPENING}{status}" id="{ids.parent}" lid="{ids.parent}"'
        f' objectType="{c.OBJECT_TYPE}RegistryPackage"{home_attribute(submission_set.home_community_id)}>',
        slot("submissionTime", submission_set.submission_time),
        slots("intendedRecipient", submission_set.intended_recipients),
        extra_slots(submission_set.extra),
        text("Name", submission_set.title),
        text("Description", submission_set.comments),
        '<rim:VersionInfo versionName="1"/>',
        mark(ids, c.SUBMISSION_SET),
        mark(ids, c.SUBMISSION_SET_LIMITED_METADATA) if submission_set.limited_metadata else "",
        author_parts(ids, c.SUBMISSION_SET_AUTHOR, submission_set.authors),
        code_part(ids, c.CONTENT_TYPE_CODE, submission_set.content_type_code),
        identifier_part(ids, c.SUBMISSION_SET_PATIENT_ID, submission_set.patient_id),
        identifier_part(ids, c.SUBMISSION_SET_SOURCE_ID, submission_set.source_id),
        identifier_part(ids, c.SUBMISSION_SET_UNIQUE_ID, submission_set.unique_id),
        "</rim:RegistryPackage>",
    ]
    return "".join(out).encode()


def write_folder(folder: Folder) -> bytes:
    """Write one Folder as a labelled `rim:RegistryPackage` (ITI TF-3 §4.2.3.4); `lid` and `home` as for an entry."""
    ids = Ids(folder.entry_uuid)
    out = [
        f'<rim:RegistryPackage{_OPENING}{folder.availability_status}" id="{ids.parent}"'
        f' lid="{escape(folder.logical_id or folder.entry_uuid)}"'
        f' objectType="{c.OBJECT_TYPE}RegistryPackage"{home_attribute(folder.home_community_id)}>',
        slot("lastUpdateTime", folder.last_update_time),
        extra_slots(folder.extra),
        text("Name", folder.title),
        text("Description", folder.comments),
        f'<rim:VersionInfo versionName="{folder.version}"/>',
        mark(ids, c.FOLDER),
        mark(ids, c.FOLDER_LIMITED_METADATA) if folder.limited_metadata else "",
        code_parts(ids, c.FOLDER_CODE_LIST, folder.codes),
        identifier_part(ids, c.FOLDER_PATIENT_ID, folder.patient_id),
        identifier_part(ids, c.FOLDER_UNIQUE_ID, folder.unique_id),
        "</rim:RegistryPackage>",
    ]
    return "".join(out).encode()


def write_association(association: Association, status: AvailabilityStatus | None = None) -> bytes:
    """Write one `rim:Association` (ITI TF-3 §4.2.2), with its own status if no other is given."""
    ids = Ids(association.entry_uuid)
    out = [
        f'<rim:Association{_OPENING}{status or association.availability_status}" id="{ids.parent}" lid="{ids.parent}"'
        f' objectType="{c.OBJECT_TYPE}Association" associationType="{association.association_type}"'
        f' sourceObject="{escape(association.source)}" targetObject="{escape(association.target)}">',
        slot("SubmissionSetStatus", association.submission_set_status),
        slot("PreviousVersion", association.previous_version),
        slot("AssociationPropagation", association.association_propagation),
        slot("OriginalStatus", association.original_status),
        slot("NewStatus", association.new_status),
        extra_slots(association.extra),
        '<rim:VersionInfo versionName="1"/>',
        code_part(ids, c.ASSOCIATION_DOCUMENTATION, association.documentation),
        "</rim:Association>",
    ]
    return "".join(out).encode()


def write_submit_objects(
    submission_set: SubmissionSet,
    entries: Iterable[DocumentEntry],
    associations: Iterable[Association],
    folders: Iterable[Folder] = (),
) -> bytes:
    """Write `lcm:SubmitObjectsRequest`, the metadata of a submission (ITI TF-2 §3.42.4.1.2)."""
    objects = [
        write_submission_set(submission_set),
        *map(write_entry, entries),
        *map(write_folder, folders),
        *map(write_association, associations),
    ]
    return (
        f'<lcm:SubmitObjectsRequest xmlns:lcm="{c.LCM}" xmlns:rim="{c.RIM}"><rim:RegistryObjectList>'.encode()
        + b"".join(objects)
        + b"</rim:RegistryObjectList></lcm:SubmitObjectsRequest>"
    )


def object_ref(entry_uuid: str, home: str | None = None) -> bytes:
    """Write a `rim:ObjectRef`: an object named, not told (ITI TF-2 §3.18.4.1.2.6). `home` is written only if set."""
    return f'<rim:ObjectRef xmlns:rim="{c.RIM}" id="{escape(entry_uuid)}"{home_attribute(home)}/>'.encode()
