"""Names in searches: by their beginning, letter case and accents apart (FHIR R4 §3.1.1.4.7)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from xds.metadata.author import Author
from xds.metadata.datatypes import Xcn
from xds.mhd.search_values import alternatives, unescaped


def comparable(text: str) -> str:
    """A text as searches compare it: letter case and accents taken away."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def beginnings(value: str) -> tuple[str, ...]:
    """The alternatives of a string parameter, comparable."""
    return tuple(comparable(unescaped(one)) for one in alternatives(value))


def is_author(authors: Iterable[Author], part: str, starts: tuple[str, ...]) -> bool:
    """Whether a `given` or `family` name of an author starts with one of these texts."""
    return any(name.startswith(starts) for name in _names_of(authors, part))


def _names_of(authors: Iterable[Author], part: str) -> Iterator[str]:
    for author in authors:
        try:
            person = Xcn.parse(author.person) if author.person else None
        except ValueError:
            continue
        if person is not None:
            yield comparable((person.given if part == "given" else person.family) or "")
