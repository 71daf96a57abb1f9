"""Every rule that a report may name, explained: what it asks, where it comes from, what to do, what it looks at.

One book for all faces: `ecluse validate --explain` and the pages `/rules` of the sandbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Literal

from conformance.catalogue import (
    FHIR_PROFILES,
    FHIR_SEARCHSET,
    HL7V2_MDM,
    HL7V2_ORU,
    HL7V2_PAM,
    HL7V2_PROFILES,
    IPS_FR,
    METADATA_DMP,
    METADATA_PROFILES,
    PROFILES,
    STRUCTURE,
    VSM_1_4,
    VSM_2023,
    XDM,
)
from conformance.checks import metadata
from conformance.incidents import told
from conformance.report import Severity, unreadable
from conformance.schematron.model import Assertion
from conformance.schematron.reading import read_schema
from conformance.structure.rules import RULES as STRUCTURE_RULES
from profiles.hl7v2.tables import remarks
from profiles.hl7v2.tables import rules as hl7v2_rules
from profiles.rule_texts import rule_texts
from xds.errors import Severity as ErrorSeverity
from xds.xdm.rules import RULES as MEDIA_RULES

Kind = Literal["file", "schematron", "structure", "advice", "metadata", "agreement", "medium", "hl7v2", "fhir"]
_NEAR, _ALIKE = 5, 0.5
_LONGEST = 100
_MILD = frozenset(
    {"AGR-TITLE", "AGR-LANGUAGE", "AGR-AUTHOR", "AGR-SETTING", "AGR-FACILITY", "AGR-SERVICESTART", "AGR-SERVICESTOP"}
)
"""The disagreements that are warnings: `conformance.checks.agreement` gives them that severity."""


class UnknownRule(KeyError):
    """No rule has that id. `near` are ids that look like it, the nearest first."""

    def __init__(self, rule: str, near: tuple[str, ...]) -> None:
        super().__init__(rule)
        self.near = near


@dataclass(frozen=True, slots=True)
class Condition:
    """What a Schematron rule looks at, and its test: a document fails when the test has the value `fails_when`."""

    context: str
    test: str
    fails_when: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One rule. `message` may have words in braces, which a finding fills in. `profiles` are those that ask it.

    `conditions` are empty for rules that are code; several when several schemas ask the same thing of their own
    documents. `has_twin`: among the samples there is a document that breaks this rule.
    """

    id: str
    kind: Kind
    layer: str
    severity: Severity
    source: str
    message: str
    message_en: str
    hint: str
    hint_en: str
    profiles: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    expected: str | None = None
    repair: str | None = None
    has_twin: bool = False

    def text(self, language: str = "fr") -> str:
        """The message in the language asked for."""
        return self.message_en if language == "en" else self.message

    def advice(self, language: str = "fr") -> str:
        """What to do about it, in the language asked for; empty when nobody knows."""
        return self.hint_en if language == "en" else self.hint

    @property
    def twin(self) -> str | None:
        """The command that writes a document which breaks this rule."""
        return f"ecluse samples broken DIR --rule {self.id}" if self.has_twin else None

    def as_data(self, language: str = "fr") -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {
            "rule": self.id,
            "kind": self.kind,
            "layer": self.layer,
            "severity": str(self.severity),
            "source": self.source,
            "message": self.text(language),
            "hint": self.advice(language),
            "profiles": list(self.profiles),
            "conditions": [
                {"context": one.context, "test": one.test, "fails_when": one.fails_when} for one in self.conditions
            ],
            "expected": self.expected,
            "repair": self.repair,
            "twin": self.twin,
        }


def rule(identifier: str) -> Explained:
    """The rule of that id. Raises UnknownRule."""
    for one in _of_code():
        if one.id == identifier:
            return one
    found = _by_id(_of_schemas(identifier))
    if identifier in found:
        return found[identifier]
    raise UnknownRule(identifier, near(identifier, (one.id for one in rules())))


def near(identifier: str, ids: Iterable[str]) -> tuple[str, ...]:
    """Those of some ids that look like another, whatever the case of letters, the nearest first."""
    if not 0 < len(identifier) <= _LONGEST:
        return ()
    identifier = identifier.upper()
    known = {one.upper(): one for one in ids}
    alike = get_close_matches(identifier, known, _NEAR, _ALIKE)
    within = (one for one in known if identifier in one)
    return tuple(known[one] for one in dict.fromkeys((*alike, *within)))[:_NEAR]


@cache
def rules() -> tuple[Explained, ...]:
    """Every rule: what a file must be, structure, schemas, then advice, metadata, agreement, media, HL7 v2 and FHIR."""
    return (
        *_of_files(),
        *_structure(),
        *_by_id(_of_schemas()).values(),
        *_advice(),
        *_metadata(),
        *_media(),
        *_hl7v2(),
        *_fhir(),
    )


def _by_id(found: Iterable[Explained]) -> dict[str, Explained]:
    """Rules that several schemas have are one, asked by all their profiles."""
    known: dict[str, Explained] = {}
    for one in found:
        same = known.get(one.id)
        known[one.id] = one if same is None else replace(
            same,
            profiles=tuple(dict.fromkeys((*same.profiles, *one.profiles))),
            conditions=tuple(dict.fromkeys((*same.conditions, *one.conditions))),
        )  # fmt: skip
    return known


def _of_schemas(identifier: str | None = None) -> Iterator[Explained]:
    """The assertions of our schemas; of those that have `identifier` in their text, when it is given."""
    used: dict[tuple[str, str, str], list[str]] = {}
    for profile in PROFILES.values():
        for schema in profile.schemas:
            used.setdefault((schema.layer, schema.package, schema.name), []).append(profile.name)
    for (layer, package, name), profiles in used.items():
        content = files(f"profiles.{package}").joinpath(f"{name}.sch").read_bytes()
        if identifier is not None and f'"{identifier}"'.encode() not in content:
            continue
        for pattern in read_schema(content).patterns:
            for asked in pattern.rules:
                for one in asked.assertions:
                    yield _of_assertion(one, asked.context, layer, tuple(profiles))


def _of_assertion(one: Assertion, context: str, layer: str, profiles: tuple[str, ...]) -> Explained:
    return Explained(
        id=one.id,
        kind="schematron",
        layer=layer,
        severity=Severity(one.role),
        source=one.source,
        message=one.message,
        message_en=one.message_en,
        hint=one.hint,
        hint_en=one.hint_en,
        profiles=profiles,
        conditions=(Condition(" ".join(context.split()), " ".join(one.test.split()), one.fails_when),),
        expected=one.expected,
        repair=one.repair,
        has_twin=True,
    )


def _of_code() -> Iterator[Explained]:
    yield from _of_files()
    yield from _structure()
    yield from _advice()
    yield from _metadata()
    yield from _media()
    yield from _hl7v2()
    yield from _fhir()


def _of_files() -> Iterator[Explained]:
    """What a report says of a file that could not be judged."""
    for one in (*unreadable("").findings, told("")):
        yield Explained(
            id=one.rule,
            kind="file",
            layer=one.layer,
            severity=one.severity,
            source=one.source,
            message=one.message,
            message_en=one.message_en,
            hint=one.hint,
            hint_en=one.hint_en,
            profiles=(),
        )


def _structure() -> Iterator[Explained]:
    for one in STRUCTURE_RULES.values():
        yield Explained(
            id=one.id,
            kind="structure",
            layer=STRUCTURE,
            severity=one.severity,
            source=one.source,
            message=one.message,
            message_en=one.message_en,
            hint=one.hint,
            hint_en=one.hint_en,
            profiles=tuple(PROFILES),
            has_twin=True,
        )


def _advice() -> Iterator[Explained]:
    for identifier in rule_texts("medical_summary"):
        yield _of_text("medical_summary", identifier, "advice", Severity.INFO, (VSM_1_4, VSM_2023, IPS_FR))


def _metadata() -> Iterator[Explained]:
    """The rules on a submission that need no past; what the reader of the message reports has a text and no row."""
    rows = {one.id: one for one in metadata.RULES}
    for identifier in rule_texts("xds_metadata"):
        row = rows.get(identifier)
        mild = identifier in _MILD or (row is not None and row.severity is ErrorSeverity.WARNING)
        only_dmp = row is not None and "ihe" not in row.domains
        yield _of_text(
            "xds_metadata",
            identifier,
            "agreement" if identifier.startswith("AGR-") else "metadata",
            Severity.WARNING if mild else Severity.ERROR,
            (METADATA_DMP,) if only_dmp else tuple(METADATA_PROFILES),
        )


def _media() -> Iterator[Explained]:
    for identifier, one in MEDIA_RULES.items():
        yield Explained(
            id=identifier,
            kind="medium",
            layer="medium",
            severity=Severity.WARNING if identifier == "XDM-REPEATED" else Severity.ERROR,
            source=one.source,
            message=one.fr,
            message_en=one.en,
            hint="",
            hint_en="",
            profiles=(XDM,),
        )


def _hl7v2() -> Iterator[Explained]:
    """The rules of HL7 v2 and the remarks on results; those of the use case are of no profile."""
    profiles = {"documents": (HL7V2_ORU, HL7V2_MDM), "mdm": (HL7V2_MDM,), "pam": (HL7V2_PAM,), "use-case": ()}
    profiles["agreement"] = profiles["documents"]
    for one in hl7v2_rules().values():
        yield Explained(
            id=one.rule,
            kind="hl7v2",
            layer="agreement" if one.scope == "agreement" else "message",
            severity=Severity.ERROR if one.severity == "E" else Severity.WARNING,
            source=one.source,
            message=one.message,
            message_en=one.message_en,
            hint=one.hint,
            hint_en=one.hint_en,
            profiles=profiles.get(one.scope, tuple(HL7V2_PROFILES)),
        )
    for remark in remarks().values():
        yield Explained(
            id=remark.remark,
            kind="hl7v2",
            layer="results",
            severity=Severity.ERROR if remark.kind == "error" else Severity.WARNING,
            source="CI-SIS CR-BIO 2024.01",
            message=remark.message[0].upper() + remark.message[1:],
            message_en=remark.message_en[0].upper() + remark.message_en[1:],
            hint=f"À la place : {remark.instead}." if remark.instead else "",
            hint_en=f"Instead: {remark.instead_en}." if remark.instead_en else "",
            profiles=(HL7V2_ORU,),
        )


def _fhir() -> Iterator[Explained]:
    """The rules of the spelling in FHIR; what an interface that is lenient admits is an error all the same."""
    for identifier in rule_texts("fhir"):
        only = (FHIR_SEARCHSET,) if identifier == "FHIR-SAME-HASH" else tuple(FHIR_PROFILES)
        yield _of_text("fhir", identifier, "fhir", Severity.ERROR, only)


def _of_text(package: str, identifier: str, kind: Kind, severity: Severity, profiles: tuple[str, ...]) -> Explained:
    text = rule_texts(package)[identifier]
    return Explained(
        id=identifier,
        kind=kind,
        layer="summary" if kind == "advice" else kind,
        severity=severity,
        source=text.source,
        message=text.message,
        message_en=text.message_en,
        hint=text.hint,
        hint_en=text.hint_en,
        profiles=profiles,
    )
