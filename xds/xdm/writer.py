"""Media made: submission sets and their documents become a tree of files, then a ZIP archive (ITI TF-2 §3.32.4.1.2).

The same input gives the same bytes: names are counted, dates in the archive are those of the submission sets.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xds.ebrim.writer import write_submit_objects
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.times import padded, parse_dtm
from xds.xdm.pages import Listed, Origin, write_index, write_readme
from xds.xdm.reader import IHE_XDM, METADATA_XML

_EXTENSIONS = {
    "text/xml": "XML",
    "application/xml": "XML",
    "application/xslt+xml": "XML",
    "application/pdf": "PDF",
    "text/plain": "TXT",
    "text/html": "HTM",
    "text/rtf": "RTF",
    "application/rtf": "RTF",
    "image/jpeg": "JPG",
    "image/png": "PNG",
    "image/tiff": "TIF",
    "application/dicom": "DCM",
}
_MOST_SETS, _MOST_DOCUMENTS = 99, 99_999
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""ZIP knows no earlier date."""
_REGULAR = 0o100600 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SetToWrite:
    """One submission set for a medium.

    `documents` are entries and their bytes, in order; URI, hash and size of the entries are set by the writer.
    `associations` come besides the memberships of the entries, which the writer adds where they are missing.
    """

    submission_set: SubmissionSet
    documents: Sequence[tuple[DocumentEntry, bytes]] = field(repr=False)
    folders: Sequence[Folder] = ()
    associations: Sequence[Association] = ()


def write_tree(sets: Sequence[SetToWrite], origin: Origin) -> dict[str, bytes]:
    """The files of a medium by name, in the order they are written.

    Raises ValueError: no set or too many, a set with too many documents, or two sets of one submissionTime.
    """
    if not 1 <= len(sets) <= _MOST_SETS:
        raise ValueError(f"a medium holds 1 to {_MOST_SETS} submission sets, not {len(sets)}")
    times = [one.submission_set.submission_time for one in sets]
    if len(set(times)) != len(times):
        raise ValueError("the submission sets of a medium have different submissionTimes")
    files: dict[str, bytes] = {}
    listed: list[Listed] = []
    for rank, each in enumerate(sets, start=1):
        directory = f"{IHE_XDM}/SUBSET{rank:02}"
        if len(each.documents) > _MOST_DOCUMENTS:
            raise ValueError(f"a submission set holds at most {_MOST_DOCUMENTS} documents")
        entries = []
        for number, (entry, content) in enumerate(each.documents, start=1):
            uri = f"DOC{number:05}.{_EXTENSIONS.get(entry.mime_type, 'BIN')}"
            entries.append(_described(entry, content, uri))
            files[f"{directory}/{uri}"] = content
            listed.append(Listed(title=entry.title or "", path=f"{directory}/{uri}", mime_type=entry.mime_type))
        files[f"{directory}/{METADATA_XML}"] = write_submit_objects(
            each.submission_set, entries, _associations(each, entries), each.folders
        )
    return {"README.TXT": write_readme(origin, listed), "INDEX.HTM": write_index(origin, listed), **files}


def write_medium(sets: Sequence[SetToWrite], origin: Origin) -> bytes:
    """The ZIP archive of a medium. Raises ValueError as `write_tree` does."""
    files = write_tree(sets, origin)
    return write_archive(files, max(one.submission_set.submission_time for one in sets))


def write_archive(files: Mapping[str, bytes], time: str) -> bytes:
    """Put files into a ZIP archive. `time` is the DTM that all bear; regular files, readable by their owner only."""
    moment = parse_dtm(padded(time)).timetuple()[:6] if time else _EARLIEST
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, max(moment, _EARLIEST))
            entry.create_system, entry.external_attr = 3, _REGULAR
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()


def _described(entry: DocumentEntry, content: bytes, uri: str) -> DocumentEntry:
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return replace(entry, uri=uri, hash=digest, size=len(content), repository_unique_id=None)


def _associations(each: SetToWrite, entries: Iterable[DocumentEntry]) -> list[Association]:
    source = each.submission_set.entry_uuid
    members = {
        one.target
        for one in each.associations
        if one.association_type is AssociationType.HAS_MEMBER and one.source == source
    }
    added = [
        Association(
            entry_uuid=f"Member{rank:02}",
            association_type=AssociationType.HAS_MEMBER,
            source=source,
            target=target,
            submission_set_status=status,
        )
        for rank, (target, status) in enumerate(
            [*((one.entry_uuid, "Original") for one in entries), *((one.entry_uuid, None) for one in each.folders)], 1
        )
        if target not in members
    ]
    return [*added, *each.associations]
