"""Where an attribute of XDS stands in the resource that spells its object (IHE MHD 4.2.4; PDSm 3.1.1)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("elements.csv")


def element_of(kind: str, attribute: str) -> str:
    """The FHIRPath of an attribute inside the resource, empty when it has no place of its own.

    `kind` is the ebRIM element of the object. A place that is no row, such as `Slot[urn:x]` or `author/authorPerson`,
    takes the row of its head.
    """
    table = _table()
    head = attribute.partition("/")[0].partition("[")[0]
    return table.get((kind, attribute)) or table.get((kind, head), "")


@cache
def _table() -> Mapping[tuple[str, str], str]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row["object"], row["attribute"]): row["path"] for row in csv.DictReader(file)}
