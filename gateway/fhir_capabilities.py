"""What an interface says of itself: a CapabilityStatement made from its own table (FHIR R4 §5.3).

Nothing is written by hand that the table knows: what is not an operation is not declared, and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from gateway.fhir_routes import FhirOperation, SearchParameter
from gateway.wire.fhir.media_types import JSON_PATCH, XML_PATCH, FhirFormat

_WHOLE = "transaction"


def capability_statement(base: str, operations: Iterable[FhirOperation]) -> dict[str, Any]:
    """The resource. `base` is the address of the interface."""
    table = tuple(operations)
    types = sorted({item.resource_type for item in table if item.resource_type})
    rest: dict[str, Any] = {
        "mode": "server",
        "security": {
            "service": [{"text": "mutual TLS and a bearer token bound to its certificate (RFC 8705)"}],
        },
        "resource": [_resource(name, [item for item in table if item.resource_type == name]) for name in types],
    }
    if any(item.interaction == _WHOLE for item in table):
        rest["interaction"] = [_said(item) for item in table if item.interaction == _WHOLE]
    statement: dict[str, Any] = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "experimental": True,
        "date": datetime.now(UTC).date().isoformat(),
        "kind": "instance",
        "software": {"name": "Écluse", "version": version("ecluse")},
        "implementation": {"description": "Bac à sable du DMP", "url": base},
        "fhirVersion": "4.0.1",
        "format": list(FhirFormat),
        "rest": [{name: value for name, value in rest.items() if value}],
    }
    if any(item.interaction == "patch" for item in table):
        statement["patchFormat"] = [JSON_PATCH, XML_PATCH, *FhirFormat]
    return statement


def _resource(name: str, operations: list[FhirOperation]) -> dict[str, Any]:
    profiles = sorted({profile for item in operations for profile in item.profiles})
    interactions = {
        item.interaction: _said(item) for item in operations if item.interaction not in ("operation", _WHOLE)
    }
    parameters = {parameter.name: parameter for item in operations for parameter in item.parameters}
    named = [item for item in operations if item.interaction == "operation"]
    said: dict[str, Any] = {
        "type": name,
        "supportedProfile": profiles,
        "interaction": [interactions[code] for code in sorted(interactions)],
        "searchInclude": sorted({name for item in operations for name in item.includes}),
        "searchParam": [_parameter(parameters[key]) for key in sorted(parameters)],
        "operation": [
            {"name": item.route.rpartition("$")[2], "definition": item.definition, "documentation": item.documentation}
            for item in named
        ],
    }
    return {key: value for key, value in said.items() if value}


def _said(operation: FhirOperation) -> dict[str, Any]:
    said = {"code": operation.interaction}
    text = f"{operation.transaction}: {operation.documentation}" if operation.documentation else operation.transaction
    return {**said, "documentation": text}


def _parameter(parameter: SearchParameter) -> dict[str, Any]:
    said = {
        "name": parameter.name,
        "definition": parameter.definition,
        "type": parameter.type,
        "documentation": parameter.documentation,
    }
    return {key: value for key, value in said.items() if value}
