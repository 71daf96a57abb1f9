"""SVRL, the report language of Schematron (ISO/IEC 19757-3 Annex D): one output, a pattern for each file and layer.

Every finding is a failed assertion: what a rule wants to hold and does not. A layer that found nothing is a pattern
whose rule fired on the document and failed nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from conformance.catalogue import FHIR_PROFILES, HL7V2_PROFILES, MEDIA_PROFILES, METADATA_PROFILES
from conformance.expected import expected_in, found_in
from conformance.report import Finding, Report
from conformance.reports.addresses import uri_of
from conformance.reports.judged import Judged, Options, by_layer
from conformance.reports.locations import PREFIXES, locations
from conformance.reports.printable import escaped
from conformance.reports.wording import layer_title, word

_NAMESPACE = "http://purl.oclc.org/dsdl/svrl"
_DOCUMENT = "/cda:ClinicalDocument"
_OTHERS = {*METADATA_PROFILES, *HL7V2_PROFILES, *FHIR_PROFILES, *MEDIA_PROFILES}
_NCNAME = re.compile(r"[^\W\d][\w.-]*")


def render(judged: Iterable[Judged], options: Options) -> Iterator[bytes]:
    """One chunk a file, inside one schematron-output."""
    prefixes = "".join(
        f'  <svrl:ns-prefix-in-attribute-values prefix="{prefix}" uri="{uri}"/>\n' for prefix, uri in PREFIXES.items()
    )
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svrl:schematron-output xmlns:svrl="{_NAMESPACE}" title="ecluse validate" schemaVersion="">\n{prefixes}'
    ).encode()
    empty = True
    for one in judged:
        empty = False
        yield "".join(_patterns(one, options)).encode()
    if empty:
        yield f'  <svrl:active-pattern/>\n  <svrl:fired-rule context="{_DOCUMENT}"/>\n'.encode()
    yield b"</svrl:schematron-output>\n"


def _patterns(judged: Judged, options: Options) -> Iterator[str]:
    report = judged.report
    places = locations(report, judged.content)
    asked = {one.name for one in report.layers if one.asked}
    groups = [(name, findings) for name, findings in by_layer(report) if findings or name in asked]
    for name, findings in groups or [("", [])]:
        title = layer_title(name, report, options.language) or report.profile or word("unusable", options.language)
        yield f'  <svrl:active-pattern documents="{escaped(uri_of(judged.file))}" name="{escaped(title)}"/>\n'
        context = None
        if not findings:
            yield f'  <svrl:fired-rule context="{_context_of(report)}"/>\n'
        for one in findings:
            wanted = one.context or _context_of(report)
            if wanted != context:
                context = wanted
                yield f'  <svrl:fired-rule context="{escaped(wanted)}"/>\n'
            yield from _failed(one, report, places, options)


def _context_of(report: Report) -> str:
    """What a pattern without a context of its own looks at: any root where it is not that of a CDA document."""
    return "/*" if report.profile in _OTHERS else _DOCUMENT


def _failed(one: Finding, report: Report, places: Mapping[tuple[int, int], str], options: Options) -> Iterator[str]:
    identifier = f' id="{escaped(one.rule)}"' if _NCNAME.fullmatch(one.rule) else ""
    yield (
        f'  <svrl:failed-assert{identifier} location="{escaped(_location(one, places))}" '
        f'test="{escaped(one.test)}" role="{one.severity}">\n'
    )
    for name, said in _diagnostics(one, options):
        yield (
            f'    <svrl:diagnostic-reference diagnostic="{name}"><svrl:text xml:lang="{options.language}">'
            f"{escaped(said)}</svrl:text></svrl:diagnostic-reference>\n"
        )
    yield (
        f'    <svrl:text xml:lang="{options.language}" see="{escaped(one.source)}">'
        f"{escaped(one.text(options.language))}</svrl:text>\n  </svrl:failed-assert>\n"
    )


def _diagnostics(one: Finding, options: Options) -> Iterator[tuple[str, str]]:
    """What was met, what was wanted, what to do, and the place: under names that are the same for every rule."""
    found, expected = found_in(one.found, options.language), expected_in(one.expected, options.language)
    if found:
        yield "found", found
    if expected is not None:
        yield "expected", expected
    if one.advice(options.language):
        yield "hint", one.advice(options.language)
    if one.line:
        yield "place", f"{one.line}:{one.column}"


def _location(one: Finding, places: Mapping[tuple[int, int], str]) -> str:
    found = places.get((one.line, one.column))
    attribute = re.search(r"/@[^/]+\Z", one.path)
    if found is not None:
        return found + (attribute[0] if attribute else "")
    if one.path and not one.path.startswith("/"):
        return one.path  # no XPath: ERR-2 of a message, a FHIRPath, a name on a medium
    steps = [_by_local_name(step) for step in one.path.split("/") if step]
    return "/" + "/".join(steps)


def _by_local_name(step: str) -> str:
    name, bracket, rest = step.partition("[")
    return step if name.startswith("@") else f"*[local-name()='{name}']{bracket}{rest}"
