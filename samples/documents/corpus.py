"""Every twin of every family: the corpus of broken documents, by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from samples.documents.twins import Twin

_FAMILIES = (
    ("structure_faults", "STRUCTURE_TWINS"),
    ("header_twins", "HEADER_TWINS"),
    ("level1_twins", "LEVEL1_TWINS"),
    ("document_types", "DOCUMENT_TYPES_TWINS"),
    ("vsm_twins", "VSM_TWINS"),
    ("ips_fr_twins", "IPS_TWINS"),
)


@cache
def families() -> Mapping[str, tuple[Twin, ...]]:
    """The twins by family: the part of the name of their tuple before `_TWINS`, in lower case."""
    return {
        name.removesuffix("_TWINS").lower(): getattr(import_module(f"samples.documents.{module}"), name)
        for module, name in _FAMILIES
    }


def corpus() -> Iterator[tuple[str, Twin]]:
    """Every twin with the name of its file: family, rule and, where a rule has several twins, a number."""
    for family, twins in families().items():
        seen: dict[str, int] = {}
        for twin in twins:
            seen[twin.rule] = seen.get(twin.rule, 0) + 1
            number = "" if seen[twin.rule] == 1 else f".{seen[twin.rule]}"
            yield f"{family}/{twin.rule}{number}.xml", twin
