"""What CDA R2 and its extensions are made of, read from the tables beside this module (HL7 CDA R2 §3; HL7 V3 ITS).

`types.csv` tells the types and what follows what in them, `elements.csv` and `attributes.csv` what their members hold,
`forms.csv` and `values.csv` how values are written. A type of the namespace `*` (a data type) exists in every namespace
whose elements hold it: `cda:II` and `pharm:II` are two types.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NAMESPACES = {
    "hl7": "urn:hl7-org:v3",
    "sdtc": "urn:hl7-org:sdtc",
    "lab": "urn:oid:1.3.6.1.4.1.19376.1.3.2",
    "ps3-20": "urn:dicom-org:ps3-20",
    "pharm": "urn:ihe:pharm:medication",
}
EVERYWHERE = "*"
ANY_TYPE = "xs:anyType"


@dataclass(frozen=True, slots=True)
class Form:
    """How a value is written.

    `base` is `string` (as it is), `filled` (a string that is not empty), `token` (blanks at its ends do not count),
    `list` (of the form `of`), `values` (a token of `values`), `string-values`, or the XML Schema type of that name.
    `patterns` are regular expressions that are the same in XML Schema and in Python: the whole value meets one of them.
    They are kept apart because libxml2 mixes up the counted repetitions of alternatives.
    """

    name: str
    base: str
    of: str
    patterns: tuple[str, ...]
    values: tuple[str, ...]
    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a type: `use` is empty, `required` or `prohibited`; `fixed` is None when any value will do."""

    name: str
    form: str
    use: str
    fixed: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """An element that a type, or the top of a document, may hold: what type it has, whether it may be nil."""

    name: str
    holds: str
    nillable: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A type as its rows tell it: what it adds to `base`, or leaves of it (`derivation`: extension, restriction)."""

    namespace: str
    name: str
    derivation: str
    base: str
    abstract: bool
    mixed: bool
    content: str
    members: tuple[Member, ...]
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """Every row: types by (prefix of the namespace, name), top elements by prefix, forms by name."""

    types: Mapping[tuple[str, str], Row]
    tops: Mapping[str, tuple[Member, ...]]
    forms: Mapping[str, Form]

    def row(self, namespace: str, name: str) -> Row:
        """The row of a type: that of the namespace, or of the data type that exists in all. Raises KeyError."""
        return self.types.get((namespace, name)) or self.types[EVERYWHERE, name]


@cache
def load_tables() -> Tables:
    """Read the tables, once."""
    members: defaultdict[tuple[str, str], list[Member]] = defaultdict(list)
    for row in _rows("elements"):
        member = Member(row["element"], row["holds"], row["nillable"] == "true")
        members[row["namespace"], row["type"]].append(member)
    attributes: defaultdict[tuple[str, str], list[Attribute]] = defaultdict(list)
    for row in _rows("attributes"):
        attribute = Attribute(row["attribute"], row["form"], row["use"], row["fixed"] or None)
        attributes[row["namespace"], row["type"]].append(attribute)
    types = {
        (row["namespace"], row["type"]): Row(
            namespace=row["namespace"],
            name=row["type"],
            derivation=row["derivation"],
            base=row["base"],
            abstract=row["abstract"] == "true",
            mixed=row["mixed"] == "true",
            content=row["content"],
            members=tuple(members[row["namespace"], row["type"]]),
            attributes=tuple(attributes[row["namespace"], row["type"]]),
        )
        for row in _rows("types")
    }
    return Tables(types, {prefix: tuple(members[prefix, ""]) for prefix in NAMESPACES}, _forms())


def _forms() -> Mapping[str, Form]:
    values: defaultdict[str, list[str]] = defaultdict(list)
    for row in _rows("values"):
        values[row["form"]].append(row["value"])
    forms = {name: Form(name, "values", "", (), tuple(allowed), "", "") for name, allowed in values.items()}
    for row in _rows("forms"):
        name = row["form"]
        allowed = tuple(values.get(name, ()))
        forms[name] = Form(name, row["base"], row["of"], tuple(row["pattern"].split()), allowed, row["fr"], row["en"])
    return forms


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("profiles.cda_structure").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
