"""In which space of the DMP a registered document is shown: by its type and class, and by the role of its author."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from profiles.dmp.spaces import Place, place_of, placing_roles
from security.xml import parse
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_entry
from xds.metadata.author import Author
from xds.registry.view import RegisteredEntry, View


def place_in(entry: RegisteredEntry) -> Place | None:
    """Where a document is shown; None for the signature of a lot. An entry without its fragment has no author's role.

    The role stands in the fragment alone, which is read where it may be there.
    """
    may_count = any(role.encode() in entry.fragment for role in placing_roles())
    roles = roles_of(read_entry(parse(entry.fragment), Faults()).authors) if may_count else ()
    return place_of(entry.type_code.code, entry.class_code.code, roles)


def roles_of(authors: Collection[Author]) -> tuple[str, ...]:
    """The codes of the roles of authors, without display name and scheme."""
    return tuple(role.partition("^")[0] for author in authors for role in author.roles)


def in_spaces(view: View, spaces: Collection[str]) -> View:
    """The documents of a view that stand in some spaces."""
    places = ((entry, place_in(entry)) for entry in view.entries)
    return replace(view, entries=tuple(entry for entry, place in places if place is not None and place.space in spaces))
