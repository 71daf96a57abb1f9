"""What was found in a resource as findings: rule, FHIRPath, line, texts in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from conformance.catalogue import LAYERS
from conformance.fhir.structure import StructureFault
from conformance.report import Finding, Severity
from profiles.fhir.deviations import Deviation, deviations, softened
from profiles.fhir.structure_texts import in_french
from profiles.rule_texts import RuleText, text_of
from xds.errors import RegistryError
from xds.errors import Severity as ErrorSeverity
from xds.mhd.outcome import expression_of

STRUCTURE: Final = "fhir"
METADATA: Final = "metadata"
AGREEMENT: Final = "agreement"
DOCUMENT: Final = "fhir-document"
RULE: Final = "FHIR-STRUCTURE"
_SEVERITIES = {ErrorSeverity.ERROR: Severity.ERROR, ErrorSeverity.WARNING: Severity.WARNING}
TITLES: Final = {
    STRUCTURE: ("FHIR R4", "FHIR R4"),
    METADATA: ("Profils MHD et PDSm, métadonnées", "Profiles MHD and PDSm, metadata"),
    DOCUMENT: ("Document FHIR, métadonnées", "FHIR document, metadata"),
    AGREEMENT: ("Accord avec les documents", "Agreement with the documents"),
    **LAYERS,
}


class Places(Protocol):
    """The places of one resource, however it is spelled."""

    def of(self, path: str) -> tuple[int, int]:
        """Line and column of what a FHIRPath names, or of the nearest element that is there."""


def as_finding(error: RegistryError, ids: Mapping[str, str], places: Places) -> Finding:
    """A broken rule at its FHIRPath; `ids` map ids of objects to the FHIRPaths of their resources."""
    path = expression_of(error, ids)
    line, column = places.of(path)
    text, row = _text(error.rule), _row(error)
    hint, hint_en = text.hint, text.hint_en
    if row is not None:
        hint = f"{hint} Interface indulgente : {row.lenient_fr}".strip()
        hint_en = f"{hint_en} Lenient interface: {row.lenient_en}".strip()
    return Finding(
        rule=error.rule or str(error.code),
        severity=_SEVERITIES[error.severity],
        source=text.source or (row.source if row is not None else "IHE MHD 4.2.4"),
        path=path,
        line=line,
        column=column,
        found=error.found if error.found is not None else error.context,
        expected=error.expected,
        message=text.message or error.context,
        message_en=text.message_en or error.context,
        hint=hint,
        hint_en=hint_en,
        layer=METADATA,
    )


def structure_finding(fault: StructureFault, places: Places) -> Finding:
    """What FHIR R4 does not have."""
    line, column = places.of(fault.path)
    text, name = text_of("fhir", RULE), fault.path.rpartition(".")[2]
    missing = fault.code == "required"
    return Finding(
        rule=RULE,
        severity=Severity.ERROR,
        source=text.source,
        path=fault.path,
        line=line,
        column=column,
        found=None if missing else name,
        expected=name if missing else None,
        message=text.message,
        message_en=text.message_en,
        hint=f"{name} {in_french(fault.text)}. {text.hint}",
        hint_en=f"{name} {fault.text}. {text.hint_en}",
        layer=STRUCTURE,
    )


def _text(rule: str) -> RuleText:
    text = text_of("fhir", rule)
    return text if text.message else text_of("xds_metadata", rule)


def _row(error: RegistryError) -> Deviation | None:
    """What a lenient interface does about it."""
    return deviations().get(error.rule) or softened().get((error.rule, error.location.rpartition("/")[2]))
