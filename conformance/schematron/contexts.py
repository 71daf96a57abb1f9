"""The context of a Schematron rule: a node is found by its tag, then asked where it stands (XSLT 1.0 §5.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.schematron.model import SchemaFault

_STEP = re.compile(r"(?P<prefix>[\w.-]+):(?P<name>[\w.-]+)(?P<predicates>.*)", re.DOTALL)
_TEMPLATE = re.compile(r"\[cda:templateId/@root\s*=\s*'([^']+)'\]")
_POSITIONAL = re.compile(r"\[\s*\d+\s*\]|position\(\)|last\(\)")


@dataclass(frozen=True, slots=True)
class Context:
    """How to find the nodes of a rule.

    `tag` is the last element's name, `parent_tag` that of its parent and `template` a templateId it must carry, when
    the context says so. `exact`: these say it all. Else `expression` decides: asked of a candidate, or once of the root
    when `whole`.
    """

    tag: str
    parent_tag: str | None
    template: str | None
    exact: bool
    whole: bool
    expression: str


def read_context(context: str, namespaces: Mapping[str, str]) -> Context:
    """Read a context: steps of child and descendant axes with predicates. Raises SchemaFault: anything else."""
    steps = _steps(context)
    tag, predicates = _named(steps[-1][1], namespaces)
    if _POSITIONAL.search(context):
        return Context(tag, None, None, exact=False, whole=True, expression=_anchored(context))
    parent_tag, parent_predicates = None, ""
    if len(steps) > 1 and steps[-1][0] == "parent":
        parent_tag, parent_predicates = _named(steps[-2][1], namespaces)
    template = _TEMPLATE.fullmatch(predicates)
    plain = not predicates and len(steps) <= (2 if parent_tag else 1) and not parent_predicates
    exact = plain or (template is not None and len(steps) == 1)
    return Context(
        tag, parent_tag, template.group(1) if template else None, exact=exact, whole=False, expression=_asked(steps)
    )


def _named(step: str, namespaces: Mapping[str, str]) -> tuple[str, str]:
    """The name of a step, as lxml spells it, and its predicates."""
    read = _STEP.fullmatch(step)
    if read is None or read["prefix"] not in namespaces:
        raise SchemaFault(f"a step of a context is not an element with a known prefix: {step}")
    return f"{{{namespaces[read['prefix']]}}}{read['name']}", read["predicates"].strip()


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
            double = context[position : position + 2] == "//"
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
