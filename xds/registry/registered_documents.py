"""Documents of a record as they stand now: the last version of each, its metadata and what the law looks at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from security.xml import parse
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_entry, read_submission_set
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.registry.availability import answering
from xds.registry.connections import Connections
from xds.registry.identifiers import urn_of, uuid_of

_LAST: Final[LiteralString] = """
SELECT DISTINCT ON (e.logical_id)
       e.entry_uuid, e.logical_id, e.version, e.status, e.depositor_id, e.author_structure_ids, e.author_person_ids,
       e.deposited_at, e.read_by_patient_at, e.mask_when_visible, e.fragment
FROM document_entries e
WHERE e.patient_key = %(patient_key)s AND e.logical_id = ANY (%(logical)s::uuid[] || ARRAY(
    SELECT o.logical_id FROM document_entries o WHERE o.patient_key = %(patient_key)s
       AND (o.unique_id = ANY (%(unique)s::text[]) OR o.entry_uuid = ANY (%(ids)s::uuid[]))))
ORDER BY e.logical_id, e.version DESC
"""
_LOT: Final[LiteralString] = """
SELECT s.fragment FROM associations a
JOIN submission_sets s ON s.entry_uuid = a.source AND s.patient_key = a.patient_key
WHERE a.target = %s AND a.patient_key = %s LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredDocument:
    """The last version of one document, for the law too: a `ReadableEntry`.

    `entry` is the metadata as registered, its status that of now. `depositor_id` and `author_structure_ids` are
    Struct_IdNat, `author_person_ids` PS_IdNat. `mask_when_visible`: a mask waits until the patient may see it.
    """

    entry: DocumentEntry
    logical_id: str
    version: int
    depositor_id: str
    author_structure_ids: tuple[str, ...]
    author_person_ids: tuple[str, ...]
    deposited_at: datetime
    read_by_patient_at: datetime | None
    mask_when_visible: bool

    @property
    def entry_uuid(self) -> str:
        """The id of this version."""
        return self.entry.entry_uuid

    @property
    def unique_id(self) -> str:
        """What names the document, whatever its version."""
        return self.entry.unique_id

    @property
    def status(self) -> AvailabilityStatus:
        """Its status now."""
        return self.entry.availability_status

    @property
    def class_code(self) -> Code:
        """Its class."""
        return self.entry.class_code or Code("", "")

    @property
    def type_code(self) -> Code:
        """Its type."""
        return self.entry.type_code or Code("", "")

    @property
    def confidentiality_codes(self) -> tuple[str, ...]:
        """Its confidentialityCodes without their scheme."""
        return tuple(code.code for code in self.entry.confidentiality_codes)

    @property
    def read_by_patient(self) -> bool:
        """Whether the patient has read it."""
        return self.read_by_patient_at is not None


class RegisteredDocuments:
    """Reads documents of one record."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool

    def ask(
        self,
        patient_key: UUID,
        *,
        ids: Iterable[str] = (),
        logical_ids: Iterable[str] = (),
        unique_ids: Iterable[str] = (),
    ) -> dict[str, RegisteredDocument]:
        """The documents that any of their versions, logicalIDs or uniqueIds name, by logicalID.

        What is no `urn:uuid:` names nothing. Raises Refusal: the registry does not answer.
        """
        parameters = {
            "patient_key": patient_key,
            "ids": _uuids(ids),
            "logical": _uuids(logical_ids),
            "unique": list(unique_ids),
        }
        with answering(), self._pool.connection() as connection:
            rows = connection.execute(_LAST, parameters).fetchall()
        return {one.logical_id: one for one in map(_read, rows)}

    def submission_of(self, document: RegisteredDocument, patient_key: UUID) -> SubmissionSet:
        """The submission set that brought this version. Raises Refusal; LookupError: none did."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute(_LOT, (uuid_of(document.entry_uuid), patient_key)).fetchone()
        if row is None:
            raise LookupError("every registered version came in a submission set")
        return read_submission_set(parse(bytes(row[0])), Faults())


def _uuids(ids: Iterable[str]) -> list[UUID]:
    found = []
    for one in ids:
        try:
            found.append(uuid_of(one))
        except ValueError:
            continue
    return found


def _read(row: Sequence[Any]) -> RegisteredDocument:
    entry_uuid, logical_id, version, status, depositor, structures, persons, deposited, read, waiting, fragment = row
    entry = read_entry(parse(bytes(fragment)), Faults())
    return RegisteredDocument(
        entry=replace(
            entry,
            entry_uuid=urn_of(entry_uuid),
            logical_id=urn_of(logical_id),
            version=version,
            availability_status=AvailabilityStatus[status],
        ),
        logical_id=urn_of(logical_id),
        version=version,
        depositor_id=depositor,
        author_structure_ids=tuple(structures),
        author_person_ids=tuple(persons),
        deposited_at=deposited,
        read_by_patient_at=read,
        mask_when_visible=waiting,
    )
