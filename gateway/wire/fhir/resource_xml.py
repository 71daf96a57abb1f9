"""Resources as XML, to and from the form that they have in JSON (FHIR R4 §2.6.1, §2.6.2).

The tables of `schema` say what is a list, a number, a resource inside another: nothing is guessed, and what the tables
do not have is refused. Comments say nothing and are left out; everything else that is sent is kept, digit for digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from lxml import etree

from conformance.fhir.schema import ANY_RESOURCE, NUMBERS, ElementType, Model, elements_of, resource_model, type_model
from gateway.wire.fhir.outcome import FhirRefused, Issue
from security import xml
from security.errors import MalformedMessage

FHIR, XHTML = "http://hl7.org/fhir", "http://www.w3.org/1999/xhtml"
LIMITS = xml.XmlLimits(size=64 * 1024 * 1024, elements=100_000, depth=128)
_SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_BLANKS = " \t\r\n"
_DEFAULT: Final[Any] = {None: FHIR}


def read_xml(data: bytes) -> dict[str, Any]:
    """Read a resource. Raises MalformedMessage: XML_*; FhirRefused: 400, the first thing that is not FHIR."""
    root = xml.parse(data, LIMITS)
    if _SCHEMA_LOCATION in root.attrib:
        del root.attrib[_SCHEMA_LOCATION]
    return _read_resource(root, _name_of(root, ""))


def write_xml(resource: Mapping[str, Any]) -> bytes:
    """Write a resource. Raises LookupError: an element that FHIR R4 does not have, a mistake of ours."""
    root = _write_resource(resource)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _read_resource(element: etree._Element, path: str) -> dict[str, Any]:
    kind = _name_of(element, path)
    model = resource_model(kind)
    if model is None:
        raise _refused(path, "is no resource of FHIR R4")
    return {"resourceType": kind, **_read_elements(element, model, path)}


def _read_elements(element: etree._Element, model: Model, path: str, *, is_type: bool = False) -> dict[str, Any]:
    """The content of a resource, or of a complex type, whose identifier is an attribute."""
    types, found, place = elements_of(model), dict[str, Any](), 0
    found.update(
        _attributes(element, path, ("id", "url") if is_type and "url" in types else ("id",) if is_type else ())
    )
    counts: dict[str, int] = {}
    for child in _children(element, path):
        name = _name_of(child, path)
        kind = types.get(name)
        if kind is None or (is_type and name in found and name in ("id", "url")):
            raise _refused(f"{path}.{name}", "is not an element of this type")
        if kind.place < place:
            raise _refused(f"{path}.{name}", "stands after an element that follows it")
        place, index = kind.place, counts.get(name, 0)
        counts[name] = index + 1
        if index and not kind.is_list:
            raise _refused(f"{path}.{name}", "occurs twice")
        _put(found, kind, child, f"{path}.{name}[{index}]" if kind.is_list else f"{path}.{name}")
    return found


def _put(found: dict[str, Any], kind: ElementType, child: etree._Element, path: str) -> None:
    if not kind.is_primitive:
        value: Any = _read_complex(kind, child, path)
        if kind.is_list:
            found.setdefault(kind.name, []).append(value)
        else:
            found[kind.name] = value
        return
    value, extras = _read_primitive(kind, child, path)
    shadow = f"_{kind.name}"
    if not kind.is_list:
        found |= {name: one for name, one in ((kind.name, value), (shadow, extras)) if one is not None}
        return
    values = found.setdefault(kind.name, [])
    values.append(value)
    if extras is not None or shadow in found:
        shadows = found.setdefault(shadow, [])
        shadows.extend([None] * (len(values) - 1 - len(shadows)))
        shadows.append(extras)


def _read_complex(kind: ElementType, element: etree._Element, path: str) -> dict[str, Any]:
    if kind.type_name != ANY_RESOURCE:
        return _read_elements(element, type_model(kind.type_name), path, is_type=True)
    _attributes(element, path, ())
    inner = list(_children(element, path))
    if len(inner) != 1:
        raise _refused(path, f"holds {len(inner)} resources, expected one")
    return _read_resource(inner[0], path)


def _read_primitive(kind: ElementType, element: etree._Element, path: str) -> tuple[Any, dict[str, Any] | None]:
    if kind.type_name == "xhtml":
        return etree.tostring(element, encoding="unicode", with_tail=False), None
    said = _attributes(element, path, ("value", "id"))
    text = said.pop("value", None)
    extras: dict[str, Any] = dict(said)
    extension = elements_of(type_model("Element"))["extension"]
    for index, child in enumerate(_children(element, path)):
        if _name_of(child, path) != "extension":
            raise _refused(path, "holds something else than a value and extensions")
        _put(extras, extension, child, f"{path}.extension[{index}]")
    if text is None and not extras:
        raise _refused(path, "has neither a value nor an extension")
    return None if text is None else _value(kind, text, path), extras or None


def _value(kind: ElementType, text: str, path: str) -> Any:
    if kind.type_name == "boolean":
        if text not in ("true", "false"):
            raise _refused(path, "is neither true nor false")
        return text == "true"
    if kind.type_name in NUMBERS:
        form = _DECIMAL if kind.type_name == "decimal" else _WHOLE
        if not form.fullmatch(text):
            raise _refused(path, "is not a number of its type")
        return Decimal(text) if kind.type_name == "decimal" and not _WHOLE.fullmatch(text) else int(text)
    return text


def _attributes(element: etree._Element, path: str, allowed: tuple[str, ...]) -> dict[str, str]:
    if any(name not in allowed for name in element.attrib):
        raise _refused(path, "has an attribute that FHIR does not")
    return {str(name): str(value) for name, value in element.attrib.items()}


def _children(element: etree._Element, path: str) -> Iterator[etree._Element]:
    texts = [element.text, *(child.tail for child in element)]
    if any(text and text.strip(_BLANKS) for text in texts):
        raise _refused(path, "holds a text between its elements")
    for child in element:
        if isinstance(child, etree._ProcessingInstruction):
            raise _refused(path, "holds a processing instruction")
        if not isinstance(child, etree._Comment):
            yield child


def _name_of(element: etree._Element, path: str) -> str:
    name = etree.QName(element)
    if name.namespace != (XHTML if name.localname == "div" else FHIR):
        raise _refused(path or "the root", f"holds an element outside of {FHIR}")
    return name.localname


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


def _refused(path: str, text: str) -> MalformedMessage:
    return FhirRefused(
        400, [Issue(code="structure", reason="FHIR_STRUCTURE", diagnostics=f"{path} {text}", expression=path)]
    )
