"""Elements that expressions look for in the whole document, gathered once for all of them (XPath 1.0 §2.5).

`//cda:participant` walks every node of a document, each time it is asked. It becomes a variable that holds the elements
of the name; what follows it is asked as before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from conformance.schematron.contexts import may_be_positional

PREFIX = "ecluse-all."
_NAME = r"[^\W\d][\w.-]*"
_EVERYWHERE = re.compile(
    rf"""(?P<literal>'[^']*'|"[^"]*")
    |(?P<before>(?:^|[(\[,=<>|+!]|(?<![\w.$@:/-])(?:and|or|div|mod)(?=[\s/]))\s*)
     //(?:(?P<name>(?:{_NAME}:)?{_NAME})(?![\w.-]*\s*(?:\(|::|:))|\*\[local-name\(\)='(?P<local>{_NAME})'\])""",
    re.VERBOSE,
)


def gathered(expression: str, namespaces: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The expression with such variables, and the tag that each stands for, as lxml spells it."""
    if "//" not in expression:
        return expression, {}
    tags: dict[str, str] = {}

    def variable(found: re.Match[str]) -> str:
        name, local = found["name"], found["local"]
        if found["literal"] is not None or may_be_positional(_predicates(expression, found.end())):
            return found.group()
        if local is not None:
            tag, label = f"{{*}}{local}", f"any.{local}"
        else:
            prefix, _, own = name.rpartition(":")
            if prefix and prefix not in namespaces:
                return found.group()
            tag = f"{{{namespaces[prefix]}}}{own}" if prefix else own
            label = f"{prefix}.{own}"
        tags[PREFIX + label] = tag
        return f"{found['before']}${PREFIX}{label}"

    return _EVERYWHERE.sub(variable, expression), tags


def _predicates(expression: str, start: int) -> str:
    """The predicates that stand at a position: among all elements they would count otherwise than among siblings."""
    position, depth, quote = start, 0, ""
    while position < len(expression):
        character = expression[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"" and depth:
            quote = character
        elif character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
        elif depth == 0 and not character.isspace():
            break
        position += 1
    return expression[start:position]
