"""A resource that came in is one of FHIR R4, or is refused with every fault (FHIR R4 §2.6.2)."""

from __future__ import annotations

from typing import Any

from conformance.fhir.structure import LARGE, Structure, StructureFault
from gateway.wire.fhir.outcome import FhirRefused, Issue

__all__ = ["LARGE", "check_resource", "issue_of"]


def check_resource(resource: Any) -> dict[str, Any]:
    """The resource, unchanged. A content of more than 64 KiB of base64 is not decoded: whoever needs it does.

    Raises FhirRefused: 400, every fault.
    """
    structure = Structure()
    structure.look(resource)
    if structure.faults:
        raise FhirRefused(400, map(issue_of, structure.faults))
    checked: dict[str, Any] = resource
    return checked


def issue_of(fault: StructureFault) -> Issue:
    """A fault of structure as the issue that tells it."""
    text = f"{fault.path} {fault.text}"
    return Issue(code=fault.code, reason="FHIR_STRUCTURE", diagnostics=text, expression=fault.path)
