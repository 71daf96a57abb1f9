"""Everything that expressions of one compiled schema may call, and what its variables may hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lxml import etree

from conformance.schematron.functions import EXTENSIONS
from conformance.schematron.model import ECLUSE
from conformance.schematron.xpath.answers import ANSWERS
from conformance.schematron.xpath.atoms import STRING_ITEM, UNTYPED_ITEM
from conformance.schematron.xpath.kinds import Kind
from conformance.schematron.xpath.lookups import Documents, Lookups

PREFIX = "ecluse"


def extensions(documents: Documents) -> dict[tuple[str, str], Callable[..., Any]]:
    """All functions, by namespace and name: those of our own rules, those of translated expressions.

    They keep what they learn of `documents` as long as they live: one set for one compiled schema.
    """
    functions: dict[tuple[str, str], Callable[..., Any]] = dict(EXTENSIONS)
    functions.update(((ECLUSE, name), function) for name, function in ANSWERS.items())
    lookups = Lookups(documents, functions)
    functions.update(
        {
            (ECLUSE, "doc-available"): lookups.doc_available,
            (ECLUSE, "fetched"): lookups.fetched,
            (ECLUSE, "each"): lookups.each,
            (ECLUSE, "listed"): lookups.listed,
            (ECLUSE, "keyed"): lookups.keyed,
        }
    )
    return functions


def variable(value: object, kind: Kind = Kind.ANY) -> object:
    """A value of lxml as a variable of lxml, which takes no list of strings: they become elements of our making.

    `kind` is that of the expression which gave the value.
    """
    if not isinstance(value, list) or all(isinstance(one, etree._Element) for one in value):
        return value
    tag = STRING_ITEM if kind is Kind.STRINGS else UNTYPED_ITEM
    if len(value) == 1 and isinstance(value[0], str):
        return [_item(tag, str(value[0]))]
    return [one if isinstance(one, etree._Element) else _new_item(tag, str(one)) for one in value]


def _new_item(tag: str, text: str) -> etree._Element:
    item = etree.Element(tag)
    item.text = text
    return item


_item = lru_cache(maxsize=4096)(_new_item)
