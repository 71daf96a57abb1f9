"""Our functions that need no other document: strings, numbers, instants, QNames.

They are called by translated expressions only; their names are those of the table `ANSWERS`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from lxml import etree

from conformance.schematron.xpath import atoms
from conformance.schematron.xpath.matching import finder, matcher

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_XML = "http://www.w3.org/XML/1998/namespace"


def matches(_context: object, value: str, pattern: str, flags: str = "") -> bool:
    """fn:matches."""
    return matcher(pattern, flags)(value)


def replace(_context: object, value: str, pattern: str, replacement: str, flags: str = "") -> str:
    """fn:replace. `$1` is what a group met, the empty string when it met nothing."""
    filled = _template(replacement)
    parts: list[str] = []
    begun = 0
    for found in finder(pattern, flags)(value):
        parts += [value[begun : found.start()], filled(found)]
        begun = found.end()
    return "".join([*parts, value[begun:]])


def tokenize(_context: object, value: str, pattern: str, flags: str = "") -> list[str]:
    """fn:tokenize: of an empty text nothing."""
    found = finder(pattern, flags)
    if not value:
        return []
    tokens: list[str] = []
    begun = 0
    for one in found(value):
        tokens.append(value[begun : one.start()])
        begun = one.end()
    return [*tokens, value[begun:]]


@lru_cache(maxsize=256)
def _template(replacement: str) -> Callable[[Any], str]:
    parts: list[str | int] = []
    position = 0
    while position < len(replacement):
        character = replacement[position]
        following = replacement[position + 1 : position + 2]
        if character == "\\" and following and following in "\\$":
            parts.append(following)
        elif character == "$" and following.isdigit():
            parts.append(int(following))
        else:
            parts.append(character)
            position -= 1
        position += 2

    def filled(found: Any) -> str:
        groups = found.re.groups
        return "".join(one if isinstance(one, str) else (found[one] or "") if one <= groups else "" for one in parts)

    return filled


def upper_case(_context: object, value: str) -> str:
    """fn:upper-case."""
    return value.upper()


def lower_case(_context: object, value: str) -> str:
    """fn:lower-case."""
    return value.lower()


def ends_with(_context: object, value: str, end: str) -> bool:
    """fn:ends-with."""
    return value.endswith(end)


def iri_to_uri(_context: object, value: str) -> str:
    """fn:iri-to-uri: what a URI does not hold is escaped, `%` is not."""
    return quote(value, safe="%!#$&'()*+,/:;=?@[]~-_.")


def distinct(_context: object, values: Any) -> list[str]:
    """fn:distinct-values of strings, in the order in which they come first."""
    return list(dict.fromkeys(atoms.texts(values)))


def join(_context: object, separator: str, *values: Any) -> str:
    """fn:string-join of all the strings of all the values."""
    return separator.join(one for value in values for one in atoms.texts(value))


def number(_context: object, value: Any) -> float:
    """fn:number."""
    return atoms.number(value)


def castable(_context: object, value: Any, name: str, optional: bool = False) -> bool:
    """`value castable as xs:name`, `xs:name?` when `optional`: of one value, or none."""
    found = atoms.texts(value)
    if len(found) != 1:
        return not found and optional
    return atoms.is_instance(found[0], name)


def compare_numbers(_context: object, sign: str, ours: Any, theirs: Any) -> bool:
    """A comparison of numbers, or of what spells them; one pair is enough. What spells no number equals nothing."""
    test = _SIGNS[sign]
    return any(test(one, other) for one in _doubles(ours) for other in _doubles(theirs))


def compare_texts(_context: object, sign: str, ours: Any, theirs: Any) -> bool:
    """A comparison of strings by code point; one pair is enough."""
    test = _SIGNS[sign]
    found = atoms.texts(theirs)
    return any(test(one, other) for one in atoms.texts(ours) for other in found)


def compare(context: object, sign: str, ours: Any, theirs: Any) -> bool:
    """A comparison of values of unknown types: of numbers when one is a number, else of strings."""
    if isinstance(ours, float) or isinstance(theirs, float):
        return compare_numbers(context, sign, ours, theirs)
    return compare_texts(context, sign, ours, theirs)


def compare_instants(_context: object, name: str, sign: str, ours: Any, theirs: Any) -> bool:
    """A comparison of two xs:date or xs:dateTime; false when one is missing or is none."""
    one, other = atoms.texts(ours), atoms.texts(theirs)
    if len(one) != 1 or len(other) != 1:
        return False
    first, second = atoms.instant(one[0], name), atoms.instant(other[0], name)
    return first is not None and second is not None and _SIGNS[sign](first, second)


def truth(_context: object, value: Any) -> bool:
    """The effective boolean value of a variable: a list of strings is as true as its first."""
    if isinstance(value, list):
        first = value[0] if value else None
        if isinstance(first, etree._Element) and first.tag == atoms.STRING_ITEM:
            return bool(first.text)
        return first is not None
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


def empty(_context: object, value: Any) -> bool:
    """fn:empty of a variable: only a list can be."""
    return value == [] if isinstance(value, list) else False


def count(_context: object, value: Any) -> float:
    """fn:count of a variable."""
    return float(len(value)) if isinstance(value, list) else 1.0


def count_behind(_context: object, nodes: Any, value: Any) -> float:
    """`count(nodes/$v)`: nodes of a variable are counted once, another value once for each node before it."""
    if isinstance(value, list):
        return float(len(value)) if nodes else 0.0
    return float(len(nodes))


def choose(_context: object, condition: bool, then: Any, otherwise: Any) -> Any:
    """`if (condition) then … else …`."""
    return then if condition else otherwise


def choose_any(_context: object, condition: bool, then: Any, otherwise: Any) -> list[Any]:
    """`if`, where one side is a string and the other may be nothing: a list."""
    chosen = then if condition else otherwise
    return chosen if isinstance(chosen, list) else [chosen]


def except_(_context: object, nodes: Any, others: Any) -> list[Any]:
    """Elements that are not among others."""
    gone = set(others)
    return [one for one in nodes if one not in gone]


def intersect(_context: object, nodes: Any, others: Any) -> list[Any]:
    """Elements that are among others."""
    kept = set(others)
    return [one for one in nodes if one in kept]


def is_named(_context: object, elements: Any, value: Any, namespace: Any, name: Any) -> bool:
    """`resolve-QName(value, element) = QName(namespace, name)`; false when the prefix is bound to nothing."""
    local = atoms.text(name)
    return _resolve(elements, value) == (atoms.text(namespace), local.rpartition(":")[2])


def resolved(_context: object, elements: Any, value: Any, part: str) -> list[str]:
    """The namespace or the local name of a QName, or nothing."""
    found = _resolve(elements, value)
    return [] if found is None else [found[0 if part == "namespace" else 1]]


def _resolve(elements: Any, value: Any) -> tuple[str, str] | None:
    found = atoms.texts(value)
    if not found or not elements:
        return None
    prefix, colon, local = found[0].strip().partition(":")
    if not colon:
        return elements[0].nsmap.get(None, ""), prefix
    namespace = _XML if prefix == "xml" else elements[0].nsmap.get(prefix)
    return None if namespace is None else (namespace, local)


def _doubles(value: Any) -> list[float]:
    if isinstance(value, list):
        return [atoms.double(one) for one in atoms.texts(value)]
    return [atoms.number(value)]


ANSWERS: dict[str, Callable[..., Any]] = {
    "matches": matches,
    "replace": replace,
    "tokenize": tokenize,
    "upper-case": upper_case,
    "lower-case": lower_case,
    "ends-with": ends_with,
    "iri-to-uri": iri_to_uri,
    "distinct": distinct,
    "join": join,
    "number": number,
    "castable": castable,
    "compare-numbers": compare_numbers,
    "compare-texts": compare_texts,
    "compare": compare,
    "compare-instants": compare_instants,
    "true": truth,
    "empty": empty,
    "count": count,
    "count-behind": count_behind,
    "if": choose,
    "if-any": choose_any,
    "except": except_,
    "intersect": intersect,
    "is-named": is_named,
    "resolved": resolved,
}
