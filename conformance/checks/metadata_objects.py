"""Is every object whole and plausible? Rules O1, O2, O8 to O11 (ITI TF-3 §4.2.3, §4.3.1)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_rule import (
    IHE,
    Column,
    Fault,
    MetadataRule,
    Subject,
    entry_path,
    folder_path,
    set_path,
)
from xds.errors import Severity
from xds.metadata.datatypes import DISCOURAGED_FIELDS, is_after, parse_dtm
from xds.metadata.document_entry import ON_DEMAND, STABLE, DocumentEntry

_COLUMNS = {
    # What a column requires and forbids beyond what every submission must hold: that is the reader's.
    Column.SOURCE: ((), ()),
    Column.REPOSITORY: (("hash", "size", "repositoryUniqueId"), ()),
    Column.ON_DEMAND: (("repositoryUniqueId",), ("creationTime", "hash", "size")),
}
_ONCE = ("PID-7", "PID-8")


def _given(entry: DocumentEntry, attribute: str) -> bool:
    values = {
        "creationTime": entry.creation_time or None,
        "hash": entry.hash or None,
        "size": entry.size,
        "repositoryUniqueId": entry.repository_unique_id or None,
    }
    return values[attribute] is not None


def _columns(subject: Subject) -> Iterator[Fault]:
    required, forbidden = _COLUMNS[subject.column]
    for entry in subject.request.entries:
        path = entry_path(entry)
        for name in required:
            if not _given(entry, name) and f"{path}/Slot[{name}]" not in subject.reported:
                expected = f"{name}, required in {subject.column.value}"
                yield Fault(f"{path}/{name}", "nothing", expected)
        for name in forbidden:
            if _given(entry, name):
                expected = f"nothing: in {subject.column.value} the document does not exist yet"
                yield Fault(f"{path}/{name}", name, expected)


def _folders(subject: Subject) -> Iterator[Fault]:
    for folder in subject.request.folders:
        path = folder_path(folder)
        if not folder.title and f"{path}/Name" not in subject.reported:
            yield Fault(f"{path}/title", "nothing", "the title of the Folder")
        if not folder.codes and f"{path}/Classification[codeList]" not in subject.reported:
            yield Fault(f"{path}/codeList", "nothing", "one code or more")


def _limited(subject: Subject) -> Iterator[Fault]:
    request = subject.request
    owners = [(one.limited_metadata, entry_path(one)) for one in request.entries]
    owners += [(one.limited_metadata, folder_path(one)) for one in request.folders]
    owners += [(one.limited_metadata, set_path(one)) for one in subject.submission_sets]
    for limited, path in owners:
        if limited and f"{path}/Classification" not in subject.reported:
            yield Fault(f"{path}/limitedMetadata", "limitedMetadata", "complete metadata")


def _patient_info(entry: DocumentEntry) -> Iterator[tuple[str, str]]:
    """The fields of sourcePatientInfo: name and text."""
    for value in entry.source_patient_info:
        name, _, text = value.partition("|")
        yield name, text


def _once_in_patient_info(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        names = [name for name, part in _patient_info(entry) for _ in part.split("~")]
        for name in _ONCE:
            if names.count(name) > 1:
                yield Fault(entry_path(entry, "sourcePatientInfo"), f"{names.count(name)} {name}", f"one {name}")


def _unwanted_patient_info(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        names = {name for name, _ in _patient_info(entry)}
        for number in sorted(DISCOURAGED_FIELDS):
            if (name := f"PID-{number}") in names:
                yield Fault(entry_path(entry, "sourcePatientInfo"), name, "fields such as PID-3, PID-5, PID-7, PID-8")


def _object_types(subject: Subject) -> Iterator[Fault]:
    on_demand = subject.column is Column.ON_DEMAND
    expected = f"{ON_DEMAND}, an on-demand document" if on_demand else f"{STABLE}, a stable document"
    for entry in subject.request.entries:
        if entry.object_type != (ON_DEMAND if on_demand else STABLE):
            yield Fault(entry_path(entry, "@objectType"), entry.object_type, expected)


def _is_time(text: str) -> bool:
    try:
        parse_dtm(text)
    except ValueError:
        return False
    return True


def _service_times(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        start, stop = entry.service_start_time, entry.service_stop_time
        if start and stop and _is_time(start) and _is_time(stop) and is_after(start, stop):
            yield Fault(entry_path(entry, "serviceStopTime"), f"{stop}, before the start", f"{start} or later")


def _titles(subject: Subject) -> Iterator[Fault]:
    owners = [(one.title, entry_path(one, "title"), 128) for one in subject.request.entries]
    owners += [(one.title, folder_path(one, "title"), 256) for one in subject.request.folders]
    for title, path, most in owners:
        if title and len(title) > most:
            yield Fault(path, f"{len(title)} characters", f"at most {most}")


def _authors(subject: Subject) -> Iterator[Fault]:
    owners = [(entry.authors, entry_path(entry, "author")) for entry in subject.request.entries]
    owners += [(one.authors, set_path(one, "author")) for one in subject.submission_sets]
    for authors, path in owners:
        for author in authors:
            if not (author.person or author.institutions or author.telecommunications):
                expected = "authorPerson, authorInstitution or authorTelecommunication"
                yield Fault(path, "an author without any of the three", expected)


RULES: tuple[MetadataRule[Subject], ...] = (
    MetadataRule(id="O1", source="ITI TF-3 §4.3.1", find=_columns),
    MetadataRule(id="O1", source="ITI TF-3 §4.2.3.4", find=_folders),
    MetadataRule(id="O1", source="ITI TF-3 §4.2.3.1.10", find=_limited),
    MetadataRule(id="O2", source="ITI TF-3 §4.2.3.2.23", find=_once_in_patient_info),
    MetadataRule(
        id="O3-PID",
        source="ITI TF-3 §4.2.3.2.23",
        find=_unwanted_patient_info,
        severity=Severity.WARNING,
        domains=IHE,
    ),
    MetadataRule(id="O8", source="ITI TF-2 §3.42.4.1.2", find=_object_types),
    MetadataRule(id="O9", source="ITI TF-3 §4.2.3.2.19", find=_service_times),
    MetadataRule(id="O10", source="ITI TF-3 §4.2.3.2.24, §4.2.3.4.8", find=_titles),
    MetadataRule(id="O11", source="ITI TF-3 §4.2.3.1.4", find=_authors),
)
