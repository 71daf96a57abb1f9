"""Codes that a CDA document implies without writing them: formatCode and classCode (ANS NOS ASS_A11, ASS_X16)."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from cda.header_values import XDS_SD, CdaHeader
from profiles.codes import load_domain
from xds.metadata.codes import Code


def format_code(header: CdaHeader) -> Code | None:
    """The format of the document: of its media type at level 1, else of the first known document model it declares."""
    if header.level == 1:
        return _format_codes().get((XDS_SD, header.media_type or ""))
    known = (_format_codes().get((root, "")) for root, _ in header.models)
    return next((code for code in known if code is not None), None)


def class_code(header: CdaHeader) -> Code | None:
    """The class of the document's type. None when the domain does not know the type."""
    domain = load_domain()
    found = domain.class_of(header.code.code, header.code.scheme) if header.code else None
    return Code(*found, domain.class_names.get(found[0], "")) if found else None


@cache
def _format_codes() -> dict[tuple[str, str], Code]:
    text = files("profiles.ci_sis_header").joinpath("format_codes.csv").read_text(encoding="utf-8")
    return {
        (row["templateId"], row["mediaType"]): Code(row["code"], row["codeSystem"], row["code"])
        for row in csv.DictReader(text.splitlines())
    }
