"""How the assertions of a rule are asked: all at once where that is the same, what is dear only when it must be.

A document is mostly right: the question is whether everything holds, and only a no is looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.schematron.expressions import CURRENT, functions, outside_predicates, variables, with_variables
from conformance.schematron.model import Assertion

_PATH = re.compile(r"(?<![\w.*)\]@])//?\s*[\w.:*@-]+(?:\(\))?(?:\s*//?\s*[\w.:*@-]+(?:\(\))?)*")
_NAME = re.compile(r"[^\W\d][\w.:-]*")
_FREE_WORDS = "count not boolean string number sum concat true false and or div mod round floor ceiling contains"
_CONTEXT_FREE = frozenset(_FREE_WORDS.split())
_DEAR = frozenset(("count", "sum", "id"))
_LONGEST = 6000
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Questions:
    """The assertions of a rule as questions, each true when what it stands for holds.

    `free` depend on the document only. `plain` are asked of a node, `needing` too, with variables of the rule.
    `guarded` need variables as well, unless what stands before each holds; `enough` is all of those.
    """

    free: tuple[str, ...]
    plain: tuple[str, ...]
    needing: tuple[str, ...]
    guarded: tuple[tuple[str, str], ...]
    enough: str


def questions(assertions: Sequence[Assertion], lets: Sequence[tuple[str, str]]) -> Questions:
    """Sort the assertions of a rule by what they need."""
    around: dict[str, str] = {}
    for name, value in lets:
        around[name] = inlined(value, around)
    free: list[str] = []
    plain: list[str] = []
    needing: list[str] = []
    guarded: list[tuple[str, str]] = []
    for one in assertions:
        query = inlined(one.query, around)
        test = f"not({query})" if one.fails_when else f"boolean({query})"
        if not _asks(query, around):
            (free if is_free(query) else plain).append(test)
            continue
        enough = "" if one.fails_when else " or ".join(_enough(query, around))
        if enough:
            guarded.append((f"boolean({enough})", test))
        else:
            needing.append(test)
    return Questions(
        free=tuple(free),
        plain=tuple(plain),
        needing=tuple(needing),
        guarded=tuple(guarded),
        enough=" and ".join(enough for enough, _ in guarded),
    )


def inlined(expression: str, lets: Mapping[str, str], *, dear: bool = False) -> str:
    """The expression with the variables it asks in the context of the whole put in their place.

    A variable inside a predicate stays one: there the context is another node. So does one that is dear to ask twice,
    unless `dear` ones are wanted too.
    """
    asked = variables(expression)
    ready = {
        name: value
        for name, value in ((name, lets[name]) for name, depth in asked.items() if depth == 0 and name in lets)
        if dear or (len(value) < _LONGEST_VALUE and (not _dear(value) or expression.count(f"${name}") == 1))
    }
    if not ready or (len(expression) > _LONGEST and not dear):
        return expression
    return with_variables(expression, lambda name: f"({ready[name]})" if name in ready else None)


def standing(lets: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The variables of a rule, those before each put in its place."""
    around: dict[str, str] = {}
    for name, value in lets:
        around[name] = inlined(value, around, dear=True)
    return around


def is_free(expression: str) -> bool:
    """Whether an expression asks the same of every node of a document: all its paths start at the root."""
    if "/" not in expression or "$" in expression:
        return False
    left = _PATH.sub(" 0 ", outside_predicates(expression))
    if re.search(r"[@/.]|::|\w\s*\(\s*\)|\*", left.replace("true()", "").replace("false()", "")):
        return False
    return all(name in _CONTEXT_FREE for name in _NAME.findall(left.replace("''", "")))


def _enough(query: str, lets: Mapping[str, str]) -> Iterator[str]:
    """The alternatives of a query that need no variable of the rule."""
    for part in _alternatives(query):
        if not _asks(part, lets):
            yield part


def _asks(query: str, lets: Mapping[str, str]) -> bool:
    """Whether a query asks for variables of the rule."""
    return any(name in lets or name == CURRENT for name in variables(query))


def _alternatives(query: str) -> Iterator[str]:
    """Cut a query at the `or`s of its top level."""
    depth, quote, start = 0, "", 0
    for position, character in enumerate(query):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif depth == 0 and query.startswith("or", position) and _stands(query, position):
            yield query[start:position]
            start = position + 2
    yield query[start:]


def _stands(query: str, position: int) -> bool:
    """Whether the `or` at a position is a word of its own, with something before it."""
    before, after = query[position - 1 : position], query[position + 2 : position + 3]
    return bool(query[:position].strip()) and before in " \t\r\n)]'\"" and after in " \t\r\n(@'\"/.$"


def _dear(value: str) -> bool:
    called = functions(value)
    return "//" in value or "::" in value or bool(called & _DEAR) or any(":" in name for name in called)
