"""The types of documents that the CI-SIS publishes: model, version, code, and what the official chain asks of each.

`models.csv` has one row for each model, version and code: the models of CI-SIS 2021.01 to 2025.01, and the documents
that are exchanged without a model, at level 1.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

XDS_SD = "1.3.6.1.4.1.19376.1.2.20"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType:
    """One row: a model in one version, with one of its codes.

    `level` is 1 (a header around a PDF or a text), 3 (structured), both, or empty for what is no CDA document.
    `template` is the templateId of the model, `extension` its version; both may be empty, and `code` too when the
    model is known by its format alone. `checked` names what the schematron of the model compares: `code`, `system`,
    `display`, `extension`. `companions` are the templateIds that it asks for beside that of the model. `class_code` is
    that of XDS (JDV_J57), empty where nothing official says which.
    """

    model: str
    level: str
    template: str
    extension: str
    code: str
    code_system: str
    code_display: str
    class_code: str
    format_code: str
    checked: frozenset[str]
    companions: tuple[str, ...]
    title: str


@cache
def document_types() -> tuple[DocumentType, ...]:
    """Every row of the table, in its order."""
    text = files("profiles.document_types").joinpath("models.csv").read_text(encoding="utf-8")
    return tuple(
        DocumentType(checked=frozenset(row.pop("checked").split()), companions=tuple(row.pop("with").split()), **row)
        for row in csv.DictReader(text.splitlines())
    )


@cache
def types_by_template() -> Mapping[str, tuple[DocumentType, ...]]:
    """The structured types by the templateId of their model: all versions and codes of it."""
    return _grouped([(one.template, one) for one in document_types() if one.template != XDS_SD])


@cache
def types_by_companion() -> Mapping[str, tuple[DocumentType, ...]]:
    """The structured types by the templateIds that they ask for beside their own."""
    return _grouped([(root, one) for one in document_types() for root in one.companions])


@cache
def unstructured_types() -> Mapping[tuple[str, str], DocumentType]:
    """The types of level 1 by (code, code system)."""
    return {(one.code, one.code_system): one for one in document_types() if one.template == XDS_SD}


def _grouped(pairs: list[tuple[str, DocumentType]]) -> Mapping[str, tuple[DocumentType, ...]]:
    groups: defaultdict[str, list[DocumentType]] = defaultdict(list)
    for key, one in pairs:
        if key:
            groups[key].append(one)
    return {key: tuple(group) for key, group in groups.items()}
