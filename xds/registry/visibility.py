"""What may be seen in a record besides documents, so that nothing betrays those that may not (DMP TD3.1).

A document that the law hides takes with it the associations that touch it, the folders and submission sets all of whose
documents are hidden, and so on: what is left is a record in which it never was. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus


class OutlinedEntry(NamedTuple):
    """What the law looks at in a document."""

    class_code: Code
    type_code: Code
    confidentiality_codes: tuple[str, ...]
    status: AvailabilityStatus
    author_person_ids: tuple[str, ...]
    author_structure_ids: tuple[str, ...]
    depositor_id: str


@dataclass(frozen=True, slots=True)
class Link:
    """An association by its ids."""

    entry_uuid: UUID
    source: UUID
    target: UUID


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands above the documents that are seen, and above packages that hold nothing. No hidden document is here.

    `packages` are submission sets and folders, with whether they hold a document at all, hidden ones included. `links`
    are all associations whose target is here.
    """

    documents: frozenset[UUID]
    packages: Mapping[UUID, bool]
    links: tuple[Link, ...]


def shown_in(around: Surroundings) -> frozenset[UUID]:
    """Ids of all that may be seen.

    A package is seen while it holds a document that is, or no document at all and something that is seen; so is one
    that holds nothing. An association is seen with both its ends.
    """
    held = _contents(around)
    seen = {
        package
        for package, holds_documents in around.packages.items()
        if not holds_documents or not around.documents.isdisjoint(held.get(package, ()))
    }
    seen |= around.documents | {link.entry_uuid for link in around.links}
    while True:
        before = len(seen)
        seen.difference_update(
            link.entry_uuid for link in around.links if link.source not in seen or link.target not in seen
        )
        seen.difference_update(package for package, inside in held.items() if seen.isdisjoint(inside))
        if len(seen) == before:
            return frozenset(seen)


def _contents(around: Surroundings) -> dict[UUID, set[UUID]]:
    held: dict[UUID, set[UUID]] = {}
    for link in around.links:
        if link.source in around.packages:
            held.setdefault(link.source, set()).add(link.target)
    return held
