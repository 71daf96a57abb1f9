"""Where the parts of an official package lie, wherever its root is nested in what was given."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PARTS = {
    "header": "profils/structurationminimale/asip-struct-min-strucmin.sch",
    "ihe": "profils/ihe.sch",
    "content": "profils/ci-sis_modelesdecontenuscda.sch",
    "ans": "profils/ci-sis_modeles_ans.sch",
    "terminology": "profils/terminologies/schematron/terminologie.sch",
}
"""The schemas that are asked of every document, by layer: paths below the directory of schemas, letter case apart."""

_MODEL = re.compile(r"CI-SIS_(?P<name>[\w-]+(?:\.\d+)?)(?:_(?P<version>20\d\d\.\d\d))\.sch", re.IGNORECASE)
_SCHEMAS = ("cda_extended.xsd", "cda.xsd")


@dataclass(frozen=True, slots=True)
class Layout:
    """The parts of one package: its root, the schema of each layer, the document models, the XSD; and what was odd."""

    root: str
    layers: Mapping[str, str]
    models: tuple[str, ...]
    structure: str | None
    notes: tuple[str, ...]


def model_name(path: str) -> tuple[str, str] | None:
    """The name and the version of a document model, from the name of its file; None when it is no such file."""
    found = _MODEL.fullmatch(posixpath.basename(path))
    return (found["name"], found["version"]) if found else None


def find_layout(files: Iterable[str]) -> Layout | None:
    """Find the package with the most parts, the shallowest of equals; None when nothing looks like one."""
    names = {name.casefold(): name for name in files}
    candidates = {root: _parts_below(root, names) for root in _roots(names)}
    ranked = sorted(candidates, key=lambda one: (-len(candidates[one][0]), -len(candidates[one][1]), one.count("/")))
    ranked = [root for root in ranked if candidates[root][0] or candidates[root][1]]
    if not ranked:
        return None
    best = ranked[0]
    layers, models = candidates[best]
    above = posixpath.dirname(best)
    notes = [f"{names_of(names, root)}: a second copy of the schemas, not read" for root in ranked[1:]]
    notes += [f"the schema of the layer {layer} is missing" for layer in PARTS if layer not in layers]
    notes += [f"{name}: not named as a document model, not read" for name in _unnamed(best, names)]
    structure = _structure(above, names)
    if structure is None:
        notes.append("no XSD of CDA: the structure cannot be asked")
    return Layout(_spelled(above, layers, models), layers, models, structure, tuple(notes))


def names_of(names: Mapping[str, str], folded: str) -> str:
    """A directory as it is spelled in the package."""
    for key, name in names.items():
        if key.startswith(f"{folded}/"):
            return name[: len(folded)]
    return folded


def _spelled(above: str, layers: Mapping[str, str], models: tuple[str, ...]) -> str:
    some = next(iter((*layers.values(), *models)))
    return some[: len(above)]


def _roots(names: Mapping[str, str]) -> set[str]:
    roots = set()
    for key in names:
        for part in PARTS.values():
            if key == part or key.endswith(f"/{part}"):
                roots.add(key[: -len(part)].rstrip("/"))
        if model_name(key) is not None and not key.endswith(tuple(PARTS.values())):
            roots.add(posixpath.dirname(key))
    return {root for root in roots if posixpath.basename(root) != "profils"}


def _parts_below(root: str, names: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    prefix = f"{root}/" if root else ""
    layers = {layer: names[prefix + part] for layer, part in PARTS.items() if prefix + part in names}
    models = tuple(
        sorted(name for key, name in names.items() if posixpath.dirname(key) == root and model_name(key) is not None)
    )
    return layers, models


def _unnamed(root: str, names: Mapping[str, str]) -> list[str]:
    """Schemas beside the models that no document is judged by: copies, results of tools."""
    return sorted(
        name
        for key, name in names.items()
        if posixpath.dirname(key) == root and key.endswith(".sch") and model_name(key) is None
    )


def _structure(above: str, names: Mapping[str, str]) -> str | None:
    for wanted in _SCHEMAS:
        found = [name for key, name in names.items() if posixpath.basename(key) == wanted]
        inside = [name for name in found if not above or name.casefold().startswith(f"{above}/")]
        if inside or found:
            return min(inside or found, key=lambda one: (one.count("/"), one))
    return None
