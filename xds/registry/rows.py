"""From metadata to what the tables hold. Pure.

A code is kept as `code^^scheme`, the spelling of stored queries; display names stay in the fragment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from xds.metadata.association import Association
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.times import padded
from xds.registry.identifiers import uuid_text

_XON_IDENTIFIER = 9  # XON.10
_ONLINE = "urn:ihe:iti:2010:DocumentAvailability:Online"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """A document to register, its ids final.

    `blob_address` names its bytes, 32 bytes long, `hash` and `size` are then known. It is None when the bytes are in
    another repository, or do not exist yet (on demand).
    """

    entry: DocumentEntry
    blob_address: bytes | None


def code_text(code: Code) -> str:
    """`code^^scheme`."""
    return f"{code.code}^^{code.scheme}"


@lru_cache(maxsize=4096)
def read_code_text(text: str) -> Code:
    """Read back what `code_text` wrote. Codes are few: a query meets the same ones in every entry."""
    code, _, scheme = text.partition("^^")
    return Code(code, scheme)


def uuid_array(uuids: Iterable[str]) -> str:
    """UUIDs as an array literal. By hand: adapting a list costs psycopg more than reading it costs the server."""
    return "{" + ",".join(uuids) + "}"


def text_array(texts: Iterable[str]) -> str:
    """Texts as an array literal. By hand, as `uuid_array`."""
    return "{" + ",".join(['"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts]) + "}"


def bytes_array(values: Iterable[bytes]) -> str:
    """Octets as an array literal. By hand, as `uuid_array`."""
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"


def entry_row(new: NewEntry) -> dict[str, Any]:
    """One row of document_entries, but for what the database adds: patient key, key, depositor, version, fragment.

    Raises ValueError: an entry with bytes here but without hash or size, or with a symbolic id.
    """
    entry, address = new.entry, new.blob_address
    if address is not None and (entry.hash is None or entry.size is None):
        raise ValueError("hash and size are known before an entry is registered with its bytes")
    return {
        "entry_uuid": uuid_text(entry.entry_uuid),
        "unique_id": entry.unique_id,
        "object_type": uuid_text(entry.object_type),
        "mime_type": entry.mime_type,
        "hash": entry.hash,
        "size": entry.size,
        "blob_address": address.hex() if address is not None else None,
        "creation_time": _padded(entry.creation_time),
        "service_start_time": _padded(entry.service_start_time),
        "service_stop_time": _padded(entry.service_stop_time),
        "author_structure_ids": _structure_ids(entry.authors),
        "author_person_ids": _person_ids(entry.authors),
        "author_persons": _persons(entry.authors),
        "codes": _entry_codes(entry),
        "reference_ids": entry.reference_ids,
        "document_availability": entry.document_availability or _ONLINE,
    }


def submission_set_row(submission_set: SubmissionSet) -> dict[str, Any]:
    """One row of submission_sets, but for what the database adds. Raises ValueError: a symbolic id."""
    return {
        "entry_uuid": uuid_text(submission_set.entry_uuid),
        "unique_id": submission_set.unique_id,
        "source_id": submission_set.source_id,
        "submission_time": padded(submission_set.submission_time),
        "author_persons": _persons(submission_set.authors),
        "codes": _codes({"contentTypeCode": (submission_set.content_type_code,)}),
    }


def folder_row(folder: Folder) -> dict[str, Any]:
    """One row of folders, but for what the database adds. Raises ValueError: a symbolic id."""
    return {
        "entry_uuid": uuid_text(folder.entry_uuid),
        "unique_id": folder.unique_id,
        "codes": _codes({"codeList": folder.codes}),
    }


def association_row(association: Association) -> dict[str, Any]:
    """One row of associations, but for what the database adds. Raises ValueError: a symbolic id."""
    return {
        "entry_uuid": uuid_text(association.entry_uuid),
        "association_type": str(association.association_type),
        "source": uuid_text(association.source),
        "target": uuid_text(association.target),
        "submission_set_status": association.submission_set_status,
    }


def _padded(dtm: str | None) -> str | None:
    return padded(dtm) if dtm else None


def _entry_codes(entry: DocumentEntry) -> dict[str, list[str]]:
    return _codes(
        {
            "classCode": (entry.class_code,),
            "typeCode": (entry.type_code,),
            "formatCode": (entry.format_code,),
            "healthcareFacilityTypeCode": (entry.healthcare_facility_type_code,),
            "practiceSettingCode": (entry.practice_setting_code,),
            "confidentialityCode": entry.confidentiality_codes,
            "eventCodeList": entry.event_codes,
        }
    )


def _codes(by_attribute: Mapping[str, Iterable[Code | None]]) -> dict[str, list[str]]:
    return {
        attribute: [code_text(code) for code in codes if code is not None] for attribute, codes in by_attribute.items()
    }


def _persons(authors: Iterable[Author]) -> list[str]:
    return [author.person for author in authors if author.person]


def _person_ids(authors: Iterable[Author]) -> list[str]:
    return [person.split("^", 1)[0] for person in _persons(authors)]


def _structure_ids(authors: Iterable[Author]) -> list[str]:
    found = []
    for author in authors:
        for institution in author.institutions:
            parts = institution.split("^")
            if len(parts) > _XON_IDENTIFIER and parts[_XON_IDENTIFIER]:
                found.append(parts[_XON_IDENTIFIER])
    return found
