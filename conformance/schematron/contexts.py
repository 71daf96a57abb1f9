"""The context of a rule: by which tag, template or path its nodes are found (XSLT 1.0 §5.2, XPath 1.0 spelling)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conformance.schematron.model import SchemaFault

_NAME = r"[^\W\d][\w.-]*"
_NAMED = re.compile(rf"(?:child::)?(?:(?P<prefix>{_NAME}):)?(?P<name>{_NAME}|\*)\s*(?P<predicates>\[.*)?", re.DOTALL)
_QUOTED = r"""(?:"[^"]+"|'[^']+')"""
_TEMPLATE = re.compile(
    rf"""\[\s*(?P<prefix>{_NAME}):templateId\s*
    (?:/\s*@root\s*=\s*(?P<after>{_QUOTED})|\[\s*@root\s*=\s*(?P<inside>{_QUOTED})\s*\])\s*\]""",
    re.VERBOSE,
)
_LITERAL = re.compile(r"""'[^']*'|"[^"]*\"""")
_BY_NAME = re.compile(r"(?:id|key)\s*\(")
_POSITIONAL = re.compile(r"\[\s*\d+\s*\]|\b(?:position|last)\s*\(")
# A predicate whose value may be a number is a position: functions of numbers, arithmetic, variables.
_MAYBE_NUMBER = re.compile(r"\[\s*(?:count|sum|number|floor|ceiling|round|string-length|\$|[\d.(+-])[^=<>]*\]")
CDA = "urn:hl7-org:v3"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: a child's name, as lxml spells it (None: any), and the step as written.

    `template` is the templateId that its first predicate asks for, `rest` the predicates after that one.
    """

    text: str
    tag: str | None
    template: str | None
    rest: str

    @property
    def predicates(self) -> str:
        """All predicates of the step."""
        _, opened, inside = self.text.partition("[")
        return opened + inside


@dataclass(frozen=True, slots=True)
class Context:
    """How to find the nodes of one alternative of a context.

    `kind` is `element`, `document` or `other` (attributes, texts, comments …). `steps` lead to an element by children
    only, from anywhere, or from the root when `absolute`. Without steps, `tag` and `template` say among which elements
    to look and `asked` is the question to each of them; when that is empty too, `whole` is asked once of the document.
    """

    kind: str
    whole: str
    absolute: bool = False
    steps: tuple[Step, ...] = ()
    tag: str | None = None
    template: str | None = None
    asked: str = ""


def read_context(context: str, namespaces: Mapping[str, str]) -> tuple[Context, ...]:
    """Read the alternatives of a context. Raises SchemaFault: a prefix nobody declared, brackets that do not close."""
    return tuple(_alternative(one.strip(), namespaces) for one in _cut(context))


def may_be_positional(predicates: str) -> bool:
    """Whether predicates may count positions: then it matters among which nodes they are asked."""
    left = _LITERAL.sub("''", predicates)
    return _POSITIONAL.search(left) is not None or _MAYBE_NUMBER.search(left) is not None


def _alternative(context: str, namespaces: Mapping[str, str]) -> Context:
    if not context:
        raise SchemaFault("an alternative of a context is empty")
    if context == "/":
        return Context("document", "/")
    named = _BY_NAME.match(context) is not None
    whole = context if named or context.startswith("/") else f"//{context}"
    steps = list(_steps(context))
    read = [_step(text, namespaces) for _, text in steps]
    if may_be_positional(context) or None in read or named:
        last = read[-1]
        if last is None and not _is_element(steps[-1][1]):
            return Context("other", whole)
        return Context("element", whole, tag=None if last is None else last.tag)
    found = [one for one in read if one is not None]
    absolute = context.startswith("/") and not context.startswith("//")
    if all(axis != "ancestor" for axis, _ in steps[1:]):
        return Context("element", whole, absolute, tuple(found), found[-1].tag, found[-1].template)
    return Context(
        "element",
        whole,
        tag=found[-1].tag,
        template=found[-1].template,
        asked=_asked([(axis, text) for axis, text in steps], absolute),
    )


def _is_element(step: str) -> bool:
    return not re.match(r"@|attribute::|(?:child::)?(?:text|comment|processing-instruction|node)\s*\(|\.", step)


def _step(step: str, namespaces: Mapping[str, str]) -> Step | None:
    """A step that names children; None: anything else."""
    read = _NAMED.fullmatch(step)
    if read is None:
        return None
    prefix, name, predicates = read["prefix"], read["name"], (read["predicates"] or "").strip()
    if prefix and prefix not in namespaces:
        raise SchemaFault(f"nobody declares the prefix {prefix} of {step}")
    tag: str | None = name if not prefix else f"{{{namespaces[prefix]}}}{name}"
    if name == "*":
        if prefix:
            return None
        tag = None
    found = _TEMPLATE.match(predicates)
    if found is None or namespaces.get(found["prefix"]) != CDA:
        return Step(step, tag, None, predicates)
    return Step(step, tag, (found["after"] or found["inside"])[1:-1], predicates[found.end() :].strip())


def _cut(context: str) -> Iterator[str]:
    """The alternatives of a context."""
    start = 0
    for position, character in _outside(context):
        if character == "|":
            yield context[start:position]
            start = position + 1
    yield context[start:]


def _steps(context: str) -> Iterator[tuple[str, str]]:
    """Cut into (axis to the step before, step): the axis is `parent` after `/`, `ancestor` after `//`."""
    start, axis, skip = 0, "", -1
    for position, character in _outside(context):
        if character != "/" or position == skip:
            continue
        step = context[start:position].strip()
        if step:
            yield axis, step
        elif position and start != 0:
            raise SchemaFault(f"an empty step: {context}")
        double = context[position : position + 2] == "//"
        axis, start, skip = ("ancestor", position + 2, position + 1) if double else ("parent", position + 1, -1)
    step = context[start:].strip()
    if not step:
        raise SchemaFault(f"a path without an end: {context}")
    yield axis, step


def _outside(context: str) -> Iterator[tuple[int, str]]:
    """The characters that stand in no bracket and no literal. Raises SchemaFault: a bracket or literal stays open."""
    depth, quote = 0, ""
    for position, character in enumerate(context):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
        elif depth == 0:
            yield position, character
    if depth or quote:
        raise SchemaFault(f"a bracket or a literal stays open: {context}")


def _asked(steps: list[tuple[str, str]], absolute: bool) -> str:
    """The context turned round: from the node, look up."""
    asked = ""
    for number, (_, step) in enumerate(steps):
        before = f"[{steps[number][0]}::{asked}]" if number else "[not(parent::*)]" if absolute else ""
        asked = step.removeprefix("child::") + before
    return f"self::{asked}"
