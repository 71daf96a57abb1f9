"""Abstract patterns and abstract rules made concrete (ISO/IEC 19757-3 §5.4.10, §5.4.11, §6.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

from lxml import etree

from conformance.schematron.model import ECLUSE, SCH

_Element = etree._Element
_QUERIES = frozenset(
    ("context", "test", "value", "select", "path", "subject", *(f"{{{ECLUSE}}}{name}" for name in ("where", "found")))
)


def concrete_patterns(schema: _Element, faults: list[str]) -> Iterator[tuple[str, _Element]]:
    """The patterns to ask, in order, each with its id: those that are abstract are left out, their uses filled in."""
    abstract = {one.get("id", ""): one for one in schema.iterchildren(f"{SCH}pattern") if one.get("abstract") == "true"}
    for number, pattern in enumerate(schema.iterchildren(f"{SCH}pattern"), 1):
        if pattern.get("abstract") == "true":
            continue
        identifier = pattern.get("id", "")
        base = pattern.get("is-a")
        if base is None:
            yield identifier or f"pattern-{number}", pattern
        elif base not in abstract:
            faults.append(f"pattern {identifier or number}: no abstract pattern is named {base}")
        else:
            yield identifier or f"{base}-{number}", _filled(abstract[base], pattern)


def _filled(abstract: _Element, use: _Element) -> _Element:
    """A copy of an abstract pattern with the parameters of a use, and the variables that the use adds."""
    parameters = {one.get("name", ""): one.get("value", "") for one in abstract.iterchildren(f"{SCH}param")}
    parameters.update((one.get("name", ""), one.get("value", "")) for one in use.iterchildren(f"{SCH}param"))
    filled = deepcopy(abstract)
    # Parameters are text, as in the reference implementation; the longest name first, so that none eats another.
    ordered = sorted(parameters.items(), key=lambda one: -len(one[0]))
    for element in filled.iter("*"):
        for name, value in element.items():
            if name in _QUERIES and "$" in value:
                element.set(name, _put(str(value), ordered))
        if element.text and "$" in element.text:
            element.text = _put(element.text, ordered)
        if element.tail and "$" in element.tail:
            element.tail = _put(element.tail, ordered)
    for added in [*use.iterchildren(f"{SCH}let")][::-1]:
        filled.insert(0, deepcopy(added))
    return filled


def _put(text: str, parameters: list[tuple[str, str]]) -> str:
    for name, value in parameters:
        text = text.replace(f"${name}", value)
    return text


def abstract_rules(element: _Element) -> dict[str, _Element]:
    """The abstract rules below a schema, or of one pattern, by id."""
    return {one.get("id", ""): one for one in element.iter(f"{SCH}rule") if one.get("abstract") == "true"}


def body(
    rule: _Element, abstract: Mapping[str, _Element], faults: list[str], above: tuple[str, ...] = ()
) -> Iterator[_Element]:
    """The children of a rule, those of the rules it extends in the place of each `extends`."""
    for child in rule.iterchildren("*"):
        if child.tag != f"{SCH}extends":
            yield child
            continue
        name = child.get("rule", "")
        base = abstract.get(name)
        if name in above:
            faults.append(f"abstract rules go round in a circle: {' -> '.join((*above[above.index(name) :], name))}")
        elif base is None:
            faults.append(f"rule {rule.get('context') or rule.get('id')!r}: no abstract rule is named {name!r}")
        else:
            yield from body(base, abstract, faults, (*above, name))
