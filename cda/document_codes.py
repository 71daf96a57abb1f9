"""Codes that a CDA document implies without writing them: formatCode and classCode (ANS NOS ASS_A11, ASS_X04)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from cda.header_values import XDS_SD, CdaHeader
from xds.metadata.codes import Code


def format_code(header: CdaHeader) -> Code | None:
    """The format of the document: of its media type at level 1, else of the first known document model it declares."""
    if header.level == 1:
        return _format_codes().get((XDS_SD, header.media_type or ""))
    known = (_format_codes().get((root, "")) for root, _ in header.models)
    return next((code for code in known if code is not None), None)


def class_code(header: CdaHeader) -> Code | None:
    """The class of the document's type. None when the type is unknown."""
    return _class_codes().get((header.code.code, header.code.scheme)) if header.code else None


@cache
def _format_codes() -> dict[tuple[str, str], Code]:
    return {(row["templateId"], row["mediaType"]): Code(row["code"], row["codeSystem"], row["code"])
            for row in _rows("format_codes.csv")}


@cache
def _class_codes() -> dict[tuple[str, str], Code]:
    return {(row["typeCode"], row["typeCodeSystem"]): Code(row["code"], row["codeSystem"], row["displayName"])
            for row in _rows("class_codes.csv")}


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("profiles.ci_sis_header").joinpath(name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
