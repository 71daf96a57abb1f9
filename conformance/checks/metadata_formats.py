"""Do values have the form of their data type? (ITI TF-3 §4.2.3.1.7): rule O3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from conformance.checks.metadata_rule import (
    IHE,
    Fault,
    MetadataRule,
    Subject,
    association_path,
    entry_path,
    folder_path,
    set_path,
)
from xds.metadata.association import Association
from xds.metadata.author import Author
from xds.metadata.datatypes import (
    Cx,
    ReferenceId,
    Xcn,
    Xon,
    Xtn,
    parse_cx,
    parse_dtm,
    parse_field,
    parse_identifier,
    parse_language,
    parse_mime_type,
    parse_oid,
    parse_recipient,
    parse_sha1,
    parse_uuid_urn,
)
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

_Parser = Callable[[str], object]
_T = TypeVar("_T")
_Format = tuple[str, Callable[[_T], str | tuple[str, ...] | None], _Parser, str]

_AVAILABILITIES = ("urn:ihe:iti:2010:DocumentAvailability:Online", "urn:ihe:iti:2010:DocumentAvailability:Offline")


def _availability(text: str) -> None:
    if text not in _AVAILABILITIES:
        raise ValueError("neither Online nor Offline")


def _object_id(text: str) -> None:
    # Whatever does not begin so is symbolic, any text will do (ITI TF-3 §4.2.3.1.5).
    if text.startswith("urn:uuid:"):
        parse_uuid_urn(text)


def _uri(text: str) -> None:
    if len(text) > 256:
        raise ValueError(f"{len(text)} characters")


_ID = "a symbolic id, or urn:uuid: and a UUID in lower case"
_CX = "CX id^^^&OID&ISO"
_DTM = "DTM YYYY[MM[DD[hh[mm[ss]]]]]"
_ENTRY: tuple[_Format[DocumentEntry], ...] = (
    ("@id", lambda e: e.entry_uuid, _object_id, _ID),
    ("patientId", lambda e: e.patient_id, Cx.parse, _CX),
    ("sourcePatientId", lambda e: e.source_patient_id, Cx.parse, _CX),
    ("uniqueId", lambda e: e.unique_id, parse_identifier, "an identifier of 1 to 128 characters"),
    ("creationTime", lambda e: e.creation_time, parse_dtm, _DTM),
    ("serviceStartTime", lambda e: e.service_start_time, parse_dtm, _DTM),
    ("serviceStopTime", lambda e: e.service_stop_time, parse_dtm, _DTM),
    ("hash", lambda e: e.hash, parse_sha1, "SHA-1 in 40 hexadecimal digits"),
    ("languageCode", lambda e: e.language_code, parse_language, "a language tag of RFC 5646"),
    ("@mimeType", lambda e: e.mime_type, parse_mime_type, "a media type"),
    ("repositoryUniqueId", lambda e: e.repository_unique_id, parse_oid, "an OID"),
    ("documentAvailability", lambda e: e.document_availability, _availability, " or ".join(_AVAILABILITIES)),
    ("URI", lambda e: e.uri, _uri, "at most 256 characters"),
    ("referenceIdList", lambda e: e.reference_ids, ReferenceId.parse, "CXi id^^^authority^type"),
)
_ENTRY_PRIVATE: tuple[_Format[DocumentEntry], ...] = (
    ("legalAuthenticator", lambda e: e.legal_authenticator, Xcn.parse, "XCN id^family^given^^^^^^&OID&ISO"),
    ("sourcePatientInfo", lambda e: e.source_patient_info, parse_field, "PID-n|value"),
)
_SET: tuple[_Format[SubmissionSet], ...] = (
    ("@id", lambda s: s.entry_uuid, _object_id, _ID),
    ("patientId", lambda s: s.patient_id, Cx.parse, _CX),
    ("sourceId", lambda s: s.source_id, parse_oid, "an OID"),
    ("uniqueId", lambda s: s.unique_id, parse_oid, "an OID"),
    ("submissionTime", lambda s: s.submission_time, parse_dtm, _DTM),
)
_SET_PRIVATE: tuple[_Format[SubmissionSet], ...] = (
    ("intendedRecipient", lambda s: s.intended_recipients, parse_recipient, "XON|XCN|XTN"),
)
_FOLDER: tuple[_Format[Folder], ...] = (
    ("@id", lambda f: f.entry_uuid, _object_id, _ID),
    ("patientId", lambda f: f.patient_id, Cx.parse, _CX),
    ("uniqueId", lambda f: f.unique_id, parse_oid, "an OID"),
)
_ASSOCIATION: tuple[_Format[Association], ...] = (
    ("@id", lambda a: a.entry_uuid, _object_id, _ID),
    ("@sourceObject", lambda a: a.source, _object_id, _ID),
    ("@targetObject", lambda a: a.target, _object_id, _ID),
)
_AUTHOR: tuple[_Format[Author], ...] = (
    ("authorPerson", lambda a: a.person, Xcn.parse, "XCN id^family^given^^^^^^&OID&ISO"),
    ("authorInstitution", lambda a: a.institutions, Xon.parse, "XON name^^^^^&OID&ISO^^^^id"),
    ("authorTelecommunication", lambda a: a.telecommunications, Xtn.parse, "XTN"),
)


def _reason(parse: _Parser, value: str) -> str | None:
    try:
        parse(value)
    except ValueError as error:
        return str(error)
    return None


def _misshapen(holder: _T, formats: Iterable[_Format[_T]], path: str, *, shown: bool = True) -> Iterator[Fault]:
    """Faults of the values of one object; a value that names a person is not shown."""
    for name, get, parse, expected in formats:
        value = get(holder)
        # An empty text is an attribute that the reader has already missed.
        if not value:
            continue
        for text in (value,) if isinstance(value, str) else value:
            if reason := _reason(parse, text):
                yield Fault(f"{path}/{name}", f"{text if shown else 'a value that is wrong'} ({reason})", expected)


def _formats(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        path = entry_path(entry)
        yield from _misshapen(entry, _ENTRY, path)
        yield from _misshapen(entry, _ENTRY_PRIVATE, path, shown=False)
        for author in entry.authors:
            yield from _misshapen(author, _AUTHOR, f"{path}/author", shown=False)
    for submission_set in subject.submission_sets:
        path = set_path(submission_set)
        yield from _misshapen(submission_set, _SET, path)
        yield from _misshapen(submission_set, _SET_PRIVATE, path, shown=False)
        for author in submission_set.authors:
            yield from _misshapen(author, _AUTHOR, f"{path}/author", shown=False)
    for folder in subject.request.folders:
        yield from _misshapen(folder, _FOLDER, folder_path(folder))
    for association in subject.request.associations:
        yield from _misshapen(association, _ASSOCIATION, association_path(association))


def _typed_patient_ids(subject: Subject) -> Iterator[Fault]:
    owners = [(one.patient_id, set_path(one, "patientId")) for one in subject.submission_sets]
    for entry in subject.request.entries:
        owners.append((entry.patient_id, entry_path(entry, "patientId")))
        owners.append((entry.source_patient_id, entry_path(entry, "sourcePatientId")))
    owners += [(one.patient_id, folder_path(one, "patientId")) for one in subject.request.folders]
    for text, path in owners:
        reason = _reason(parse_cx, text) if text and not _reason(Cx.parse, text) else None
        if reason:
            yield Fault(path, f"{text} ({reason})", _CX)


RULES: tuple[MetadataRule[Subject], ...] = (
    MetadataRule(id="O3", source="ITI TF-3 §4.2.3.1.7", find=_formats),
    # The French profile adds the type of the id, NH or PI.
    MetadataRule(id="O3", source="ITI TF-3 §4.2.3.1.7", find=_typed_patient_ids, domains=IHE),
)
