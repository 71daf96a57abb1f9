"""What may not be seen in a record, and all that would betray it (DMP TD3.1).

A document that the law hides takes with it the associations that touch it, the folders and submission sets all of whose
documents are hidden, and so on: what is left is a record in which it never was. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedEntry:
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
class Outline:
    """A whole record without its fragments. `packages` are submission sets and folders."""

    entries: Mapping[UUID, OutlinedEntry]
    packages: frozenset[UUID]
    links: tuple[Link, ...]


def hidden_by(may_read: Callable[[OutlinedEntry], bool], outline: Outline) -> frozenset[UUID]:
    """Ids of all that must look absent.

    A package goes when all its documents are hidden, or all that it holds; one that holds nothing stays. An association
    goes with either end, and so does one whose end is not in the record.
    """
    documents = frozenset(outline.entries)
    hidden = {entry_uuid for entry_uuid, entry in outline.entries.items() if not may_read(entry)}
    known = documents | outline.packages | {link.entry_uuid for link in outline.links}
    contents = _contents(outline)
    while True:
        before = len(hidden)
        hidden.update(
            link.entry_uuid
            for link in outline.links
            if not hidden.isdisjoint((link.source, link.target)) or not known.issuperset((link.source, link.target))
        )
        hidden.update(package for package, held in contents.items() if _is_emptied(held, documents, hidden))
        if len(hidden) == before:
            return frozenset(hidden)


def _contents(outline: Outline) -> dict[UUID, set[UUID]]:
    held: dict[UUID, set[UUID]] = {}
    for link in outline.links:
        if link.source in outline.packages:
            held.setdefault(link.source, set()).add(link.target)
    return held


def _is_emptied(held: set[UUID], documents: Iterable[UUID], hidden: set[UUID]) -> bool:
    members = held.intersection(documents)
    return held <= hidden or (bool(members) and members <= hidden)
