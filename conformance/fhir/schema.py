"""The types of FHIR R4 as tables: which elements a type has, in order, how often, of what type.

They are read off the models of fhir.resources, release R4B; what R4B added to R4 is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from fhir_core.utils import determine_version_prefix_from_class, get_fhir_type_name, is_list_type, is_primitive_type
from pydantic import TypeAdapter

# Models are walked and never made (G-311): that they check values is not prepared before somebody asks them to.
FHIRAbstractModel.model_config["defer_build"] = True

Model = type[FHIRAbstractModel]

NUMBERS = frozenset({"decimal", "integer", "unsignedInt", "positiveInt", "integer64"})
ANY_RESOURCE = "Resource"
_ADDED_TYPES = frozenset({"CodeableReference", "RatioRange"})
_ADDED_RESOURCES = frozenset({
    "AdministrableProductDefinition", "Citation", "ClinicalUseDefinition", "EvidenceReport", "Ingredient",
    "ManufacturedItemDefinition", "MedicinalProductDefinition", "NutritionProduct", "PackagedProductDefinition",
    "RegulatedAuthorization", "SubscriptionStatus", "SubscriptionTopic", "SubstanceDefinition",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementType:
    """One element of a type. `place` is its rank; `type_name` is a primitive of FHIR, a type, or `Resource`: any.

    `choice` is what it is one value of (`deceased`), empty for most. `values` knows the values of a primitive.
    """

    name: str
    place: int
    type_name: str
    is_list: bool
    is_primitive: bool
    choice: str
    values: TypeAdapter[Any] | None


@cache
def resource_model(resource_type: str) -> Model | None:
    """The model of a resource by its name; None: FHIR R4 has no resource of that name."""
    if not resource_type.isascii() or not resource_type.isalpha():
        return None
    try:
        model = get_fhir_model_class(resource_type)
    except ValueError:
        return None
    is_none = resource_type in (ANY_RESOURCE, "DomainResource") or resource_type in _ADDED_RESOURCES
    return model if model.has_resource_base() and not is_none else None


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
        type_name, is_primitive = get_fhir_type_name(field, prefix=prefix), is_primitive_type(field)
        if type_name not in _ADDED_TYPES:
            found[name] = ElementType(
                name=name,
                place=place,
                type_name=type_name,
                is_list=is_list_type(field),
                is_primitive=is_primitive,
                choice=str((field.json_schema_extra or {}).get("one_of_many") or ""),  # type: ignore[union-attr]
                values=_values(_without_option(field.annotation)) if is_primitive else None,
            )
    return MappingProxyType(found)


@cache
def required_of(model: Model) -> tuple[str, ...]:
    """The elements that must be there, by name; of a choice, its name and `[x]`."""
    names = {field: name for name, field in model.get_alias_mapping().items()}
    primitive = [name for name, _ in model.get_required_fields(model.model_construct())]
    complex_ones = [names[key] for key, field in model.model_fields.items() if field.is_required() and key in names]
    choices = {
        f"{extra['one_of_many']}[x]": None
        for extra in (field.json_schema_extra for field in model.model_fields.values())
        if isinstance(extra, dict) and extra.get("one_of_many_required")
    }
    return (*dict.fromkeys([*primitive, *complex_ones]), *choices)


def prepare(resource_types: Iterable[str]) -> None:
    """Make the tables of resources, and of what stands in them, so that no request waits for them."""
    waiting = [model for name in resource_types if (model := resource_model(name)) is not None]
    known = set(waiting)
    while waiting:
        for kind in elements_of(waiting.pop()).values():
            if kind.is_primitive or kind.type_name == ANY_RESOURCE:
                continue
            model = type_model(kind.type_name)
            if model not in known:
                known.add(model)
                waiting.append(model)


def _without_option(annotation: Any) -> Any:
    """The type of one value: of `Optional[List[Optional[code]]]`, `code`."""
    while get_origin(annotation) in (Union, UnionType, list):
        annotation = next(one for one in get_args(annotation) if one is not NoneType)
    return annotation


@cache
def _values(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)
