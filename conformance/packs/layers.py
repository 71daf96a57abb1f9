"""The schemas of a pack ready to be asked, with the documents that they ask in turn."""

from __future__ import annotations

import os
import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath

from lxml import etree

from conformance.packs.terminologies import INDEX, Notations
from conformance.schematron.bounded import Bounded
from conformance.schematron.documents import Documents
from conformance.schematron.engine import Schema
from conformance.schematron.loading import DEFAULT_CACHE, LoadedSchema, load

TITLES = {
    "structure": ("Structure (XSD)", "Structure (XSD)"),
    "header": ("En-tête", "Header"),
    "ihe": ("Corps, modèles IHE", "Body, IHE templates"),
    "content": ("Corps, modèles de contenus français", "Body, French content models"),
    "ans": ("Corps, modèles de l'ANS", "Body, ANS models"),
    "terminology": ("Terminologies et unités", "Terminologies and units"),
    "document": ("Modèle de document", "Document model"),
}
"""The layers of the official chain, in its order: French and English."""


PLANS = "plans"
"""Directory of a pack where its schemas are kept planned."""
_TREES = 64
_NOTATIONS = re.compile(
    r"//\*\[local-name\(\)='notation' and namespace-uri\(\)='http://www\.w3\.org/2004/02/skos/core#'\]"
)
"""How the engine spells `//skos:notation`."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Notations as rows of one column."""

    notations: Notations

    def __contains__(self, row: object) -> bool:
        return isinstance(row, tuple) and len(row) == 1 and row[0] in self.notations


class PackDocuments(Documents):
    """Documents of a pack: its terminologies are not there as documents, their indexes answer for them."""

    def __init__(self, base: Path, root: Path) -> None:
        super().__init__(base, root)
        self._directory = base
        self._top = root.resolve()
        self._notations: Bounded[str, Notations | None] = Bounded()
        self._trees: Bounded[str, etree._Element] = Bounded(_TREES)

    def available(self, reference: str) -> bool:
        """Whether there is a document, or an index of it."""
        return self._index(reference) is not None or super().available(reference)

    def root(self, reference: str) -> etree._Element:
        """The root of a document; of a terminology, its notations and nothing else. Raises MissingDocument."""
        index = self._index(reference)
        if index is None:
            return super().root(reference)
        tree = self._trees.get(reference)
        if tree is None:
            tree = self._trees[reference] = index.as_tree()
        return tree

    def rows_known(self, reference: str, path: str, columns: tuple[str, ...]) -> Container[tuple[str, ...]] | None:
        """The notations of a terminology, asked by their text: the index answers and no tree is made."""
        index = self._index(reference) if columns == ("text()",) and _NOTATIONS.fullmatch(path) else None
        return None if index is None else _Rows(index)

    def _index(self, reference: str) -> Notations | None:
        if reference in self._notations:
            return self._notations[reference]
        place = (self._directory / (reference + INDEX)).resolve()
        inside = not PurePosixPath(reference).is_absolute() and place.is_relative_to(self._top)
        known = self._notations[reference] = Notations(place) if inside and place.is_file() else None
        return known


@lru_cache(maxsize=64)
def layer_schema(directory: Path, path: str, _imported: datetime) -> LoadedSchema:
    """A schema of a pack, made ready once a process and planned once a machine. Raises SchemaFault.

    Plans are kept in the pack, and go with it; where it cannot be written, among those of the user.
    """
    schema = directory / path
    plans = directory / PLANS if os.access(directory, os.W_OK) else DEFAULT_CACHE
    loaded = load(schema, root=directory, tolerant=True, cache=plans)
    return LoadedSchema(Schema(loaded.schema.plan, PackDocuments(schema.parent, directory)), loaded.notes)
