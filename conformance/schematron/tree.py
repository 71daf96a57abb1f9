"""The contexts of a schema as a tree of paths: what begins alike is looked at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from conformance.schematron.contexts import Context, Step
from conformance.schematron.index import ANY


class Path:
    """A step from where another path ends, the rules whose context ends here, and the paths that go on."""

    __slots__ = ("onward", "predicates", "rules", "step")

    def __init__(self, step: Step, predicates: str) -> None:
        self.step = step
        self.predicates = predicates
        self.rules: list[int] = []
        self.onward: dict[str, list[Path]] = {}

    def below(self) -> Iterator[int]:
        """The rules that depend on this path."""
        yield from self.rules
        for paths in self.onward.values():
            for path in paths:
                yield from path.below()


class Contexts:
    """The contexts of one schema, by what a document must have for them to match: rules are known by their number.

    `several` are the rules whose context has alternatives, which may match a node twice.
    """

    def __init__(self) -> None:
        self.by_template: defaultdict[str, list[Path]] = defaultdict(list)
        self.by_tag: defaultdict[str, list[Path]] = defaultdict(list)
        self.absolute: list[Path] = []
        self.asked: list[tuple[Context, int]] = []
        self.several: set[int] = set()
        self._rules: set[int] = set()
        self._paths: dict[tuple[int, str], Path] = {}
        self._tags: set[str] = set()

    def add(self, context: Context, rule: int) -> None:
        """Add an alternative of the context of a rule."""
        if rule in self._rules:
            self.several.add(rule)
        self._rules.add(rule)
        if not context.steps:
            self.asked.append((context, rule))
            if context.tag is not None or context.asked:
                self._tags.add(context.tag or ANY)
            return
        path = self._root(context)
        for step in context.steps[1:]:
            path = self._next(path, step)
        path.rules.append(rule)

    @property
    def tags(self) -> frozenset[str]:
        """The tags that an index of a document must hold."""
        return frozenset(self._tags)

    def _root(self, context: Context) -> Path:
        step = context.steps[0]
        key = (1 if context.absolute else 0, step.text)
        if key not in self._paths:
            if context.absolute:
                path = Path(step, step.predicates)
                self.absolute.append(path)
            elif step.template is not None:
                path = Path(step, step.rest)
                self.by_template[step.template].append(path)
            else:
                path = Path(step, step.rest)
                self.by_tag[step.tag or ANY].append(path)
                self._tags.add(step.tag or ANY)
            self._paths[key] = path
        return self._paths[key]

    def _next(self, path: Path, step: Step) -> Path:
        key = (id(path), step.text)
        if key not in self._paths:
            self._paths[key] = Path(step, step.predicates)
            path.onward.setdefault(step.tag or ANY, []).append(self._paths[key])
        return self._paths[key]
