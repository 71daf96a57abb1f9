"""The tables of HL7 v2 as the CI-SIS and PAM-FR use it, read once."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class MessageType:
    """A message that is understood: its structure and version in HL7, the kind of rules that judge it, its flow."""

    message_code: str
    trigger: str
    structure: str
    version: str
    kind: str
    flow: str


@dataclass(frozen=True, slots=True)
class FlowRow:
    """How a flow is told: OBX-11, ORC-1 and, in MDM, the trigger event."""

    flow: str
    obx_11: str
    orc_1: str
    trigger: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """A metadata OBX: its place among them from 1, its code; `value_type` is `coded` or `ED`."""

    position: int
    code: str
    required: bool
    value_type: str
    label_fr: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its severity (`E`, `W`), the code of table 0357 it answers with, what it says in both languages.

    `scope` says what it is asked of: `all`, `documents`, `mdm`, `pam`, or `agreement` of a message with its documents.
    """

    rule: str
    scope: str
    severity: str
    condition: str
    source: str
    message: str
    message_en: str
    hint: str
    hint_en: str


@dataclass(frozen=True, slots=True)
class RemarkRow:
    """A remark on results without a document: `assumed`, `left out` or `error`, and what stands in, in both languages.

    `instead` is empty where a code stands in, or nothing.
    """

    remark: str
    kind: str
    message: str
    message_en: str
    instead: str
    instead_en: str


@cache
def message_types() -> Mapping[tuple[str, str], MessageType]:
    """The messages that are understood, by message code and trigger event."""
    return {(row["message_code"], row["trigger"]): MessageType(**row) for row in _rows("messages")}


@cache
def flows() -> tuple[FlowRow, ...]:
    """How the three flows are told."""
    return tuple(FlowRow(**row) for row in _rows("flows"))


@cache
def cardinalities(structure: str) -> Mapping[str, tuple[int, int]]:
    """What a structure of HL7 is narrowed to: least and most of a segment or group, -1 for no limit."""
    return {
        row["element"]: (int(row["minimum"]), -1 if row["maximum"] == "*" else int(row["maximum"]))
        for row in _rows("cardinalities")
        if row["structure"] == structure
    }


@cache
def pre_adopted(structure: str) -> Mapping[str, tuple[str, str]]:
    """Segments of a later HL7 that a structure takes: (segment, its version) by the segment it follows."""
    return {
        row["after"]: (row["segment"], row["version"]) for row in _rows("pre_adopted") if row["structure"] == structure
    }


@cache
def metadata() -> tuple[Metadata, ...]:
    """The metadata OBX, table MetaDMPMSS, in their order."""
    return tuple(
        Metadata(
            int(row["position"]),
            row["code"],
            bool(row["required"]),
            row["value_type"],
            row["label_fr"],
            row["label_en"],
        )
        for row in _rows("metadata")
    )


@cache
def mss_matrix() -> tuple[Mapping[str, str], ...]:
    """The combinations that may go to MSSanté: for each metadata OBX the values that it may have, `Y`, `N` or `NY`."""
    return tuple(
        {name: value for name, value in row.items() if name not in ("row", "recipients")} for row in _rows("mss_matrix")
    )


@cache
def content_types() -> Mapping[str, tuple[str, str, str]]:
    """ContentTypeCode (code, code system, display) by patient class, PV1-2."""
    return {row["patient_class"]: (row["code"], row["code_system"], row["display"]) for row in _rows("content_types")}


@cache
def application_errors() -> Mapping[str, str]:
    """French label by code of table 0533, as consumers of documents use it."""
    return {row["code"]: row["label_fr"] for row in _rows("application_errors")}


@cache
def smtp_errors() -> frozenset[str]:
    """Codes that may stand for a failure of delivery."""
    return frozenset(row["code"] for row in _rows("smtp_errors"))


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule, by its id."""
    return {row["rule"]: Rule(**row) for row in _rows("rules")}


@cache
def remarks() -> Mapping[str, RemarkRow]:
    """Every remark on results without a document, by its id."""
    return {row["remark"]: RemarkRow(**row) for row in _rows("remarks")}


def _rows(name: str) -> list[dict[str, str]]:
    text = files("profiles.hl7v2").joinpath(f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
