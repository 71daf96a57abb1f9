"""The rules that are code, explained: what a file must be, structure, advice, metadata, media, HL7 v2, FHIR."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.catalogue import (
    FHIR_DOCUMENT,
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
from conformance.explained import Explained, Kind, explained
from conformance.incidents import told
from conformance.report import Severity, unreadable
from conformance.structure.rules import RULES as STRUCTURE_RULES
from profiles.hl7v2.tables import remarks
from profiles.hl7v2.tables import rules as hl7v2_rules
from profiles.rule_texts import rule_texts
from xds.errors import Severity as ErrorSeverity
from xds.xdm.rules import RULES as MEDIA_RULES

_MILD = frozenset(
    {"AGR-TITLE", "AGR-LANGUAGE", "AGR-AUTHOR", "AGR-SETTING", "AGR-FACILITY", "AGR-SERVICESTART", "AGR-SERVICESTOP"}
)
"""The disagreements that are warnings: `conformance.checks.agreement` gives them that severity."""
_LEVEL = "SIG-LEVEL"
_OF_DOORS = frozenset({"V-42", _LEVEL})
"""What needs a caller or his signature: the doors alone ask it, no profile does."""

_OF_DEPOSITS = tuple(one for one in FHIR_PROFILES if one != FHIR_DOCUMENT)
_FHIR_RULES = {
    "FHIR-SAME-HASH": (FHIR_SEARCHSET,),
    "FHIR-KEEPER": (),
    **dict.fromkeys(("FHIR-DOCUMENT", "FHIR-SECTION", "FHIR-OUTSIDE", "FHIR-ORPHAN"), (FHIR_DOCUMENT,)),
    **dict.fromkeys(("FHIR-STRUCTURE", "FHIR-REFERENCE", "FHIR-KEPT"), tuple(FHIR_PROFILES)),
}
_MILD_OF_DOCUMENTS = frozenset({"FHIR-OUTSIDE", "FHIR-ORPHAN"})


def of_form() -> Iterator[Explained]:
    """What is judged before any schema."""
    yield from _of_files()
    yield from _structure()


def of_content() -> Iterator[Explained]:
    """What is judged after the schemas, or without any."""
    yield from _advice()
    yield from _metadata()
    yield from _media()
    yield from _hl7v2()
    yield from _fhir()


def _of_files() -> Iterator[Explained]:
    """What a report says of a file that could not be judged."""
    for one in (*unreadable("").findings, told("")):
        yield explained(one, id=one.rule, kind="file", layer=one.layer, severity=one.severity, profiles=())


def _structure() -> Iterator[Explained]:
    for one in STRUCTURE_RULES.values():
        yield explained(
            one,
            id=one.id,
            kind="structure",
            layer=STRUCTURE,
            severity=one.severity,
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
        mild = (
            identifier in _MILD or identifier == _LEVEL or (row is not None and row.severity is ErrorSeverity.WARNING)
        )
        only_dmp = row is not None and "ihe" not in row.domains
        profiles = (METADATA_DMP,) if only_dmp else tuple(METADATA_PROFILES)
        yield _of_text(
            "xds_metadata",
            identifier,
            "agreement" if identifier.startswith("AGR-") else "metadata",
            Severity.WARNING if mild else Severity.ERROR,
            () if identifier in _OF_DOORS else profiles,
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
        yield explained(
            one,
            id=one.rule,
            kind="hl7v2",
            layer="agreement" if one.scope == "agreement" else "message",
            severity=Severity.ERROR if one.severity == "E" else Severity.WARNING,
            profiles=profiles.get(one.scope, tuple(HL7V2_PROFILES)),
        )
    for remark in remarks().values():
        yield Explained(
            id=remark.remark,
            kind="hl7v2",
            layer="results",
            severity=Severity.ERROR if remark.kind == "error" else Severity.WARNING,
            source="CI-SIS CR-BIO 2024.01",
            message=f"{remark.message[0].upper()}{remark.message[1:]}.",
            message_en=f"{remark.message_en[0].upper()}{remark.message_en[1:]}.",
            hint=f"À la place : {remark.instead}." if remark.instead else "",
            hint_en=f"Instead: {remark.instead_en}." if remark.instead_en else "",
            profiles=(HL7V2_ORU,),
        )


def _fhir() -> Iterator[Explained]:
    """The rules of the spelling in FHIR; what an interface that is lenient admits is an error all the same."""
    for identifier in rule_texts("fhir"):
        severity = Severity.WARNING if identifier in _MILD_OF_DOCUMENTS else Severity.ERROR
        yield _of_text("fhir", identifier, "fhir", severity, _FHIR_RULES.get(identifier, _OF_DEPOSITS))


def _of_text(package: str, identifier: str, kind: Kind, severity: Severity, profiles: tuple[str, ...]) -> Explained:
    layer = "summary" if kind == "advice" else kind
    text = rule_texts(package)[identifier]
    return explained(text, id=identifier, kind=kind, layer=layer, severity=severity, profiles=profiles)
