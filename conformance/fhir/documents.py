"""The documents that a resource carries: do they agree with their metadata, does each follow its own profile?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from conformance.carried import judge_carried, placed
from conformance.fhir.fhir_document import judge_fhir_document
from conformance.fhir.findings import AGREEMENT, DOCUMENT, Places, as_finding, structure_finding
from conformance.fhir.json_places import JsonPlaces
from conformance.fhir.judged import Carried
from conformance.fhir.leniency import EMPTY, is_empty
from conformance.fhir.structure import Structure
from conformance.report import Finding
from security.errors import MalformedMessage
from security.strict_json import read_json
from xds.errors import RegistryError, XdsErrorCode
from xds.errors import Severity as ErrorSeverity
from xds.mhd.composition import MIME_TYPE as FHIR_MIME_TYPE

_BYTES: Final = ".data"


def check_documents(
    documents: Iterable[Carried], places: Places, asked: dict[str, bool], *, lenient: bool
) -> list[Finding]:
    """Everything about the documents; layers that were asked are added to `asked`."""
    findings: list[Finding] = []
    for one in documents:
        if one.entry.mime_type == FHIR_MIME_TYPE:
            findings += _in_fhir(one, places, asked)
        elif is_empty(one.content):
            asked.setdefault(AGREEMENT, False)
            findings.append(as_finding(_empty(one, lenient=lenient), {}, places))
        else:
            line, column = places.of(one.path)
            told = judge_carried(one.content, one.entry, asked)
            findings += (placed(finding, one.path, line, column) for finding in told)
    return findings


def _in_fhir(one: Carried, places: Places, asked: dict[str, bool]) -> Iterator[Finding]:
    """What is wrong with a document in FHIR; what is none was told when it was compared with its metadata."""
    try:
        bundle = read_json(one.content)
    except MalformedMessage:
        return
    if not isinstance(bundle, dict) or bundle.get("type") != "document":
        return
    asked[DOCUMENT] = True
    structure = Structure()
    structure.look(bundle)
    inside = JsonPlaces(one.content, bundle)
    found = [structure_finding(fault, inside) for fault in structure.faults]
    if not found:
        found = [as_finding(error, {}, inside) for error in judge_fhir_document(bundle).errors]
    line, column = places.of(one.path)
    for finding in found:
        told = replace(finding, layer=DOCUMENT)
        if one.path.endswith(_BYTES):
            yield placed(told, f"{one.path}/", line, column)
        else:
            path = one.path + told.path.removeprefix("Bundle")
            line, column = places.of(path)
            yield replace(told, path=path, line=line, column=column)


def _empty(carried: Carried, *, lenient: bool) -> RegistryError:
    """One finding: everything else that such a document lacks goes without saying."""
    severity = ErrorSeverity.WARNING if lenient else ErrorSeverity.ERROR
    text = "the document has no header"
    return RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, carried.path, severity, EMPTY, text, "a header")
