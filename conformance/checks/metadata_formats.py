"""Do values have the form of their data type? (ITI TF-3 §4.2.3.1.7): rules O3, O8 to O11."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from conformance.checks.metadata_rule import Fault, MetadataRule, Subject, association_path, entry_path, set_path
from xds.metadata.association import Association
from xds.metadata.author import Author
from xds.metadata.datatypes import (
    Cx,
    ReferenceId,
    Xcn,
    Xon,
    Xtn,
    is_after,
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
from xds.metadata.document_entry import STABLE, DocumentEntry
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


_ENTRY: tuple[_Format[DocumentEntry], ...] = (
    ("@id", lambda e: e.entry_uuid, _object_id, "a symbolic id, or urn:uuid: and a UUID in lower case"),
    ("patientId", lambda e: e.patient_id, Cx.parse, "CX id^^^&OID&ISO"),
    ("sourcePatientId", lambda e: e.source_patient_id, Cx.parse, "CX id^^^&OID&ISO"),
    ("uniqueId", lambda e: e.unique_id, parse_identifier, "an identifier of 1 to 128 characters"),
    ("creationTime", lambda e: e.creation_time, parse_dtm, "DTM YYYY[MM[DD[hh[mm[ss]]]]]"),
    ("serviceStartTime", lambda e: e.service_start_time, parse_dtm, "DTM YYYY[MM[DD[hh[mm[ss]]]]]"),
    ("serviceStopTime", lambda e: e.service_stop_time, parse_dtm, "DTM YYYY[MM[DD[hh[mm[ss]]]]]"),
    ("hash", lambda e: e.hash, parse_sha1, "SHA-1 in 40 hexadecimal digits"),
    ("languageCode", lambda e: e.language_code, parse_language, "a language tag of RFC 5646"),
    ("@mimeType", lambda e: e.mime_type, parse_mime_type, "a media type"),
    ("repositoryUniqueId", lambda e: e.repository_unique_id, parse_oid, "an OID"),
    ("documentAvailability", lambda e: e.document_availability, _availability, " or ".join(_AVAILABILITIES)),
    ("referenceIdList", lambda e: e.reference_ids, ReferenceId.parse, "CXi id^^^authority^type"),
)
_ENTRY_PRIVATE: tuple[_Format[DocumentEntry], ...] = (
    ("legalAuthenticator", lambda e: e.legal_authenticator, Xcn.parse, "XCN id^family^given^^^^^^&OID&ISO"),
    ("sourcePatientInfo", lambda e: e.source_patient_info, parse_field, "PID-n|value"),
)
_SET: tuple[_Format[SubmissionSet], ...] = (
    ("@id", lambda s: s.entry_uuid, _object_id, "a symbolic id, or urn:uuid: and a UUID in lower case"),
    ("patientId", lambda s: s.patient_id, Cx.parse, "CX id^^^&OID&ISO"),
    ("sourceId", lambda s: s.source_id, parse_oid, "an OID"),
    ("uniqueId", lambda s: s.unique_id, parse_oid, "an OID"),
    ("submissionTime", lambda s: s.submission_time, parse_dtm, "DTM YYYY[MM[DD[hh[mm[ss]]]]]"),
)
_SET_PRIVATE: tuple[_Format[SubmissionSet], ...] = (
    ("intendedRecipient", lambda s: s.intended_recipients, parse_recipient, "XON|XCN|XTN"),
)
_ASSOCIATION: tuple[_Format[Association], ...] = (
    ("@id", lambda a: a.entry_uuid, _object_id, "a symbolic id, or urn:uuid: and a UUID in lower case"),
    ("@sourceObject", lambda a: a.source, _object_id, "a symbolic id, or urn:uuid: and a UUID in lower case"),
    ("@targetObject", lambda a: a.target, _object_id, "a symbolic id, or urn:uuid: and a UUID in lower case"),
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
    for association in subject.request.associations:
        yield from _misshapen(association, _ASSOCIATION, association_path(association))


def _once_in_patient_info(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        names = [value.partition("|")[0] for value in entry.source_patient_info]
        for name in ("PID-7", "PID-8"):
            if names.count(name) > 1:
                yield Fault(entry_path(entry, "sourcePatientInfo"), f"{names.count(name)} {name}", f"one {name}")


def _stable(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        if entry.object_type != STABLE:
            yield Fault(entry_path(entry, "@objectType"), entry.object_type, f"{STABLE}, a stable document")


def _service_times(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        start, stop = entry.service_start_time, entry.service_stop_time
        if start and stop and not _reason(parse_dtm, start) and not _reason(parse_dtm, stop) and is_after(start, stop):
            yield Fault(entry_path(entry, "serviceStopTime"), f"{stop}, before the start", f"{start} or later")


def _titles(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        if entry.title and len(entry.title) > 128:
            yield Fault(entry_path(entry, "title"), f"{len(entry.title)} characters", "at most 128")


def _authors(subject: Subject) -> Iterator[Fault]:
    owners = [(entry.authors, entry_path(entry, "author")) for entry in subject.request.entries]
    owners += [(one.authors, set_path(one, "author")) for one in subject.submission_sets]
    for authors, path in owners:
        for author in authors:
            if not (author.person or author.institutions or author.telecommunications):
                expected = "authorPerson, authorInstitution or authorTelecommunication"
                yield Fault(path, "an author without any of the three", expected)


RULES = (
    MetadataRule(id="O2", source="ITI TF-3 §4.2.3.2.23", find=_once_in_patient_info),
    MetadataRule(id="O3", source="ITI TF-3 §4.2.3.1.7", find=_formats),
    MetadataRule(id="O8", source="ITI TF-2 §3.42.4.1.2", find=_stable),
    MetadataRule(id="O9", source="ITI TF-3 §4.2.3.2.19", find=_service_times),
    MetadataRule(id="O10", source="ITI TF-3 §4.2.3.2.24", find=_titles),
    MetadataRule(id="O11", source="ITI TF-3 §4.2.3.1.4", find=_authors),
)
