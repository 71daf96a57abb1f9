"""The context of a Schematron rule, read so that a node is found by its tag and asked where it stands (XSLT 1.0 §5.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.checks.schematron_model import SchemaFault

_STEP = re.compile(r"(?P<prefix>[\w.-]+):(?P<name>[\w.-]+)(?P<predicates>.*)", re.DOTALL)
_TEMPLATE = re.compile(r"\[cda:templateId/@root\s*=\s*'([^']+)'\]")
_POSITIONAL = re.compile(r"\[\s*\d+\s*\]|position\(\)|last\(\)")


@dataclass(frozen=True, slots=True)
class Context:
    """How to find the nodes of a rule.

    `tag` is the last element's name; `template` a templateId it must carry, when the context says so. `exact`: tag and
    template say it all. Else `expression` decides: asked of a candidate, or once of the root when `whole`.
    """

    tag: str
    template: str | None
    exact: bool
    whole: bool
    expression: str


def read_context(context: str, namespaces: Mapping[str, str]) -> Context:
    """Read a context: steps of child and descendant axes with predicates. Raises SchemaFault: anything else."""
    steps = _steps(context)
    last = _STEP.fullmatch(steps[-1][1])
    if last is None:
        raise SchemaFault(f"the last step of the context is not a prefixed element: {context}")
    tag = f"{{{namespaces[last['prefix']]}}}{last['name']}"
    template = _TEMPLATE.search(last["predicates"])
    if _POSITIONAL.search(context):
        return Context(tag, None, exact=False, whole=True, expression=_anchored(context))
    only_template = template is not None and template.group() == last["predicates"].strip()
    exact = len(steps) == 1 and (not last["predicates"].strip() or only_template)
    return Context(tag, template.group(1) if template else None, exact=exact, whole=False, expression=_asked(steps))


def _anchored(context: str) -> str:
    return f"//{context.lstrip('/')}" if not context.startswith("/") or context.startswith("//") else context


def _steps(context: str) -> list[tuple[str, str]]:
    """Cut into (axis to the step before, step): the axis is `parent` after `/`, `ancestor` after `//`."""
    steps: list[tuple[str, str]] = []
    depth, quote, step, axis, position = 0, "", "", "", 0
    while position < len(context):
        character = context[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
        elif character == "|" and depth == 0:
            raise SchemaFault(f"alternatives in a context are not read, write two rules: {context}")
        if character == "/" and depth == 0 and not quote:
            double = context[position:position + 2] == "//"
            if step:
                steps.append((axis, step))
            axis, step = "ancestor" if double else "parent", ""
            position += 2 if double else 1
            continue
        step += character
        position += 1
    steps.append((axis, step.strip()))
    return steps


def _asked(steps: list[tuple[str, str]]) -> str:
    """The context turned round: from the node, look up."""
    asked = ""
    for number, (_, step) in enumerate(steps):
        before = f"[{steps[number][0]}::{asked}]" if number and asked else ""
        asked = step + before
    return f"self::{asked}"
