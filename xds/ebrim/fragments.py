"""Registry objects in ebRIM 3.0, written by concatenation (ITI TF-3 §4.2).

A fragment stands alone: it declares its namespace and can be stored, then concatenated into an answer. Children come
in the order that the schema fixes: Slot, Name, Description, VersionInfo, Classification, ExternalIdentifier.

Every fragment begins with the name of its element, its namespace and `status`, in this order, so that the status has
a fixed place: `with_status` changes it without reading the rest. A store may so keep the fragment as registered and
the status beside it. For the same reason `home` is the last attribute, and a folder's lastUpdateTime its first child:
`with_home` and `with_last_update_time` change them the same way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from xds.ebrim import constants as c
from xds.ebrim.escaping import escape
from xds.metadata.association import Association
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

_OPENING = f' xmlns:rim="{c.RIM}" status="'
_OPENINGS = tuple(f"<rim:{name}{_OPENING}".encode() for name in ("ExtrinsicObject", "RegistryPackage", "Association"))
_LAST_UPDATE_TIME = re.compile(
    rb'(<rim:RegistryPackage [^>]*><rim:Slot name="lastUpdateTime"><rim:ValueList><rim:Value>)[^<]*'
)
_HOME = re.compile(rb' home="[^"]*"')
_EMPTY = '<rim:Slot name="{}"><rim:ValueList/></rim:Slot>'
_CLASSIFICATION_TYPE = f'objectType="{c.OBJECT_TYPE}Classification"'
_IDENTIFIER_TYPE = f'objectType="{c.OBJECT_TYPE}ExternalIdentifier"'


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
    return _HOME.sub(b"", fragment[:end]) + _home(home).encode() + fragment[end:]


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
    ids = _Ids(entry.entry_uuid)
    out = [
        f'<rim:ExtrinsicObject{_OPENING}{entry.availability_status}" id="{ids.parent}"'
        f' lid="{escape(entry.logical_id or entry.entry_uuid)}" objectType="{escape(entry.object_type)}"'
        f' mimeType="{escape(entry.mime_type)}"{_home(entry.home_community_id)}>',
        _slot("creationTime", entry.creation_time),
        _slot("hash", entry.hash),
        _slot("languageCode", entry.language_code),
        _slot("legalAuthenticator", entry.legal_authenticator),
        _slot("repositoryUniqueId", entry.repository_unique_id),
        _slot("serviceStartTime", entry.service_start_time),
        _slot("serviceStopTime", entry.service_stop_time),
        _slot("size", None if entry.size is None else str(entry.size)),
        _slot("sourcePatientId", entry.source_patient_id),
        _slots("sourcePatientInfo", entry.source_patient_info),
        _slot("URI", entry.uri),
        _slot("documentAvailability", entry.document_availability),
        _slots(c.REFERENCE_ID_LIST, entry.reference_ids),
        _extra(entry.extra),
        _text("Name", entry.title),
        _text("Description", entry.comments),
        f'<rim:VersionInfo versionName="{entry.version}"/>',
        _mark(ids, c.ENTRY_LIMITED_METADATA) if entry.limited_metadata else "",
        _authors(ids, c.AUTHOR, entry.authors),
        _code(ids, c.CLASS_CODE, entry.class_code),
        _codes(ids, c.CONFIDENTIALITY_CODE, entry.confidentiality_codes),
        _codes(ids, c.EVENT_CODE_LIST, entry.event_codes),
        _code(ids, c.FORMAT_CODE, entry.format_code),
        _code(ids, c.HEALTHCARE_FACILITY_TYPE_CODE, entry.healthcare_facility_type_code),
        _code(ids, c.PRACTICE_SETTING_CODE, entry.practice_setting_code),
        _code(ids, c.TYPE_CODE, entry.type_code),
        _identifier(ids, c.ENTRY_PATIENT_ID, entry.patient_id),
        _identifier(ids, c.ENTRY_UNIQUE_ID, entry.unique_id),
        "</rim:ExtrinsicObject>",
    ]
    return "".join(out).encode()


def write_submission_set(
    submission_set: SubmissionSet, status: AvailabilityStatus = AvailabilityStatus.APPROVED
) -> bytes:
    """Write the SubmissionSet as a labelled `rim:RegistryPackage` (ITI TF-3 §4.2.3.3)."""
    ids = _Ids(submission_set.entry_uuid)
    out = [
        f'<rim:RegistryPackage{_OPENING}{status}" id="{ids.parent}" lid="{ids.parent}"'
        f' objectType="{c.OBJECT_TYPE}RegistryPackage"{_home(submission_set.home_community_id)}>',
        _slot("submissionTime", submission_set.submission_time),
        _slots("intendedRecipient", submission_set.intended_recipients),
        _extra(submission_set.extra),
        _text("Name", submission_set.title),
        _text("Description", submission_set.comments),
        '<rim:VersionInfo versionName="1"/>',
        _mark(ids, c.SUBMISSION_SET),
        _mark(ids, c.SUBMISSION_SET_LIMITED_METADATA) if submission_set.limited_metadata else "",
        _authors(ids, c.SUBMISSION_SET_AUTHOR, submission_set.authors),
        _code(ids, c.CONTENT_TYPE_CODE, submission_set.content_type_code),
        _identifier(ids, c.SUBMISSION_SET_PATIENT_ID, submission_set.patient_id),
        _identifier(ids, c.SUBMISSION_SET_SOURCE_ID, submission_set.source_id),
        _identifier(ids, c.SUBMISSION_SET_UNIQUE_ID, submission_set.unique_id),
        "</rim:RegistryPackage>",
    ]
    return "".join(out).encode()


def write_folder(folder: Folder) -> bytes:
    """Write one Folder as a labelled `rim:RegistryPackage` (ITI TF-3 §4.2.3.4); `lid` and `home` as for an entry."""
    ids = _Ids(folder.entry_uuid)
    out = [
        f'<rim:RegistryPackage{_OPENING}{folder.availability_status}" id="{ids.parent}"'
        f' lid="{escape(folder.logical_id or folder.entry_uuid)}"'
        f' objectType="{c.OBJECT_TYPE}RegistryPackage"{_home(folder.home_community_id)}>',
        _slot("lastUpdateTime", folder.last_update_time),
        _extra(folder.extra),
        _text("Name", folder.title),
        _text("Description", folder.comments),
        f'<rim:VersionInfo versionName="{folder.version}"/>',
        _mark(ids, c.FOLDER),
        _mark(ids, c.FOLDER_LIMITED_METADATA) if folder.limited_metadata else "",
        _codes(ids, c.FOLDER_CODE_LIST, folder.codes),
        _identifier(ids, c.FOLDER_PATIENT_ID, folder.patient_id),
        _identifier(ids, c.FOLDER_UNIQUE_ID, folder.unique_id),
        "</rim:RegistryPackage>",
    ]
    return "".join(out).encode()


def write_association(association: Association, status: AvailabilityStatus | None = None) -> bytes:
    """Write one `rim:Association` (ITI TF-3 §4.2.2), with its own status if no other is given."""
    ids = _Ids(association.entry_uuid)
    out = [
        f'<rim:Association{_OPENING}{status or association.availability_status}" id="{ids.parent}" lid="{ids.parent}"'
        f' objectType="{c.OBJECT_TYPE}Association" associationType="{association.association_type}"'
        f' sourceObject="{escape(association.source)}" targetObject="{escape(association.target)}">',
        _slot("SubmissionSetStatus", association.submission_set_status),
        _slot("PreviousVersion", association.previous_version),
        _slot("AssociationPropagation", association.association_propagation),
        _slot("OriginalStatus", association.original_status),
        _slot("NewStatus", association.new_status),
        _extra(association.extra),
        '<rim:VersionInfo versionName="1"/>',
        _code(ids, c.ASSOCIATION_DOCUMENTATION, association.documentation),
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
    return f'<rim:ObjectRef xmlns:rim="{c.RIM}" id="{escape(entry_uuid)}"{_home(home)}/>'.encode()


class _Ids:
    """Ids of the parts of one object, in the order they are written: the same object gives the same ids."""

    __slots__ = ("_count", "_real", "_seed", "parent")

    def __init__(self, parent: str) -> None:
        self.parent = escape(parent)
        self._real = parent.startswith("urn:uuid:")
        self._seed = hashlib.sha1(parent.encode("utf-8", "replace"), usedforsecurity=False)
        self._count = 0

    def next(self) -> str:
        self._count += 1
        if not self._real:
            return f"{self.parent}.part{self._count}"
        digest = self._seed.copy()
        digest.update(b"#%d" % self._count)
        text = digest.hexdigest()
        # Name-based UUID, version 5, variant 10x (RFC 4122 §4.3).
        variant = "89ab"[int(text[16], 16) & 3]
        return f"urn:uuid:{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def _home(community: str | None) -> str:
    return f' home="{escape(community)}"' if community else ""


def _slot(name: str, value: str | None) -> str:
    if not value:
        return ""
    return f'<rim:Slot name="{name}"><rim:ValueList><rim:Value>{escape(value)}</rim:Value></rim:ValueList></rim:Slot>'


def _slots(name: str, values: tuple[str, ...]) -> str:
    if not values:
        return ""
    texts = "</rim:Value><rim:Value>".join([escape(value) for value in values])
    return f'<rim:Slot name="{name}"><rim:ValueList><rim:Value>{texts}</rim:Value></rim:ValueList></rim:Slot>'


def _extra(extra: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    return "".join([_slots(escape(name), values) or _EMPTY.format(escape(name)) for name, values in extra])


def _text(element: str, value: str | None) -> str:
    return f'<rim:{element}><rim:LocalizedString value="{escape(value)}"/></rim:{element}>' if value else ""


def _code(ids: _Ids, scheme: str, code: Code | None) -> str:
    if code is None:
        return ""
    return (
        f'<rim:Classification id="{ids.next()}" classificationScheme="{scheme}" classifiedObject="{ids.parent}"'
        f' nodeRepresentation="{escape(code.code)}" {_CLASSIFICATION_TYPE}>{_slot("codingScheme", code.scheme)}'
        f"{_text('Name', code.display)}</rim:Classification>"
    )


def _codes(ids: _Ids, scheme: str, codes: tuple[Code, ...]) -> str:
    return "".join([_code(ids, scheme, code) for code in codes])


def _authors(ids: _Ids, scheme: str, authors: tuple[Author, ...]) -> str:
    return "".join(
        [
            f'<rim:Classification id="{ids.next()}" classificationScheme="{scheme}" classifiedObject="{ids.parent}"'
            f' nodeRepresentation="" {_CLASSIFICATION_TYPE}>{_slot("authorPerson", author.person)}'
            f"{_slots('authorInstitution', author.institutions)}{_slots('authorRole', author.roles)}"
            f"{_slots('authorSpecialty', author.specialties)}"
            f"{_slots('authorTelecommunication', author.telecommunications)}</rim:Classification>"
            for author in authors
        ]
    )


def _mark(ids: _Ids, node: str) -> str:
    return (
        f'<rim:Classification id="{ids.next()}" classifiedObject="{ids.parent}"'
        f' classificationNode="{node}" {_CLASSIFICATION_TYPE}/>'
    )


def _identifier(ids: _Ids, scheme: str, value: str) -> str:
    if not value:
        return ""
    return (
        f'<rim:ExternalIdentifier id="{ids.next()}" identificationScheme="{scheme}" registryObject="{ids.parent}"'
        f' value="{escape(value)}" {_IDENTIFIER_TYPE}>{_text("Name", c.IDENTIFIER_NAMES[scheme])}'
        "</rim:ExternalIdentifier>"
    )
