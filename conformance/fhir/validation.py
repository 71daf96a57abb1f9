"""validate_resource(content) -> Report: is a resource of MHD right, or a document in FHIR, and what is inside it?

The rules of the ingest door, in the report form of documents (IHE MHD 4.2.4; PDSm 3.1.1; DMP draft 0.1.0). Strict:
each deviation is an error; lenient: what a lenient interface admits is a warning that says what it does about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from cda.document import UnreadableDocument
from conformance import notes
from conformance.catalogue import (
    FHIR_DOCUMENT,
    FHIR_DOCUMENT_REFERENCE,
    FHIR_PROFILES,
    FHIR_PROVIDE_BUNDLE,
    FHIR_SEARCHSET,
)
from conformance.diagnosis import diagnose
from conformance.fhir.documents import check_documents
from conformance.fhir.fhir_document import judge_fhir_document, kind_of_document
from conformance.fhir.findings import (
    AGREEMENT,
    DOCUMENT,
    METADATA,
    STRUCTURE,
    TITLES,
    Places,
    as_finding,
    structure_finding,
)
from conformance.fhir.json_places import JsonPlaces
from conformance.fhir.judged import Judged, judge_document, judge_lot, judge_searchset
from conformance.fhir.leniency import admitted, soften
from conformance.fhir.resource_xml import LIMITS, read_xml
from conformance.fhir.structure import Structure, StructureFault
from conformance.fhir.xml_places import XmlPlaces
from conformance.kinds import is_xml
from conformance.report import Finding, Report, Severity, layer_results, unreadable
from security.errors import MalformedMessage
from security.strict_json import read_json

_JUDGES: Final[Mapping[str, Callable[[dict[str, Any]], Judged]]] = {
    FHIR_PROVIDE_BUNDLE: judge_lot,
    FHIR_DOCUMENT_REFERENCE: judge_document,
    FHIR_SEARCHSET: judge_searchset,
    FHIR_DOCUMENT: judge_fhir_document,
}
_PLACE = re.compile(r"line (\d+), column (\d+)")
_MOST = 10_000
"""How many findings are told: nobody mends more at a time."""


def profile_of_resource(resource: Any) -> str | None:
    """The profile that judges a resource; None: none of ours does."""
    if not isinstance(resource, dict):
        return None
    kind = (resource.get("resourceType"), resource.get("type"))
    if kind[0] == "DocumentReference":
        return FHIR_DOCUMENT_REFERENCE
    if kind == ("Bundle", "searchset"):
        return FHIR_SEARCHSET
    if kind == ("Bundle", "document"):
        return FHIR_DOCUMENT
    return FHIR_PROVIDE_BUNDLE if kind[0] == "Bundle" else None


def validate_resource(
    content: bytes, profile: str | None = None, *, lenient: bool = False, language: str = "fr"
) -> Report:
    """Judge a resource and the documents that it carries.

    It is JSON or XML; both have the same findings, each at its line. Findings on a document have its path after the
    place of its bytes, and are told at that place. A resource that is not of FHIR R4 is judged by nothing else. Bytes
    that are no such resource have a report without profile.
    """
    try:
        resource, places, faults = _read(content)
    except MalformedMessage as error:
        return _unreadable(content, error)
    found = profile_of_resource(resource)
    if found is None or profile not in (None, found):
        return _other(profile)
    structure = Structure()
    structure.look(resource)
    layer = DOCUMENT if found == FHIR_DOCUMENT else METADATA
    told = {one.path: one for one in (*structure.faults, *faults)}
    if told:
        findings = [structure_finding(one, places) for one in list(told.values())[:_MOST]]
        return _noted(_report(found, resource, findings, {STRUCTURE: True, layer: False}), resource, language)
    judged = _JUDGES[found](resource)
    findings = [as_finding(one, judged.places, places) for one in dict.fromkeys(_told(judged, lenient=lenient))]
    findings = [replace(one, layer=layer) for one in findings]
    asked = {STRUCTURE: True, layer: True}
    if judged.documents:
        findings += check_documents(judged.documents, places, asked, lenient=lenient)
    return _noted(_report(found, resource, findings, asked), resource, language)


def _read(content: bytes) -> tuple[Any, Places, tuple[StructureFault, ...]]:
    """The resource as JSON has it, its places, and the faults of its spelling in XML. Raises MalformedMessage."""
    if not is_xml(content):
        resource = read_json(content)
        return resource, JsonPlaces(content, resource), ()
    read = read_xml(content)
    return read.resource, XmlPlaces(content, read.root), read.faults


def _told(judged: Judged, *, lenient: bool) -> Iterator[Any]:
    yield from map(soften, judged.errors) if lenient else judged.errors
    yield from map(admitted, judged.deviations) if lenient else judged.deviations


def _report(profile: str, resource: Mapping[str, Any], findings: Iterable[Finding], asked: dict[str, bool]) -> Report:
    found = tuple(findings)
    if len(found) > _MOST:
        found = tuple(sorted(found, key=lambda one: one.severity is not Severity.ERROR))[:_MOST]
    ordered = tuple(sorted(found, key=lambda one: (one.line, one.column)))
    if profile != FHIR_DOCUMENT:
        asked.setdefault(AGREEMENT, False)
    layers = layer_results(ordered, asked, TITLES)
    return Report(profile, ordered, document_type=str(resource["resourceType"]), layers=layers)


def _noted(report: Report, resource: Mapping[str, Any], language: str) -> Report:
    if report.profile != FHIR_DOCUMENT:
        return report
    kind = kind_of_document(dict(resource))
    return replace(report, document_type=kind.name_fr, notes=(notes.document_in_fhir(kind.name(language), language),))


def _unreadable(content: bytes, error: MalformedMessage) -> Report:
    if is_xml(content):
        refused = UnreadableDocument(error.text)
        refused.__cause__ = error
        return diagnose(content, refused, LIMITS)
    place = _PLACE.search(error.text)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    return unreadable(
        error.text,
        expected="a resource of FHIR R4",
        message="Le fichier n'est pas du JSON qu'une interface FHIR lirait.",
        message_en="The file is not JSON that an interface in FHIR would read.",
        hint="UTF-8 sans marque d'ordre, chaque clé une fois, ni NaN ni nombre démesuré.",
        hint_en="UTF-8 without byte order mark, each key once, no NaN and no number beyond measure.",
        line=line,
        column=column,
    )


def _other(profile: str | None) -> Report:
    wanted = FHIR_PROFILES[profile].title_en if profile else "a Bundle or a DocumentReference"
    return unreadable(
        "another resource",
        expected=wanted,
        message="La ressource n'est pas de celles que ce profil juge.",
        message_en="The resource is not one that this profile judges.",
        hint="Donnez le Bundle d'une transaction ITI-65, une DocumentReference, le Bundle qu'une recherche répond, "
        "ou un document (Bundle de type document).",
        hint_en="Name the Bundle of a transaction ITI-65, a DocumentReference, the Bundle that a search answers, "
        "or a document (Bundle of type document).",
    )
