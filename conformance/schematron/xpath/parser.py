"""XPath 2.0 read by recursive descent, one method a level of precedence (XPath 2.0 §A.1, §A.4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from conformance.schematron.xpath.syntax import (
    ANY_DEPTH,
    AxisStep,
    Binary,
    Call,
    Comparison,
    Expression,
    FilterStep,
    For,
    Here,
    If,
    Negative,
    Number,
    Path,
    Quantified,
    Sequence,
    Test,
    Text,
    Typed,
    Untranslatable,
    Variable,
)
from conformance.schematron.xpath.tokens import Token, read_tokens

_KINDS = frozenset(["node", "text", "comment", "processing-instruction", "element", "attribute", "document-node"])
_AXES = frozenset(
    [
        "child",
        "descendant",
        "attribute",
        "self",
        "descendant-or-self",
        "following-sibling",
        "following",
        "parent",
        "ancestor",
        "preceding-sibling",
        "preceding",
        "ancestor-or-self",
        "namespace",
    ]
)
_VALUE_SIGNS = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_GENERAL_SIGNS = frozenset(_VALUE_SIGNS.values())
_DEEPEST = 40


@lru_cache(maxsize=8192)
def parse(expression: str) -> Expression:
    """Read an expression. Raises Untranslatable: it is not XPath 2.0, or nests more than forty levels."""
    reader = _Reader(expression)
    read = reader.sequence()
    reader.expect("end", "")
    return read


class _Reader:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = read_tokens(expression)
        self._at = 0
        self._depth = 0

    def sequence(self) -> Expression:
        """Several expressions parted by commas, or one."""
        items = [self.single()]
        while self._take("sign", ","):
            items.append(self.single())
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def expect(self, kind: str, value: str) -> None:
        if not self._take(kind, value):
            raise self._refusal(f"{value or kind} was expected")

    def single(self) -> Expression:
        """One expression, without comma."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refusal("it nests too deep")
        read = self._single()
        self._depth -= 1
        return read

    def _single(self) -> Expression:
        word, following = self._tokens[self._at], self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if word.kind == "name" and following == Token("sign", "(") and word.value == "if":
            return self._if()
        if word.kind == "name" and following.kind == "variable" and word.value in ("for", "some", "every"):
            return self._bound(word.value)
        return self._or()

    def _if(self) -> Expression:
        self._at += 1
        self.expect("sign", "(")
        condition = self.sequence()
        self.expect("sign", ")")
        self.expect("name", "then")
        then = self.single()
        self.expect("name", "else")
        return If(condition, then, self.single())

    def _bound(self, word: str) -> Expression:
        self._at += 1
        bindings: list[tuple[str, Expression]] = []
        while True:
            variable = self._next("variable")
            self.expect("name", "in")
            bindings.append((variable, self.single()))
            if not self._take("sign", ","):
                break
        self.expect("name", "return" if word == "for" else "satisfies")
        body = self.single()
        for variable, domain in reversed(bindings):
            body = For(variable, domain, body) if word == "for" else Quantified(word, variable, domain, body)
        return body

    def _or(self) -> Expression:
        return self._chain(self._and, ("or",))

    def _and(self) -> Expression:
        return self._chain(self._comparison, ("and",))

    def _comparison(self) -> Expression:
        left = self._range()
        word = self._tokens[self._at]
        if word.kind == "sign" and word.value in _GENERAL_SIGNS:
            self._at += 1
            return Comparison("general", word.value, left, self._range())
        if word.kind == "name" and word.value in _VALUE_SIGNS:
            self._at += 1
            return Comparison("value", _VALUE_SIGNS[word.value], left, self._range())
        if word in (Token("name", "is"), Token("sign", "<<"), Token("sign", ">>")):
            self._at += 1
            return Comparison("node", word.value, left, self._range())
        return left

    def _range(self) -> Expression:
        left = self._additive()
        return Binary("to", left, self._additive()) if self._take("name", "to") else left

    def _additive(self) -> Expression:
        return self._chain(self._multiplicative, (), ("+", "-"))

    def _multiplicative(self) -> Expression:
        return self._chain(self._union, ("div", "idiv", "mod"), ("*",))

    def _union(self) -> Expression:
        left = self._intersection()
        while self._take("sign", "|") or self._take("name", "union"):
            left = Binary("|", left, self._intersection())
        return left

    def _intersection(self) -> Expression:
        return self._chain(self._typed, ("intersect", "except"))

    def _typed(self) -> Expression:
        operand = self._unary()
        for verb, particle in (("instance", "of"), ("treat", "as"), ("castable", "as"), ("cast", "as")):
            if self._take("name", verb):
                self.expect("name", particle)
                name = self._next("name")
                if self._take("sign", "("):
                    raise self._refusal(f"{verb} {particle} {name}()")
                operand = Typed(verb, operand, name, self._take("sign", "?"))
        return operand

    def _unary(self) -> Expression:
        if self._take("sign", "-"):
            return Negative(self._unary())
        if self._take("sign", "+"):
            return self._unary()
        return self._path()

    def _path(self) -> Expression:
        absolute = False
        steps: list[AxisStep | FilterStep] = []
        if self._take("sign", "/"):
            absolute = True
            if not self._begins_a_step():
                return Path(absolute=True, steps=())
        elif self._take("sign", "//"):
            absolute = True
            steps.append(ANY_DEPTH)
        steps.append(self._step())
        while True:
            if self._take("sign", "//"):
                steps.append(ANY_DEPTH)
            elif not self._take("sign", "/"):
                break
            steps.append(self._step())
        only = steps[0]
        if not absolute and len(steps) == 1 and isinstance(only, FilterStep):
            return only if only.predicates else only.primary
        return Path(absolute, tuple(steps))

    def _begins_a_step(self) -> bool:
        word = self._tokens[self._at]
        return word.kind in ("name", "text", "number", "variable") or (
            word.kind == "sign" and word.value in ("@", "*", ".", "..", "(")
        )

    def _step(self) -> AxisStep | FilterStep:
        word, following = self._tokens[self._at], self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if self._take("sign", ".."):
            return AxisStep("parent", Test("node"), self._predicates())
        if self._take("sign", "@"):
            return AxisStep("attribute", self._test(), self._predicates())
        if word.kind == "name" and following == Token("sign", "::"):
            if word.value not in _AXES:
                raise self._refusal(f"{word.value} is no axis")
            self._at += 2
            return AxisStep(word.value, self._test(), self._predicates())
        called = following == Token("sign", "(") and word.value not in _KINDS
        if word == Token("sign", "*") or (word.kind == "name" and not called):
            test = self._test()
            axis = "attribute" if test.kind == "attribute" else "child"
            return AxisStep(axis, test, self._predicates())
        return FilterStep(self._primary(), self._predicates())

    def _test(self) -> Test:
        word = self._tokens[self._at]
        self._at += 1
        if word == Token("sign", "*"):
            return Test("name", "*", "*")
        if word.kind != "name":
            raise self._refusal(f"{word.value!r} is no node test")
        if word.value in _KINDS and self._take("sign", "("):
            if not self._take("sign", ")"):
                raise self._refusal(f"{word.value}() with an argument")
            return Test(word.value)
        prefix, colon, name = word.value.partition(":")
        return Test("name", prefix, name) if colon else Test("name", None, prefix)

    def _predicates(self) -> tuple[Expression, ...]:
        predicates: list[Expression] = []
        while self._take("sign", "["):
            predicates.append(self.sequence())
            self.expect("sign", "]")
        return tuple(predicates)

    def _primary(self) -> Expression:
        word = self._tokens[self._at]
        self._at += 1
        if word.kind == "text":
            quote = word.value[0]
            return Text(word.value[1:-1].replace(quote * 2, quote))
        if word.kind == "number":
            return Number(word.value)
        if word.kind == "variable":
            return Variable(word.value)
        if word == Token("sign", "."):
            return Here()
        if word == Token("sign", "("):
            return self._parenthesised()
        if word.kind == "name" and self._take("sign", "("):
            return Call(word.value.removeprefix("fn:"), self._arguments())
        self._at -= 1
        raise self._refusal(f"{word.value or 'the end'!r} begins no expression")

    def _parenthesised(self) -> Expression:
        if self._take("sign", ")"):
            return Sequence(())
        read = self.sequence()
        self.expect("sign", ")")
        return read

    def _arguments(self) -> tuple[Expression, ...]:
        if self._take("sign", ")"):
            return ()
        arguments = [self.single()]
        while self._take("sign", ","):
            arguments.append(self.single())
        self.expect("sign", ")")
        return tuple(arguments)

    def _chain(
        self, operand: Callable[[], Expression], words: tuple[str, ...], signs: tuple[str, ...] = ()
    ) -> Expression:
        left = operand()
        while True:
            word = self._tokens[self._at]
            if not ((word.kind == "name" and word.value in words) or (word.kind == "sign" and word.value in signs)):
                return left
            self._at += 1
            left = Binary(word.value, left, operand())

    def _take(self, kind: str, value: str) -> bool:
        word = self._tokens[self._at]
        if word[1] != value or word[0] != kind:
            return False
        self._at += 1
        return True

    def _next(self, kind: str) -> str:
        word = self._tokens[self._at]
        if word.kind != kind:
            raise self._refusal(f"a {kind} was expected")
        self._at += 1
        return word.value

    def _refusal(self, what: str) -> Untranslatable:
        return Untranslatable(f"{what}: {self._expression}")
