"""Query languages of schemas: what lxml asks as it is, what must be translated first (ISO/IEC 19757-3 annexes C, H)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lxml import etree

from conformance.schematron.documents import Documents, MissingDocument
from conformance.schematron.expressions import (
    CORE_FUNCTIONS,
    asked,
    closes_at_end,
    functions,
    is_steady,
    without_current,
)
from conformance.schematron.functions import EXTENSIONS
from conformance.schematron.gathering import gathered
from conformance.schematron.model import ECLUSE
from conformance.schematron.nodes import KEEP
from conformance.schematron.predicates import Look
from conformance.schematron.xpath.reckonings import Reckonings

if TYPE_CHECKING:
    from conformance.schematron.looks.reading import Written
    from conformance.schematron.xpath.kinds import Kind

    Kinds = Mapping[str, Kind]

# Translating, and what only translated expressions call, is imported when it is needed: a plan that is kept needs none.
Extensions = Mapping[tuple[str, str], Callable[..., Any]]
_STRINGS = "ecluse:strings("
PATIENCE = 8
"""Documents after which it pays to write what they are asked as Python."""
_ASKED = 3
"""How often an expression is asked of a document, about."""
_TRUTHS = tuple((ECLUSE, name) for name in ("matches", "is-named", "keyed", "listed", "doc-available"))
_XPATH_1 = frozenset(("", "xslt", "xslt1", "xpath", "xpath1", "exslt", "libxslt"))
_XPATH_2 = frozenset(("xslt2", "xslt3", "xpath2", "xpath3", "xpath31", "xquery", "xquery3"))


# What asking an expression can raise: XPath's own errors, and those of our functions on values they cannot take.
QUESTION_FAILED = (etree.XPathError, MissingDocument, ValueError, TypeError, ArithmeticError, LookupError)


class NotAsked(ValueError):
    """An expression that cannot be asked: the text says why."""


def known_binding(binding: str) -> bool:
    """Whether we know the query language of a schema."""
    return binding in _XPATH_1 or binding in _XPATH_2


def is_xpath_2(binding: str) -> bool:
    """Whether expressions of a schema must be translated before lxml can ask them."""
    return binding in _XPATH_2


def asked_as(expression: str, binding: str, namespaces: Mapping[str, str], kinds: Kinds) -> tuple[str, Kind]:
    """An expression in XPath 1.0 with our functions, and what it gives. Raises NotAsked: it cannot be said in it.

    `kinds` says what the variables hold.
    """
    from conformance.schematron.xpath.translation import Kind, Untranslatable, translate_value

    if binding in _XPATH_1:
        return without_current(expression), Kind.ANY
    try:
        read = translate_value(without_current(expression), namespaces, kinds)
    except Untranslatable as error:
        return _in_full(without_current(expression), namespaces, error), Kind.ANY
    if read.kind is Kind.STRINGS:
        return f"{_STRINGS}{read.text})", read.kind
    return read.text, read.kind


def tested_as(test: str, binding: str, namespaces: Mapping[str, str], kinds: Kinds) -> str:
    """A test in XPath 1.0 with our functions. Raises NotAsked."""
    from conformance.schematron.xpath.translation import Untranslatable, translate_test

    if binding in _XPATH_1:
        return without_current(test)
    try:
        return translate_test(without_current(test), namespaces, kinds)
    except Untranslatable as error:
        return _in_full(f"boolean({without_current(test)})", namespaces, error)


def _in_full(expression: str, namespaces: Mapping[str, str], refused: ValueError) -> str:
    from conformance.schematron import full

    try:
        return full.as_call(expression, namespaces)
    except ValueError as error:
        raise NotAsked(f"{refused}; {error}") from error


def _strings(_context: object, values: Any) -> Any:
    """`strings(values)`: a sequence of strings as nodes that a variable can hold."""
    from conformance.schematron.xpath.extensions import variable
    from conformance.schematron.xpath.kinds import Kind

    return variable(values, Kind.STRINGS)


@dataclass(frozen=True, slots=True)
class Question:
    """A compiled expression, its text, and the variables it asks for.

    `strings`: it gives strings, which become nodes before a variable holds them. `steady`: the same for every document.
    """

    ask: etree.XPath
    text: str
    names: tuple[str, ...]
    strings: bool = False
    steady: bool = False


class Queries:
    """Compiles the expressions of one schema, each once and when it is first asked.

    `reckoned` are the questions that need no libxml2, `reckoned_lets` the values of variables: lists of strings are as
    they are there. `tags` are the elements that variables of `gathering` stand for, `looks` what predicates so plain
    ask that they need not be compiled.
    """

    def __init__(self, namespaces: Mapping[str, str], documents: Documents, patience: int = PATIENCE) -> None:
        self.namespaces = {**namespaces, "ecluse": ECLUSE}
        self._documents = documents
        self._prefixes = namespaces
        self._compiled: dict[str, etree.XPath] = {}
        self._questions: dict[str, Question] = {}
        self._lets: dict[str, Question] = {}
        self.reckoned = Reckonings(self.namespaces, lambda: self._extensions, _ASKED * patience)
        self.reckoned_lets = Reckonings(self.namespaces, lambda: self._extensions, _ASKED * patience)
        self.tags: dict[str, str] = {}
        self.looks: dict[str, tuple[Look, ...] | None] = {}

    @cached_property
    def _extensions(self) -> Extensions:
        """Everything that expressions may call."""
        from conformance.schematron import full
        from conformance.schematron.xpath.extensions import extensions

        own = {(ECLUSE, "strings"): _strings, (ECLUSE, full.NAME): full.function(self._prefixes)}
        return {**extensions(self._documents), **KEEP, **own}

    @cached_property
    def _truths(self) -> Extensions:
        return {**EXTENSIONS, **{key: self._extensions[key] for key in _TRUTHS}}

    def compile(self, expression: str, *, smart: bool = False) -> etree.XPath:
        """A compiled expression. Raises NotAsked: it is not XPath, or calls what nobody knows."""
        key = expression if not smart else f"smart {expression}"
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._new(expression, smart)
        return compiled

    def question(self, expression: str) -> Question:
        """A compiled expression with its variables. Raises NotAsked."""
        question = self._questions.get(expression)
        if question is None:
            question = self._questions[expression] = self._question(expression)
        return question

    def written(self, tests: Sequence[str]) -> Written:
        """Tests of an element, those that can be written as Python, and the others."""
        from conformance.schematron.looks.reading import write

        return write(tests, self.namespaces, self._truths)

    def works_out(self, expression: str) -> bool:
        """Whether a question needs no libxml2. Raises NotAsked."""
        return self.reckoned.learned(expression, self.question(expression).text)

    def let(self, value: str) -> Question:
        """The value of a variable, to ask at an element. Raises NotAsked."""
        question = self._lets.get(value)
        if question is None:
            # Strings are made nodes here rather than by a function: one call less for every variable.
            strings = value.startswith(_STRINGS) and closes_at_end(value, len(_STRINGS) - 1)
            question = self._question(value[len(_STRINGS) : -1] if strings else value)
            question = self._lets[value] = replace(question, strings=strings, steady=is_steady(value))
        return question

    def _question(self, expression: str) -> Question:
        put, tags = gathered(expression, self.namespaces)
        self.tags.update(tags)
        return Question(self.compile(put), put, asked(put))

    def _new(self, expression: str, smart: bool) -> etree.XPath:
        # lxml registers every function it is given at every evaluation: it is given those that are called.
        needed: dict[tuple[str, str], Callable[..., Any]] = {}
        for name in functions(expression):
            prefix, _, local = name.rpartition(":")
            key = (self.namespaces.get(prefix, ""), local)
            if prefix and key in EXTENSIONS:
                needed[key] = EXTENSIONS[key]
            elif prefix and key in self._extensions:
                needed[key] = self._extensions[key]
            elif prefix or local not in CORE_FUNCTIONS:
                raise NotAsked(f"nobody knows the function {name}: {expression}")
        try:
            return etree.XPath(
                expression, namespaces=self.namespaces, extensions=needed, regexp=False, smart_strings=smart
            )
        except (etree.XPathError, ValueError) as error:
            raise NotAsked(f"{error}: {expression}") from error
