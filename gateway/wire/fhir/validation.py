"""Is a resource one of FHIR R4? Every fault, each with its FHIRPath (FHIR R4 §2.1, fhir.resources)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from gateway.wire.fhir.outcome import FhirRefused, Issue


def check_resource(resource: Any) -> dict[str, Any]:
    """The resource, unchanged. Raises FhirRefused: 400."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise FhirRefused(400, [Issue(code="structure", diagnostics="the body is not a resource: no resourceType")])
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as error:
        raise FhirRefused(400, list(_issues(resource["resourceType"], error))) from None
    return resource


def _issues(kind: str, error: ValidationError) -> Iterator[Issue]:
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        path = kind + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
        yield Issue(code="structure", diagnostics=f"{path}: {fault['type']}", expression=path)
