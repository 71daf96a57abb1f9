"""validate(document, profile) -> Report: does a CDA document conform to a profile?"""

from __future__ import annotations

from collections.abc import Iterable

from cda.document import CdaDocument, UnreadableDocument, parse_document
from conformance.catalogue import HEADER, IPS_FR, LAYERS, LEVEL_1, PROFILES, STRUCTURE, VSM_1_4, VSM_2023
from conformance.checks.self_presented import check_self_presented, is_self_presented
from conformance.recognition import profile_of, recognise
from conformance.report import Finding, LayerResult, Report, layer_results
from conformance.schematron.findings import check_schemas
from conformance.structure.checking import check_structure

__all__ = [
    "HEADER",
    "IPS_FR",
    "LEVEL_1",
    "PROFILES",
    "VSM_1_4",
    "VSM_2023",
    "UnknownProfile",
    "UnreadableDocument",
    "profile_of",
    "validate",
    "validate_document",
]


class UnknownProfile(KeyError):
    """No profile has that name."""


def validate(content: bytes, profile: str | None = None) -> Report:
    """Validate the bytes of a CDA document against a profile, by default the one its templateIds name.

    Raises UnreadableDocument: not a CDA document; UnknownProfile: `profile` is not a key of PROFILES.
    """
    return validate_document(parse_document(content), profile)


def validate_document(
    document: CdaDocument, profile: str | None = None, *, at_most: int | None = None, errors_only: bool = False
) -> Report:
    """Validate a parsed document; the search ends after `at_most` findings, if given. Raises UnknownProfile.

    With `errors_only` warnings are neither told nor counted: an error is found behind any number of them.
    """
    known = recognise(document)
    name = profile or known.profile
    if name not in PROFILES:
        raise UnknownProfile(name)
    structure = check_structure(document, at_most)
    active = check_self_presented(document)[:at_most] if not errors_only and is_self_presented(document) else ()
    left = None if at_most is None else max(0, at_most - len(structure) - len(active))
    rules = () if left == 0 else check_schemas(document, PROFILES[name].schemas, left, errors_only=errors_only)
    others = (*structure, *active)
    findings = tuple(sorted((*others, *rules), key=lambda one: (one.line, one.column))) if others else rules
    return Report(
        name,
        findings,
        document_type=" ".join(filter(None, (known.document_type, known.version))) or None,
        layers=_layers(PROFILES[name].layers, findings, asked=left != 0),
    )


def _layers(layers: Iterable[str], findings: tuple[Finding, ...], *, asked: bool) -> tuple[LayerResult, ...]:
    """What each layer said; rules are not asked when the structure alone gave more findings than were sought."""
    return layer_results(findings, {layer: asked or layer == STRUCTURE for layer in layers}, LAYERS)
