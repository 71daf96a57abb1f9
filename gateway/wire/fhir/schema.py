"""The types of FHIR R4 as tables: which elements a type has, in order, how often, of what type.

They are read off the models of fhir.resources (R4B, whose resources used here are those of R4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from fhir_core.utils import determine_version_prefix_from_class, get_fhir_type_name, is_list_type, is_primitive_type

Model = type[FHIRAbstractModel]

NUMBERS = frozenset({"decimal", "integer", "unsignedInt", "positiveInt", "integer64"})
ANY_RESOURCE = "Resource"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementType:
    """One element of a type. `place` is its rank; `type_name` is a primitive of FHIR, a type, or `Resource`: any."""

    name: str
    place: int
    type_name: str
    is_list: bool
    is_primitive: bool


@cache
def resource_model(resource_type: str) -> Model | None:
    """The model of a resource by its name; None: FHIR R4 has no resource of that name."""
    if not resource_type.isascii() or not resource_type.isalpha():
        return None
    try:
        model = get_fhir_model_class(resource_type)
    except ValueError:
        return None
    is_abstract = resource_type in (ANY_RESOURCE, "DomainResource")
    return model if model.has_resource_base() and not is_abstract else None


@cache
def type_model(type_name: str) -> Model:
    """The model of a complex type. Raises ValueError: there is none."""
    return get_fhir_model_class(type_name)


@cache
def elements_of(model: Model) -> Mapping[str, ElementType]:
    """The elements of a type by the name they have in JSON, in their order."""
    names = model.get_alias_mapping()
    prefix = determine_version_prefix_from_class(model)
    found = {}
    for place, name in enumerate(model.elements_sequence()):
        field = model.model_fields[names[name]]
        found[name] = ElementType(
            name=name,
            place=place,
            type_name=get_fhir_type_name(field, prefix=prefix),
            is_list=is_list_type(field),
            is_primitive=is_primitive_type(field),
        )
    return MappingProxyType(found)


@cache
def required_of(model: Model) -> tuple[str, ...]:
    """The primitive elements that must be there, whatever the others; complex ones are asked for by the model."""
    return tuple(name for name, _ in model.get_required_fields(model.model_construct()))
