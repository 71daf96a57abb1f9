"""Resources in XML at a door: read or refused with every fault, and written (FHIR R4 §2.6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from conformance.fhir import resource_xml
from conformance.fhir.resource_xml import FHIR
from conformance.fhir.schema import ANY_RESOURCE, ElementType, Model, elements_of, resource_model, type_model
from gateway.wire.fhir.outcome import FhirRefused
from gateway.wire.fhir.validation import issue_of
from security import xml

_DEFAULT: Final[Any] = {None: FHIR}


def read_xml(data: bytes) -> dict[str, Any]:
    """Read a resource. Raises MalformedMessage: XML_*; FhirRefused: 400, every fault of its spelling."""
    read = resource_xml.read_xml(data)
    if read.faults:
        raise FhirRefused(400, map(issue_of, read.faults))
    return read.resource


def write_xml(resource: Mapping[str, Any]) -> bytes:
    """Write a resource. Raises LookupError: an element that FHIR R4 does not have, a mistake of ours."""
    root = _write_resource(resource)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _write_resource(resource: Mapping[str, Any]) -> etree._Element:
    kind = str(resource["resourceType"])
    model = resource_model(kind)
    if model is None:
        raise LookupError(f"{kind} is no resource of FHIR R4")
    root = etree.Element(f"{{{FHIR}}}{kind}", nsmap=_DEFAULT)
    _write_elements(root, {name: value for name, value in resource.items() if name != "resourceType"}, model)
    return root


def _write_elements(parent: etree._Element, content: Mapping[str, Any], model: Model, *, is_type: bool = False) -> None:
    types = elements_of(model)
    unknown = {name.removeprefix("_") for name in content} - types.keys()
    if unknown:
        raise LookupError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
    for name, kind in types.items():
        value, extras = content.get(name), content.get(f"_{name}")
        if is_type and (name == "id" or (name == "url" and model.__name__ == "Extension")):
            if value is not None:
                parent.set(name, value)
        elif kind.is_list:
            values, shadows = list(value or ()), list(extras or ())
            for index in range(max(len(values), len(shadows))):
                _write_one(parent, kind, _at(values, index), _at(shadows, index))
        elif value is not None or extras is not None:
            _write_one(parent, kind, value, extras)


def _write_one(parent: etree._Element, kind: ElementType, value: Any, extras: Mapping[str, Any] | None) -> None:
    if kind.type_name == "xhtml":
        parent.append(xml.parse(value.encode()))
        return
    element = etree.SubElement(parent, f"{{{FHIR}}}{kind.name}")
    if kind.type_name == ANY_RESOURCE:
        element.append(_write_resource(value))
    elif not kind.is_primitive:
        _write_elements(element, value, type_model(kind.type_name), is_type=True)
    else:
        if value is not None:
            element.set("value", ("true" if value else "false") if isinstance(value, bool) else str(value))
        if extras:
            _write_elements(element, extras, type_model("Element"), is_type=True)


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None
