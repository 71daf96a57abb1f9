"""Predicates so plain that to look costs less than to ask libxml2: an attribute, its value, a child, or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from lxml import etree

_Element = etree._Element
Look = Callable[[_Element], bool]

_NAME = r"[A-Za-z_][\w.-]*"
_ONE = re.compile(
    rf"\[(?P<no>not\()?(?:@(?P<attribute>{_NAME})(?:\s*=\s*(?P<quote>['\"])(?P<value>[^'\"]*)(?P=quote))?"
    rf"|(?P<prefix>{_NAME}):(?P<child>{_NAME}))(?(no)\))\]"
)


def plain(predicates: str, namespaces: Mapping[str, str]) -> tuple[Look, ...] | None:
    """How to look whether an element has what predicates ask; None where they ask more than that."""
    looks: list[Look] = []
    position = 0
    while position < len(predicates):
        one = _ONE.match(predicates, position)
        if one is None or (one["prefix"] is not None and one["prefix"] not in namespaces):
            return None
        looks.append(_look(one, namespaces))
        position = one.end()
    return tuple(looks)


def _look(one: re.Match[str], namespaces: Mapping[str, str]) -> Look:
    wanted = one["no"] is None
    if one["child"] is not None:
        tag = f"{{{namespaces[one['prefix']]}}}{one['child']}"
        return lambda element: (element.find(tag) is not None) is wanted
    name, value = one["attribute"], one["value"]
    if value is None:
        return lambda element: (element.get(name) is not None) is wanted
    return lambda element: (element.get(name) == value) is wanted
