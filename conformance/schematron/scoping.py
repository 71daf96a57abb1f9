"""Variables of patterns among those of the whole schema (ISO/IEC 19757-3 §5.4.6).

The reference implementation declares them all together, and published schemas rely on it; where two patterns use one
name, each keeps its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from conformance.schematron.expressions import with_variables
from conformance.schematron.model import Assertion, Part, Pattern, Rule, SchemaText


def scoped(text: SchemaText) -> tuple[tuple[tuple[str, str], ...], tuple[Pattern, ...]]:
    """All variables of the document, each name once, and the patterns that ask for them by these names."""
    times = Counter(name for lets in (text.lets, *(pattern.lets for pattern in text.patterns)) for name, _ in lets)
    lets = list(text.lets)
    patterns: list[Pattern] = []
    for number, pattern in enumerate(text.patterns, 1):
        other = {name: f"{name}.{number}" for name, _ in pattern.lets if times[name] > 1}
        lets += [(other.get(name, name), _spelled(value, other)) for name, value in pattern.lets]
        patterns.append(_renamed(pattern, other) if other else pattern)
    return tuple(lets), tuple(patterns)


def _renamed(pattern: Pattern, other: Mapping[str, str]) -> Pattern:
    return replace(pattern, rules=tuple(_rule(rule, other) for rule in pattern.rules))


def _rule(rule: Rule, other: Mapping[str, str]) -> Rule:
    own = {name for name, _ in rule.lets}
    left = {name: spelling for name, spelling in other.items() if name not in own}
    return Rule(
        _spelled(rule.context, other),
        tuple((name, _spelled(value, left)) for name, value in rule.lets),
        tuple(_assertion(one, left) for one in rule.assertions),
    )


def _assertion(one: Assertion, other: Mapping[str, str]) -> Assertion:
    return replace(
        one,
        test=_spelled(one.test, other),
        found=None if one.found is None else _spelled(one.found, other),
        where=None if one.where is None else _spelled(one.where, other),
        parts=tuple(part if part.kind == "text" else Part(part.kind, _spelled(part.text, other)) for part in one.parts),
    )


def _spelled(expression: str, other: Mapping[str, str]) -> str:
    return with_variables(expression, lambda name: f"${other[name]}" if name in other else None)
