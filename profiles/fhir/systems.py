"""Coding schemes of XDS and code systems of FHIR: one OID, one URI that we write, others that we read too."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

TABLE = Path(__file__).with_name("systems.csv")
_OID: Final = "urn:oid:"
_NAMED: Final = "urn:ecluse:scheme:"
"""Schemes that are neither an OID nor a URI, as `ASTM`."""


def uri_of(scheme: str) -> str:
    """The URI of a codingScheme: that of the table, else `urn:oid:…`; a URI stays, any other name gets ours."""
    known = _by_oid().get(scheme)
    if known is not None:
        return known
    if scheme[:1].isdigit():
        return _OID + scheme
    return scheme if ":" in scheme else _NAMED + quote(scheme, safe="")


def scheme_of(uri: str) -> str:
    """The codingScheme of a URI, the reverse of `uri_of`."""
    known = _by_uri().get(uri)
    if known is not None:
        return known
    if uri.startswith(_OID):
        return uri.removeprefix(_OID)
    return unquote(uri.removeprefix(_NAMED)) if uri.startswith(_NAMED) else uri


@cache
def _by_oid() -> Mapping[str, str]:
    """The first row of an OID is the one that is written."""
    return dict(reversed(_rows()))


@cache
def _by_uri() -> Mapping[str, str]:
    return {uri: oid for oid, uri in _rows()}


def _rows() -> list[tuple[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [(row["oid"], row["uri"]) for row in csv.DictReader(file)]
