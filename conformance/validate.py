"""validate(document, profile) -> Report: does a CDA document conform to a profile?"""

from __future__ import annotations

from cda.document import CdaDocument, UnreadableDocument, parse_document
from conformance.catalogue import HEADER, IPS_FR, LEVEL_1, PROFILES, VSM_1_4, VSM_2023
from conformance.recognition import profile_of
from conformance.report import Report
from conformance.schematron.findings import check_schemas

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


def validate_document(document: CdaDocument, profile: str | None = None, *, at_most: int | None = None) -> Report:
    """Validate a parsed document; the search ends after `at_most` findings, if given. Raises UnknownProfile."""
    name = profile or profile_of(document)
    if name not in PROFILES:
        raise UnknownProfile(name)
    return Report(name, check_schemas(document, PROFILES[name].schemas, at_most))
