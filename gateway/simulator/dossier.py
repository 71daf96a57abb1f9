"""One record as the doors read it: the record, the authorisations that may count, and every document, none left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

import psycopg

from profiles.dmp.spaces import Place, place_of
from security.xml import parse
from xds.dmp.entries import is_lot_signature
from xds.dmp.record import Authorisation, Record
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_entry
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.found import read_entries, read_head
from xds.registry.identifiers import canonical_patient_id, uuid_of
from xds.registry.places import roles_of
from xds.registry.statements import ENTRIES, RECORD
from xds.registry.view import RegisteredEntry

_LAST: Final[LiteralString] = (
    "SELECT DISTINCT ON (logical_id) entry_uuid, read_by_patient_at IS NOT NULL FROM document_entries"
    " WHERE patient_key = %s ORDER BY logical_id, version DESC"
)
_AHEAD: Final[LiteralString] = "SELECT ahead FROM law_clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The last version of one document: a `ChangeableEntry`, and what a person knows it by."""

    registered: RegisteredEntry
    title: str
    author_roles: tuple[str, ...]
    read_by_patient: bool

    @property
    def unique_id(self) -> str:
        """What names it, whatever its version."""
        return self.registered.unique_id

    @property
    def class_code(self) -> Code:
        """Its class."""
        return self.registered.class_code

    @property
    def type_code(self) -> Code:
        """Its type."""
        return self.registered.type_code

    @property
    def confidentiality_codes(self) -> tuple[str, ...]:
        """Its confidentialityCodes without their scheme."""
        return self.registered.confidentiality_codes

    @property
    def author_person_ids(self) -> tuple[str, ...]:
        """PS_IdNat of its authors."""
        return self.registered.author_person_ids

    @property
    def author_structure_ids(self) -> tuple[str, ...]:
        """Struct_IdNat of their structures."""
        return self.registered.author_structure_ids

    @property
    def depositor_id(self) -> str:
        """Struct_IdNat of who deposited it."""
        return self.registered.depositor_id

    @property
    def status(self) -> AvailabilityStatus:
        """Its status now."""
        return self.registered.status

    @property
    def place(self) -> Place | None:
        """The space it is shown in; None for the signature of a lot."""
        return place_of(self.type_code.code, self.class_code.code, self.author_roles)

    @property
    def is_signature(self) -> bool:
        """Whether it is the signature of a lot."""
        return is_lot_signature(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What the law decides on. `record` is None when the patient has none. Documents come newest first."""

    ahead: timedelta
    record: Record | None
    authorisations: tuple[Authorisation, ...]
    documents: tuple[Document, ...]


def read_dossier(connection: psycopg.Connection[Any], patient_id: str, holders: Sequence[str]) -> Dossier:
    """Read the record of a patient (CX) at one moment. `holders`: whose authorisations may count.

    `connection` is the owner's, in autocommit; nothing is written.
    """
    with connection.transaction(), connection.cursor(binary=True) as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL search_path = ecluse, pg_temp")
        (ahead,) = cursor.execute(_AHEAD).fetchone() or (timedelta(),)
        rows = cursor.execute(RECORD, [list(holders), canonical_patient_id(patient_id)]).fetchall()
        record, authorisations = read_head(rows)
        if record is None:
            return Dossier(ahead=ahead, record=None, authorisations=(), documents=())
        found = cursor.execute(ENTRIES.replace("CONDITIONS", "e.patient_key = %s"), [record.patient_key]).fetchall()
        last: dict[UUID, bool] = dict(cursor.execute(_LAST, [record.patient_key]).fetchall())
    entries = [one for one in read_entries(found) if uuid_of(one.entry_uuid) in last]
    return Dossier(
        ahead=ahead,
        record=record,
        authorisations=authorisations,
        documents=tuple(_document(one, read=last[uuid_of(one.entry_uuid)]) for one in entries),
    )


def _document(entry: RegisteredEntry, *, read: bool) -> Document:
    said = read_entry(parse(entry.fragment), Faults())
    return Document(registered=entry, title=said.title or "", author_roles=roles_of(said.authors), read_by_patient=read)
