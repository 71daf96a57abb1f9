"""The manifest of a signed lot: which documents it covers, with which digests (IHE ITI TF-3 §5.5, DMP TD2.1)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import NoReturn

from lxml import etree

from security.errors import ErrorKind, NotAuthenticated
from security.signature.algorithms import DS, digest, digest_algorithms

MANIFEST = f"{{{DS}}}Manifest"
MANIFEST_TYPE = DS + "Manifest"
URN = "urn:oid:"
# One zero byte: the lot is a set of metadata, it has no octets of its own to digest.
PLACEHOLDER = "AA=="
_OID = re.compile(r"[0-2](\.[0-9]{1,39}){1,30}")
_MOST_NAMED = 3


def check_manifest(
    manifest: etree._Element, *, lot_unique_id: str, documents: Mapping[str, bytes], allow_sha1: bool = False
) -> None:
    """Check that a verified manifest covers the lot and every document of it, and nothing else.

    Digests are those of the octets as received. No URI is ever followed: they name documents of this lot.
    Raises NotAuthenticated: SIG_COVERAGE (missing, extra, twice), SIG_INVALID (digest), SIG_STRUCTURE, SIG_ALGORITHM.
    """
    covered: dict[str, tuple[str, str]] = {}
    for reference in manifest:
        uri, algorithm, value = _read_reference(reference)
        if not uri.startswith(URN):
            _refuse(ErrorKind.SIG_COVERAGE, f"the manifest has a reference that does not begin with {URN}")
        unique_id = uri.removeprefix(URN)
        if unique_id in covered:
            _refuse(ErrorKind.SIG_COVERAGE, "the manifest has two references to the same document")
        if algorithm not in digest_algorithms(allow_sha1=allow_sha1):
            _refuse(ErrorKind.SIG_ALGORITHM, "a digest algorithm of the manifest is not allowed")
        covered[unique_id] = (algorithm, value)
    check_coverage(set(covered), {lot_unique_id, *documents})
    if covered.pop(lot_unique_id)[1] != PLACEHOLDER:
        _refuse(ErrorKind.SIG_INVALID, f"the digest of the lot itself is not the agreed value {PLACEHOLDER}")
    for unique_id, (algorithm, value) in covered.items():
        if _decode(value) != digest(algorithm, documents[unique_id]):
            _refuse(
                ErrorKind.SIG_INVALID, f"the digest of a document is not that of the octets received{named(unique_id)}"
            )


def check_coverage(covered: set[str], expected: set[str]) -> None:
    """Every part of the lot, and nothing else. Raises NotAuthenticated: SIG_COVERAGE."""
    if missing := expected - covered:
        text = f"the manifest leaves out {len(missing)} of {len(expected)} parts of the lot{named(*missing)}"
        _refuse(ErrorKind.SIG_COVERAGE, text)
    if extra := covered - expected:
        text = f"the manifest names {len(extra)} documents that are not in the lot{named(*extra)}"
        _refuse(ErrorKind.SIG_COVERAGE, text)


def named(*unique_ids: str) -> str:
    """Some of the documents, for those who repair the lot. Whatever is not an OID is not repeated."""
    shown = sorted(filter(_OID.fullmatch, unique_ids))[:_MOST_NAMED]
    return f": {', '.join(shown)}" if shown else ""


def _read_reference(reference: etree._Element) -> tuple[str, str, str]:
    if reference.tag != f"{{{DS}}}Reference":
        _refuse(ErrorKind.SIG_STRUCTURE, "Manifest holds something else than Reference")
    if [part.tag for part in reference] != [f"{{{DS}}}DigestMethod", f"{{{DS}}}DigestValue"]:
        _refuse(ErrorKind.SIG_STRUCTURE, "a Reference of the manifest is DigestMethod, DigestValue")
    method, value = reference
    return reference.get("URI") or "", method.get("Algorithm") or "", "".join((value.text or "").split())


def _decode(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _refuse(kind: ErrorKind, text: str) -> NoReturn:
    raise NotAuthenticated(kind, text)
