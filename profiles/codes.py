"""An affinity domain: which codes and values it allows in XDS metadata; that of the DMP (DMP TD2.1; CI-SIS, XDS).

Everything is read from tables beside this module; nothing here knows a code. A key of a code is the pair (code,
codingScheme): display names are never compared. `affinity` reads the domains of others.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

CodeKey = tuple[str, str]

# Official examples spell one format with either scheme (ANS XDM examples): both are the same format.
_FORMAT_SCHEMES = ("1.3.6.1.4.1.19376.1.2.3", "1.2.250.1.213.1.1.4.2.282")
_CLASS_SCHEME = "1.2.250.1.213.1.1.4.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LotSignature:
    """What the entry of a lot signature holds instead of clinical codes (DMP TD2.1; ITI DSG)."""

    codes: Mapping[str, frozenset[CodeKey]]
    languages: frozenset[str]
    mime_types: frozenset[str]

    def is_type(self, type_code: CodeKey) -> bool:
        """Whether a typeCode designates the signature of a lot."""
        return type_code in self.codes["typeCode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Allowed values by attribute, under IHE's attribute names.

    An attribute without list in `codes`, and an empty set of languages, media types or authorities (OIDs), allow
    everything. `codes` names Folder.codeList `codeList` and the documentation of associations
    `associationDocumentation`. `lot_signature` is None where lots are not signed. `class_by_type` derives classCode
    from typeCode (NOS ASS_X16, 2024-02-23). A few types of JDV_J07 are newer than that table: their class is free
    within JDV_J57.
    """

    name: Literal["dmp", "ihe"]
    codes: Mapping[str, frozenset[CodeKey]]
    class_by_type: Mapping[CodeKey, CodeKey]
    class_names: Mapping[str, str]
    languages: frozenset[str]
    mime_types: frozenset[str]
    patient_authorities: frozenset[str]
    lot_signature: LotSignature | None

    def allows(self, attribute: str, code: str, scheme: str) -> bool:
        """Whether a code may stand in an attribute; an attribute without list allows everything."""
        allowed = self.codes.get(attribute)
        return allowed is None or (code, scheme) in allowed

    def class_of(self, type_code: str, scheme: str) -> CodeKey | None:
        """The class of a type of document, None when the table does not know the type."""
        return self.class_by_type.get((type_code, scheme))


@cache
def load_domain() -> Domain:
    """The domain of the DMP, read once."""
    class_by_type = {
        (row["typeCode"], row["typeCodeSystem"]): (row["classCode"], _CLASS_SCHEME)
        for row in _rows("profiles.xds_metadata", "class_of_type")
    }
    codes: dict[str, frozenset[CodeKey]] = {}
    for row in _rows("profiles.xds_metadata", "coded_attributes"):
        codes[row["attribute"]] = codes.get(row["attribute"], frozenset()) | value_set(row["valueSet"])
    signature = _lot_signature()
    # A type that only the class table knows is a type of the DMP; that of the signature stands for itself alone.
    codes["typeCode"] = (codes["typeCode"] | class_by_type.keys()) - signature.codes["typeCode"]
    codes["formatCode"] = frozenset(
        (row["code"], scheme)
        for row in _rows("profiles.ci_sis_header", "format_codes")
        for scheme in (row["codeSystem"], *_FORMAT_SCHEMES)
    )
    plain = _grouped("plain_values")
    return Domain(
        name="dmp",
        codes=codes,
        class_by_type=class_by_type,
        class_names={row["code"]: row["displayName"] for row in _rows("profiles.value_sets", "JDV_J57_ClassCode_DMP")},
        languages=frozenset(plain["languageCode"]),
        mime_types=frozenset(plain["mimeType"]),
        patient_authorities=frozenset(plain["patientId.authority"]),
        lot_signature=signature,
    )


@cache
def value_set(name: str) -> frozenset[CodeKey]:
    """The codes of one value set, by the name of its table. Raises FileNotFoundError: there is no such table."""
    return frozenset((row["code"], row["codeSystem"]) for row in _rows("profiles.value_sets", name))


def _lot_signature() -> LotSignature:
    codes: defaultdict[str, set[CodeKey]] = defaultdict(set)
    plain: defaultdict[str, set[str]] = defaultdict(set)
    for row in _rows("profiles.xds_metadata", "lot_signature"):
        if row["codingScheme"]:
            codes[row["attribute"]].add((row["value"], row["codingScheme"]))
        else:
            plain[row["attribute"]].add(row["value"])
    return LotSignature(
        codes={attribute: frozenset(keys) for attribute, keys in codes.items()},
        languages=frozenset(plain["languageCode"]),
        mime_types=frozenset(plain["mimeType"]),
    )


def _grouped(name: str) -> Mapping[str, set[str]]:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for row in _rows("profiles.xds_metadata", name):
        groups[row["attribute"]].add(row["value"])
    return groups


def _rows(package: str, name: str) -> Iterator[dict[str, str]]:
    text = files(package).joinpath(f"{name}.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
