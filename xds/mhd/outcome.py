"""RegistryErrors as issues of an OperationOutcome, in the words that SOAP has for them (FHIR R4 §2.31).

`places` maps an id of an object of the message, or a uniqueId, to the FHIRPath of the resource that spells it; an
association to that of its `relatesTo` or `entry`. An error that was found in FHIR has its FHIRPath as location.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from profiles.fhir.elements import element_of
from profiles.fhir.issues import issue_line
from xds.errors import RegistryError, Severity

ERROR_SYSTEM: Final = "urn:ecluse:fhir:CodeSystem:error"
"""Codes of `rs:RegistryError/@errorCode`, real ones and those of this sandbox."""
RULE_SYSTEM: Final = "urn:ecluse:fhir:CodeSystem:rule"
"""Our identifiers of rules."""

_NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})
_WORDS: Final = {
    "HasMember associations to this entry, expected one, from the SubmissionSet, of status Original": (
        "items of the List that refer to it, expected one List.entry"
    ),
    ".status/Slot[OriginalStatus]": ".status",
}
"""Texts of rules about what FHIR spells in another way."""
_BROKEN = re.compile(r"[0-9.]+(?:\^\S+)?: ([A-Z]+-[A-Za-z0-9.\-]+) ")
_XDS_PATH = re.compile(r"(ExtrinsicObject|RegistryPackage|Association)\[(.*?)\](?:/(.+))?", re.DOTALL)


def write_outcome(errors: Iterable[RegistryError], places: Mapping[str, str] = _NOWHERE) -> dict[str, Any]:
    """The OperationOutcome of these errors, in order; without any, one that says all is well."""
    issues = [issue_of(error, places) for error in errors]
    all_well = {"severity": "information", "code": "informational", "diagnostics": "no error was found"}
    return {"resourceType": "OperationOutcome", "issue": issues or [all_well]}


def issue_of(error: RegistryError, places: Mapping[str, str] = _NOWHERE) -> dict[str, Any]:
    """One issue: severity, code, details (the error code, then the rule), diagnostics and where it is."""
    codings = [{"system": ERROR_SYSTEM, "code": error.code.value}]
    if rule := error.rule or _rule_of_a_document(error):
        codings.append({"system": RULE_SYSTEM, "code": rule})
    issue = {
        "severity": "error" if error.severity is Severity.ERROR else "warning",
        "code": issue_line(error.code.value, error.rule).issue,
        "details": {"coding": codings},
        "diagnostics": f"{error.rule}: {error.context}" if error.rule else error.context,
    }
    expression = expression_of(error, places)
    return {**issue, "expression": [expression]} if expression else issue


def expression_of(error: RegistryError, places: Mapping[str, str] = _NOWHERE) -> str:
    """The FHIRPath of what is wrong; empty when it is nowhere in the message.

    What is wrong inside a document is at its attachment: the diagnostics say where in the document.
    """
    location = error.location
    found = _XDS_PATH.fullmatch(location)
    if found is not None:
        kind, identifier, attribute = found.groups()
        return _inside(places.get(identifier, ""), kind, attribute or "")
    if location.startswith("/"):
        base = _named(error.context, places)
        return f"{base}.content[0].attachment" if base else ""
    if location == "RegistryObjectList":
        return "Bundle"
    return location or _named(error.context, places)


def placed(errors: Iterable[RegistryError], places: Mapping[str, str]) -> tuple[RegistryError, ...]:
    """Errors at their FHIRPath, which also stands in their texts instead of ids that nobody sent; each once."""
    return tuple(dict.fromkeys(_at_its_place(error, places) for error in errors))


def http_status(errors: Iterable[RegistryError]) -> int:
    """The status of an answer that refuses for these errors: that of the first that is more than a warning."""
    first = next((error for error in errors if error.severity is Severity.ERROR), None)
    return 200 if first is None else issue_line(first.code.value, first.rule).http


def _at_its_place(error: RegistryError, places: Mapping[str, str]) -> RegistryError:
    location = expression_of(error, places)
    context = error.context
    # The place in a document stays in the text: its FHIRPath says no more than which document.
    if location and error.location and not error.location.endswith("]") and not error.location.startswith("/"):
        context = context.replace(error.location, location)
    for identifier, place in places.items():
        for kind in ("ExtrinsicObject", "RegistryPackage", "Association"):
            context = context.replace(f"{kind}[{identifier}]", place)
    for said, in_fhir in _WORDS.items():
        context = context.replace(said, in_fhir)
    return replace(error, location=location, context=context)


def _rule_of_a_document(error: RegistryError) -> str:
    """The rule that a document broke, which stands after its uniqueId (AGR-TITLE, SEC-F29-CODE); empty: none."""
    found = _BROKEN.match(error.context)
    return found[1] if found else ""


def _inside(base: str, kind: str, attribute: str) -> str:
    # A HasMember is an item of the List: its ends have no place of their own.
    if not base or (kind == "Association" and ".relatesTo[" not in base):
        return base
    inside = element_of(kind, attribute) if attribute else ""
    return f"{base}.{inside}" if inside else base


def _named(context: str, places: Mapping[str, str]) -> str:
    """The first thing of the message that a text names."""
    return next((places[word] for word in (one.rstrip(":,") for one in context.split()) if word in places), "")
