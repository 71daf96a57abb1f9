"""Rows of the reading statements back into registered objects. Columns are those of `statements`, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias
from uuid import UUID

import orjson

from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.identifiers import URN_UUID, urn_of
from xds.registry.rows import read_code_text
from xds.registry.statements import ENTRY
from xds.registry.view import RegisteredAssociation, RegisteredEntry, RegisteredFolder, RegisteredSubmissionSet
from xds.registry.visibility import OutlinedEntry

Row: TypeAlias = Sequence[Any]


def read_head(rows: Sequence[Row]) -> tuple[Record | None, tuple[Authorisation, ...]]:
    """The record and the authorisations that begin every row; None without a row."""
    if not rows:
        return None, ()
    facts = orjson.loads(rows[0][0])
    return _record(*facts[:-1]), tuple(_authorisation(*one) for one in facts[-1] or ())


def _record(
    key: str, status: str, key_id: str, revision: int, attached: bool, born: str | None,
    etreat: bool, btg: bool, masked: bool, default_masking: bool, protected: bool, ahead: float,
) -> Record:  # fmt: skip
    return Record(
        patient_key=UUID(key),
        status=RecordStatus(status),
        key_id=UUID(key_id),
        revision=revision,
        attached_to_ens=attached,
        birth_date=date.fromisoformat(born) if born else None,
        emergency=EmergencyConsents(etreat=etreat, btg=btg, masked=masked),
        default_masking=default_masking,
        protected=protected,
        ahead=timedelta(seconds=ahead),
    )


def _authorisation(holder: str, status: str, until: str | None, medecin_traitant: bool) -> Authorisation:
    return Authorisation(
        professional_id=holder,
        status=AuthorisationStatus(status),
        valid_until=datetime.fromisoformat(until) if until else None,
        medecin_traitant=medecin_traitant,
    )


def read_entries(rows: Iterable[Row], start: int = 0) -> tuple[RegisteredEntry, ...]:
    """Documents whose columns begin at `start`; a row without document is left out."""
    return tuple([_read_entry(row[start : start + ENTRY]) for row in rows if row[start] is not None])


def _read_entry(row: Row) -> RegisteredEntry:
    patient_key, uuid_text, unique_id, status, codes, structures, persons = row[:7]
    depositor, address, mime_type, size, digest, key_id, fragment = row[7:]
    class_code, type_code, format_code, confidentiality = read_codes(codes)
    return RegisteredEntry(
        patient_key=patient_key,
        entry_uuid=URN_UUID + uuid_text,
        unique_id=unique_id,
        status=AvailabilityStatus[status],
        class_code=class_code,
        type_code=type_code,
        format_code=format_code,
        confidentiality_codes=confidentiality,
        author_structure_ids=tuple(structures),
        author_person_ids=tuple(persons),
        depositor_id=depositor,
        blob_address=address,
        mime_type=mime_type,
        size=size,
        hash=digest,
        key_id=key_id,
        fragment=fragment or b"",
    )


@lru_cache(maxsize=2048)
def read_codes(text: str) -> tuple[Code, Code, Code, tuple[str, ...]]:
    """classCode, typeCode, formatCode, and the confidentialityCodes without their scheme.

    Kept: documents alike in all their codes have one text.
    """
    by_attribute: dict[str, list[str]] = orjson.loads(text)
    confidentiality = tuple([read_code_text(code).code for code in by_attribute.get("confidentialityCode", ())])
    return (
        _first(by_attribute, "classCode"),
        _first(by_attribute, "typeCode"),
        _first(by_attribute, "formatCode"),
        confidentiality,
    )


def read_outline(row: Row) -> OutlinedEntry:
    """What the law looks at in a document: columns `codes` to `depositor_id` of SEEN."""
    codes, status, persons, structures, depositor = row
    class_code, type_code, _, confidentiality = read_codes(codes)
    return OutlinedEntry(
        class_code=class_code,
        type_code=type_code,
        confidentiality_codes=confidentiality,
        status=AvailabilityStatus[status],
        author_person_ids=tuple(persons),
        author_structure_ids=tuple(structures),
        depositor_id=depositor,
    )


def _first(codes: dict[str, list[str]], attribute: str) -> Code:
    texts = codes.get(attribute)
    return read_code_text(texts[0]) if texts else Code("", "")


def read_folder(row: Row) -> RegisteredFolder:
    """One folder."""
    patient_key, entry_uuid, unique_id, version, status, last_update_time, fragment = row
    return RegisteredFolder(
        patient_key=patient_key,
        entry_uuid=urn_of(entry_uuid),
        unique_id=unique_id,
        version=version,
        status=AvailabilityStatus[status],
        last_update_time=last_update_time,
        fragment=fragment or b"",
    )


def read_submission_set(row: Row) -> RegisteredSubmissionSet:
    """One submission set."""
    patient_key, entry_uuid, unique_id, fragment = row
    return RegisteredSubmissionSet(
        patient_key=patient_key, entry_uuid=urn_of(entry_uuid), unique_id=unique_id, fragment=fragment or b""
    )


def read_association(row: Row) -> RegisteredAssociation:
    """One association."""
    entry_uuid, association_type, source, target, status, fragment = row
    return RegisteredAssociation(
        entry_uuid=urn_of(entry_uuid),
        association_type=association_type,
        source=urn_of(source),
        target=urn_of(target),
        status=AvailabilityStatus[status],
        fragment=fragment or b"",
    )
