"""validate(document, profile) -> Report: does a CDA document conform to a profile?"""

from __future__ import annotations

from cda.document import CDA_NAMESPACE, CdaDocument, UnreadableDocument, parse_document
from conformance.checks.cda_schematron import check_schemas, schema_of
from conformance.report import Report

HEADER = "ci_sis_header"
VSM = "vsm"
VSM_MODEL = "1.2.250.1.213.1.1.1.13"
IPS_FR = "60591-5"

PROFILES: dict[str, tuple[tuple[str, str], ...]] = {
    HEADER: ((HEADER, "identification"), (HEADER, "patient"), (HEADER, "participants"), (HEADER, "act")),
    VSM: (
        (HEADER, "identification"),
        (HEADER, "patient"),
        (HEADER, "participants"),
        (HEADER, "act"),
        (VSM, "document"),
        (VSM, "sections"),
        (VSM, "conditions"),
        (VSM, "history"),
        (VSM, "treatments"),
    ),
}

__all__ = [
    "HEADER",
    "PROFILES",
    "VSM",
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


def validate_document(document: CdaDocument, profile: str | None = None, *, at_most: int | None = None) -> Report:
    """Validate a parsed document; the search ends after `at_most` findings, if given. Raises UnknownProfile."""
    name = profile or profile_of(document)
    if name not in PROFILES:
        raise UnknownProfile(name)
    return Report(name, check_schemas(document, (schema_of(*schema) for schema in PROFILES[name]), at_most))


def profile_of(document: CdaDocument) -> str:
    """The most precise profile for a document: `vsm`, else that of the header, which every document must follow.

    The model of the VSM with the code of the IPS-FR is an IPS-FR 2022.01, not a VSM.
    """
    models = {one.get("root") for one in document.root.iterchildren(f"{{{CDA_NAMESPACE}}}templateId")}
    code = document.root.find(f"{{{CDA_NAMESPACE}}}code")
    is_ips = code is not None and code.get("code") == IPS_FR
    return VSM if VSM_MODEL in models and not is_ips else HEADER
