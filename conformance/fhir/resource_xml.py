"""Resources in XML, read into the form that they have in JSON (FHIR R4 §2.6.1, §2.6.2).

The tables of `schema` say what is a list, a number, a resource inside another: nothing is guessed, and what the tables
do not have is a fault. Comments say nothing and are left out; everything else that is sent is kept, digit for digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

from lxml import etree

from conformance.fhir.schema import ANY_RESOURCE, NUMBERS, ElementType, Model, elements_of, resource_model, type_model
from conformance.fhir.structure import StructureFault
from security import xml

FHIR, XHTML = "http://hl7.org/fhir", "http://www.w3.org/1999/xhtml"
LIMITS: Final = xml.XmlLimits(size=64 * 1024 * 1024, elements=100_000, depth=128)
_SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_BLANKS = " \t\r\n"


class ReadXml(NamedTuple):
    """A resource as JSON has it, what of it FHIR does not have, and the element that it was read from.

    What has a fault is left out of the resource, but for a value that is none of its type: that is its text.
    """

    resource: dict[str, Any]
    faults: tuple[StructureFault, ...]
    root: etree._Element


def read_xml(data: bytes) -> ReadXml:
    """Read a resource and tell every fault of its spelling. Raises MalformedMessage: XML_*."""
    root = xml.parse(data, LIMITS)
    reader = _Reader()
    name = reader.name_of(root, "")
    allowed = (_SCHEMA_LOCATION,) if _SCHEMA_LOCATION in root.attrib else ()
    resource = reader.resource(root, name, allowed) if name else {}
    return ReadXml(resource, tuple(reader.faults), root)


@dataclass(slots=True)
class _Reader:
    """Reads one resource; `faults` grow as it is read."""

    faults: list[StructureFault] = field(default_factory=list)

    def resource(self, element: etree._Element, path: str, allowed: tuple[str, ...] = ()) -> dict[str, Any]:
        """A resource, the outer one or one inside it. `allowed` are attributes that say nothing of it."""
        kind = etree.QName(element).localname
        model = resource_model(kind)
        if model is None:
            self._fault(path, "is no resource of FHIR R4")
            return {"resourceType": kind}
        self._attributes(element, path, allowed)
        return {"resourceType": kind, **self._elements(element, model, path)}

    def name_of(self, element: etree._Element, path: str) -> str:
        """The name of an element of FHIR; empty, and a fault, for any other."""
        name = etree.QName(element)
        if name.namespace != (XHTML if name.localname == "div" else FHIR):
            self._fault(path or "the root", f"holds an element outside of {FHIR}")
            return ""
        return name.localname

    def _object(self, element: etree._Element, model: Model, path: str) -> dict[str, Any]:
        """A complex type: its identifier, and the address of an extension, are attributes."""
        allowed = ("id", "url") if "url" in elements_of(model) else ("id",)
        said = self._attributes(element, path, allowed)
        return {**said, **self._elements(element, model, path, known=said)}

    def _elements(
        self, element: etree._Element, model: Model, path: str, *, known: dict[str, str] | None = None
    ) -> dict[str, Any]:
        types, found, place = elements_of(model), dict[str, Any](), 0
        counts: dict[str, int] = {}
        for child in self._children(element, path):
            name = self.name_of(child, path)
            if not name:
                continue
            kind, at = types.get(name), f"{path}.{name if len(name) <= 64 else '?'}"
            if kind is None or (known is not None and name in known):
                self._fault(at, "is not an element of this type")
                continue
            if kind.place < place:
                self._fault(at, "stands after an element that follows it")
            place, index = max(place, kind.place), counts.get(name, 0)
            counts[name] = index + 1
            if index and not kind.is_list:
                self._fault(at, "occurs twice")
                continue
            self._put(found, kind, child, f"{at}[{index}]" if kind.is_list else at)
        return found

    def _put(self, found: dict[str, Any], kind: ElementType, child: etree._Element, path: str) -> None:
        if not kind.is_primitive:
            value: Any = self._complex(kind, child, path)
            if kind.is_list:
                found.setdefault(kind.name, []).append(value)
            else:
                found[kind.name] = value
            return
        value, extras = self._primitive(kind, child, path)
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

    def _complex(self, kind: ElementType, element: etree._Element, path: str) -> dict[str, Any]:
        if kind.type_name != ANY_RESOURCE:
            return self._object(element, type_model(kind.type_name), path)
        self._attributes(element, path, ())
        inner = list(self._children(element, path))
        if len(inner) != 1:
            self._fault(path, f"holds {len(inner)} resources, expected one")
            return {}
        return self.resource(inner[0], path) if self.name_of(inner[0], path) else {}

    def _primitive(self, kind: ElementType, element: etree._Element, path: str) -> tuple[Any, dict[str, Any] | None]:
        if kind.type_name == "xhtml":
            return etree.tostring(element, encoding="unicode", with_tail=False), None
        said = self._attributes(element, path, ("value", "id"))
        text = said.pop("value", None)
        extras: dict[str, Any] = dict(said)
        extension, index = elements_of(type_model("Element"))["extension"], 0
        for child in self._children(element, path):
            if self.name_of(child, path) == "extension":
                self._put(extras, extension, child, f"{path}.extension[{index}]")
                index += 1
            else:
                self._fault(path, "holds something else than a value and extensions")
        if text is None and not extras:
            self._fault(path, "has neither a value nor an extension")
        return None if text is None else self._value(kind, text, path), extras or None

    def _value(self, kind: ElementType, text: str, path: str) -> Any:
        if kind.type_name == "boolean":
            if text not in ("true", "false"):
                self._fault(path, "is neither true nor false", "value")
                return text
            return text == "true"
        if kind.type_name in NUMBERS:
            form = _DECIMAL if kind.type_name == "decimal" else _WHOLE
            if not form.fullmatch(text):
                self._fault(path, "is not a number of its type", "value")
                return text
            return Decimal(text) if kind.type_name == "decimal" and not _WHOLE.fullmatch(text) else int(text)
        return text

    def _attributes(self, element: etree._Element, path: str, allowed: tuple[str, ...]) -> dict[str, str]:
        if any(name not in allowed for name in element.attrib):
            self._fault(path, "has an attribute that FHIR does not")
        return {str(name): str(value) for name, value in element.attrib.items() if name in allowed}

    def _children(self, element: etree._Element, path: str) -> Iterator[etree._Element]:
        texts = [element.text, *(child.tail for child in element)]
        if any(text and text.strip(_BLANKS) for text in texts):
            self._fault(path, "holds a text between its elements")
        for child in element:
            if isinstance(child, etree._ProcessingInstruction):
                self._fault(path, "holds a processing instruction")
            elif not isinstance(child, etree._Comment):
                yield child

    def _fault(self, path: str, text: str, code: str = "structure") -> None:
        self.faults.append(StructureFault(path, text, code))
