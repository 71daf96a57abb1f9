"""The affinity domain of whoever runs the house: its own lists of codes, or none (ITI TF-3 §4.2.3.1.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from profiles.affinity_domain.code_files import CODED, CodeRow, UnusableCodeFile, is_oid, read_code_file
from profiles.codes import CodeKey, Domain

ANY = "any"
CONNECTATHON = "connectathon"


def load_affinity_domain(codes: str, authorities: str) -> Domain:
    """The generic domain. An attribute that the list does not name is free.

    `codes` is `any` (no list), `connectathon` (the list that comes along), or the path of a file, CSV
    (`attribute,code,codingScheme,displayName`) or codes.xml. `authorities` are OIDs separated by blanks; when there is
    none, those of the file hold, else any.
    Raises UnusableCodeFile: the file is not one, or an authority is no OID. OSError: the file cannot be read.
    """
    given = authorities.split()
    wrong = [f"{authority!r} is not an OID" for authority in given if not is_oid(authority)]
    if wrong:
        raise UnusableCodeFile("authorities", wrong)
    coded: defaultdict[str, set[CodeKey]] = defaultdict(set)
    plain: defaultdict[str, set[str]] = defaultdict(set)
    for row in _rows(codes):
        if row.attribute in CODED:
            coded[row.attribute].add((row.code, row.scheme))
        else:
            plain[row.attribute].add(row.code)
    return Domain(
        name="ihe",
        codes={attribute: frozenset(keys) for attribute, keys in coded.items()},
        class_by_type={},
        class_names={},
        languages=frozenset(plain["languageCode"]),
        mime_types=frozenset(plain["mimeType"]),
        patient_authorities=frozenset(given or plain["patientId.authority"]),
        lot_signature=None,
    )


def _rows(codes: str) -> Iterable[CodeRow]:
    if codes == ANY:
        return ()
    if codes == CONNECTATHON:
        name = f"{CONNECTATHON}.csv"
        return read_code_file(files("profiles.affinity_domain").joinpath(name).read_bytes(), name)
    return read_code_file(Path(codes).read_bytes(), codes)
