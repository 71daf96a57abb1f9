"""Is a resource one of FHIR R4? Every fault, each with its FHIRPath (FHIR R4 §2.6.2).

Types are those of fhir.resources; its models are walked, not made. They take more than FHIR has (`"true"` for true, 1
for `"1"`, null, empty lists, the names of their own fields), stop at the first fault of an object, and cost ten times
as much: whoever reads what was sent would take it for something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from conformance.fhir.schema import (
    ANY_RESOURCE,
    NUMBERS,
    ElementType,
    Model,
    elements_of,
    required_of,
    resource_model,
    type_model,
)
from security import xml
from security.errors import MalformedMessage

LARGE = 64 * 1024
"""Characters of base64 beyond which a content is left to whoever decodes it."""
_ANY_VALUE = frozenset({"boolean", "decimal", "string", "markdown"})
_TYPE = "resourceType"
_XHTML = "{http://www.w3.org/1999/xhtml}div"


@dataclass(frozen=True, slots=True)
class StructureFault:
    """One thing that FHIR R4 does not have: its FHIRPath, what is wrong there, and a code of issue-type."""

    path: str
    text: str
    code: str


@dataclass(slots=True)
class Structure:
    """What is wrong with a resource, as it is looked at."""

    faults: list[StructureFault] = field(default_factory=list)

    def look(self, resource: Any, path: str = "") -> None:
        """Look at a resource, and at those inside it."""
        name = resource.get(_TYPE) if isinstance(resource, dict) else None
        model = resource_model(name) if isinstance(name, str) else None
        if model is None:
            self._fault(path or "Resource", "is no resource of FHIR R4: its resourceType is missing or not known")
            return
        self._object(resource, model, path or str(name), resource=True)

    def _object(self, value: dict[str, Any], model: Model, path: str, *, resource: bool = False) -> None:
        types, choices = elements_of(model), dict[str, str]()
        for name, content in value.items():
            if name == _TYPE and resource:
                continue
            kind = types.get(name.removeprefix("_"))
            at = f"{path}.{name}" if name.isascii() and len(name) <= 64 else f"{path}.?"
            if kind is None or (name.startswith("_") and not kind.is_primitive):
                self._fault(at, "is not an element of this type")
                continue
            if kind.choice and choices.setdefault(kind.choice, kind.name) != kind.name:
                self._fault(at, f"is a second value of {kind.choice}[x]")
            self._element(value, kind, content, at, extras=name.startswith("_"))
        for name in required_of(model):
            if name not in value and f"_{name}" not in value and name.removesuffix("[x]") not in choices:
                self._fault(f"{path}.{name}", "is missing", "required")

    def _element(self, parent: dict[str, Any], kind: ElementType, content: Any, path: str, *, extras: bool) -> None:
        if not kind.is_list:
            self._one(kind, content, path, extras=extras)
            return
        if not isinstance(content, list) or not content:
            self._fault(path, "is not a list, or an empty one")
            return
        for index, item in enumerate(content):
            # In a list of primitives null keeps the place of a value, or of what extends it.
            if item is not None or not kind.is_primitive or not _is_paired(parent, kind, index, extras=extras):
                self._one(kind, item, f"{path}[{index}]", extras=extras)

    def _one(self, kind: ElementType, value: Any, path: str, *, extras: bool) -> None:
        if kind.is_primitive and not extras:
            self._primitive(kind, value, path)
        elif not isinstance(value, dict) or not value:
            self._fault(path, "is not an object, or an empty one")
        elif kind.type_name == ANY_RESOURCE:
            self.look(value, path)
        else:
            self._object(value, type_model("Element" if extras else kind.type_name), path)

    def _primitive(self, kind: ElementType, value: Any, path: str) -> None:
        name = kind.type_name
        if name == "boolean":
            fits = isinstance(value, bool)
        elif name in NUMBERS:
            fits = type(value) is int or (name == "decimal" and isinstance(value, Decimal))
        else:
            fits = isinstance(value, str) and bool(value)
        if not fits:
            self._fault(path, f"is no {name} as JSON has it", "value")
        elif name == "xhtml":
            if not _is_narrative(value):
                self._fault(path, "is no div of XHTML", "value")
        elif name not in _ANY_VALUE and (name != "base64Binary" or len(value) <= LARGE) and not _is_one(kind, value):
            self._fault(path, f"has not the form of a {name}", "value")

    def _fault(self, path: str, text: str, code: str = "structure") -> None:
        self.faults.append(StructureFault(path, text, code))


def _is_one(kind: ElementType, value: Any) -> bool:
    if kind.values is None:
        raise LookupError(f"{kind.name} is no primitive")
    try:
        kind.values.validate_python(value)
    except ValidationError:
        return False
    return True


def _is_paired(parent: Mapping[str, Any], kind: ElementType, index: int, *, extras: bool) -> bool:
    others = parent.get(kind.name if extras else f"_{kind.name}")
    return isinstance(others, list) and index < len(others) and others[index] is not None


def _is_narrative(text: str) -> bool:
    try:
        return xml.parse(text.encode()).tag == _XHTML
    except MalformedMessage:
        return False
