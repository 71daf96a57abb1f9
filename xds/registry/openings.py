"""Which documents of a record to read: judged on one of each kind, before any is.

The law looks at few things in a document, which many documents share: type, class, visibility, status. The registry
keeps them as one key, the aspect (`0022_aspects.sql`); whoever wrote the document is the rest. A verdict on each aspect
of a record, for a stranger to the document and for its author, says which documents to read: what is hidden is not
read, and takes no time. Each document that is read is judged again, as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, LiteralString
from uuid import UUID

from xds.dmp.requester import Requester, RequesterKind
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.conditions import Conditions
from xds.registry.found import Row, read_codes
from xds.registry.rows import bytes_array, text_array
from xds.registry.scope import Sight
from xds.registry.visibility import OutlinedEntry

_AFTER_EVERY_DIGEST: Final = b"\xff" * 33

ASPECTS: Final[LiteralString] = """
WITH RECURSIVE found AS (
    (SELECT e.aspect, e.codes, e.status FROM document_entries e
     WHERE e.aspect > %(first)s AND e.aspect < %(last)s ORDER BY e.aspect LIMIT 1)
    UNION ALL
    SELECT n.aspect, n.codes, n.status FROM found f CROSS JOIN LATERAL (
        SELECT e.aspect, e.codes, e.status FROM document_entries e
        WHERE e.aspect > f.aspect AND e.aspect < %(last)s ORDER BY e.aspect LIMIT 1) AS n
)
SELECT aspect, codes::text, status FROM found
"""
"""One document of each aspect of a record: from one key to the next, whatever the number of documents of each."""

_OPEN: Final[LiteralString] = (
    "(e.aspect = ANY (%s::bytea[])"
    " OR (e.hands && (SELECT array_agg(hashtextextended(hand, 0)) FROM unnest(%s::text[]) AS hand)"
    " AND e.aspect || ''::bytea = ANY (%s::bytea[])))"
)
"""The second aspects stand in no index: documents of an author are found by their author, never by what hides them."""


@dataclass(frozen=True, slots=True)
class Openings:
    """Aspects seen whoever wrote the document, and those that one of `hands` sees, spelt as document_hands does."""

    aspects: tuple[bytes, ...]
    own: tuple[bytes, ...]
    hands: tuple[str, ...]

    def narrow(self, wanted: Conditions) -> Conditions:
        """Add to conditions on documents that they may be seen."""
        return wanted.add(_OPEN, bytes_array(self.aspects), text_array(self.hands), bytes_array(self.own))


def bounds_of(patient_key: UUID) -> dict[str, Any]:
    """The values of ASPECTS: between them stand all aspects of a record, and no other."""
    return {"first": patient_key.bytes, "last": patient_key.bytes + _AFTER_EVERY_DIGEST}


def openings(sees: Sight, requester: Requester, patient_key: UUID, rows: Iterable[Row]) -> Openings:
    """What to read for a requester, from the rows of ASPECTS."""
    person, structure = requester.national_id, structure_of(requester)
    aspects, own, hands = [], [], set()
    for aspect, codes, status in rows:
        entry = _by_a_stranger(codes, status)
        if sees(entry):
            aspects.append(bytes(aspect))
            continue
        by_author = sees(entry._replace(author_person_ids=(person,)))
        by_structure = structure is not None and sees(entry._replace(author_structure_ids=(structure,)))
        if by_author or by_structure:
            own.append(bytes(aspect))
        if by_author:
            hands.add(f"{patient_key} P {person}")
        if by_structure:
            hands.add(f"{patient_key} S {structure}")
    return Openings(tuple(aspects), tuple(own), tuple(sorted(hands)))


def structure_of(requester: Requester) -> str | None:
    """The structure whose documents may be the requester's own, as the law names it (`entries.is_of_structure`)."""
    own = requester.national_id if requester.kind is RequesterKind.STRUCTURE else None
    return requester.structure_id or own


def _by_a_stranger(codes: str, status: str) -> OutlinedEntry:
    class_code, type_code, _, confidentiality = read_codes(codes)
    return OutlinedEntry(
        class_code=class_code,
        type_code=type_code,
        confidentiality_codes=confidentiality,
        status=AvailabilityStatus[status],
        author_person_ids=(),
        author_structure_ids=(),
        depositor_id="",
    )
