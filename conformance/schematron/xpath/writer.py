"""XPath 2.0 written as XPath 1.0: operators, paths, quantifiers. What would not mean the same is refused."""

from __future__ import annotations

from collections.abc import Mapping

from conformance.schematron.xpath import calls, comparisons, exceptions, foreign, mapping
from conformance.schematron.xpath.kinds import FALSE, TRUE, Focus, Kind, Level, Written, quoted
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

_XML_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_SUMS = {"+": Level.SUM, "-": Level.SUM, "*": Level.PRODUCT, "div": Level.PRODUCT, "mod": Level.PRODUCT}


class Writer:
    """Writes one expression.

    `kinds` say what variables hold. `resolved`: names are written without prefixes, for an expression that is kept in a
    string and compiled elsewhere.
    """

    def __init__(self, namespaces: Mapping[str, str], kinds: Mapping[str, Kind], *, resolved: bool = False) -> None:
        self.namespaces = namespaces
        self.kinds = kinds
        self.resolved = resolved

    def again(self) -> Writer:
        """A writer of the same names whose text is kept in a string."""
        return Writer(self.namespaces, {}, resolved=True)

    def value(self, expression: Expression, focus: Focus) -> Written:  # noqa: PLR0911, PLR0912 - one line a form
        """What an expression gives."""
        match expression:
            case Text():
                return Written(quoted(expression.value), Kind.STRING)
            case Number():
                return Written(_decimal(expression.spelling), Kind.NUMBER)
            case Variable():
                return self._variable(expression.name, focus)
            case Here():
                focus.reach(".")
                return Written(".", Kind.NODES)
            case Call():
                return calls.write(self, expression, focus)
            case Comparison():
                return comparisons.write(self, expression, focus)
            case Binary():
                return self._binary(expression, focus)
            case Negative():
                return Written(f"-{self.number(expression.operand, focus).at(Level.MINUS)}", Kind.NUMBER, Level.MINUS)
            case If():
                return self._if(expression, focus)
            case Quantified():
                return self._quantified(expression, focus)
            case Sequence(()):
                return Written("/..", Kind.EMPTY)
            case Typed():
                return calls.write_typed(self, expression, focus)
            case FilterStep():
                return self._path(Path(absolute=False, steps=(expression,)), focus)
            case Path():
                return self._path(expression, focus)
            case For():
                return mapping.write_for(self, expression, focus)
        raise Untranslatable("a sequence whose order or repetitions would be lost")

    def truth(self, expression: Expression, focus: Focus) -> Written:  # noqa: PLR0911, PLR0912 - one line a form
        """An expression whose XPath 1.0 truth is the effective boolean value (XPath 2.0 §2.4.3)."""
        match expression:
            case Number():
                return TRUE if float(expression.spelling) else FALSE
            case Text():
                return TRUE if expression.value else FALSE
            case Binary("or" | "and"):
                return self._junction(expression, focus)
            case If():
                then, otherwise = self.truth(expression.then, focus), self.truth(expression.otherwise, focus)
                return self._choice(expression, then, otherwise, focus)
            case Sequence(()):
                return FALSE
            case Sequence():
                return self.truth(self.union(expression.items), focus)
            case Call("string", (inner,)):
                return self._truth_of_string(inner, focus)
            case Path() | FilterStep():
                keyed = foreign.write_truth(self, expression, focus)
                if keyed is not None:
                    return keyed
                mapped = mapping.write_truth(self, expression, focus)
                if mapped is not None:
                    return mapped
        written = self.value(expression, focus)
        match written.kind:
            case Kind.STRINGS:
                return Written(f"string({written.text})", Kind.STRING)
            case Kind.EMPTY:
                return FALSE
            case Kind.ANY:
                return Written(f"ecluse:true({written.text})", Kind.BOOLEAN)
            case Kind.NUMBERS:
                raise Untranslatable("the truth of a number that may be absent")
        return written

    def boolean(self, expression: Expression, focus: Focus) -> Written:
        """An expression that gives a boolean of XPath 1.0."""
        written = self.truth(expression, focus)
        return written if written.kind is Kind.BOOLEAN else Written(f"boolean({written.text})", Kind.BOOLEAN)

    def number(self, expression: Expression, focus: Focus) -> Written:
        """An operand of arithmetic: untyped values are read as xs:double (XPath 2.0 §3.4)."""
        written = self.value(expression, focus)
        if written.kind in (Kind.NUMBER, Kind.ANY):
            return written
        if written.kind in (Kind.NODES, Kind.NUMBERS):
            return Written(f"ecluse:number({written.text})", Kind.NUMBER)
        raise Untranslatable(f"arithmetic on {written.kind.value}")

    def text(self, expression: Expression, focus: Focus) -> Written:
        """An argument that is a string or nothing: nothing reads as the empty string, as XPath 1.0 does."""
        written = self.value(expression, focus)
        if written.kind is Kind.EMPTY:
            return Written("''", Kind.STRING)
        if written.kind is Kind.NUMBERS:
            raise Untranslatable("a number spelled as a string")
        return written

    def union(self, items: tuple[Expression, ...]) -> Expression:
        """Items of a sequence as one set of nodes, where repetitions and order do not count."""
        united = items[0]
        for item in items[1:]:
            united = Binary("|", united, item)
        return united

    def test(self, axis: str, test: Test) -> str:  # noqa: PLR0911 - one line a form
        """A node test, with what goes into a predicate of its own when XPath 1.0 has no such test."""
        if test.kind != "name":
            if test.kind in ("node", "text", "comment", "processing-instruction"):
                return f"{test.kind}()"
            if test.kind == "element" and axis != "attribute":
                return "*"
            if test.kind == "attribute" and axis == "attribute":
                return "*"
            raise Untranslatable(f"{test.kind}() on the {axis} axis")
        if test.name == "*":
            return self._any_name(test.prefix)
        if test.prefix == "*":
            return f"*[local-name()={quoted(test.name or '')}]"
        if not self.resolved:
            return f"{test.prefix}:{test.name}" if self.namespace(test.prefix) else str(test.name)
        namespace = self.namespace(test.prefix)
        return (
            f"*[local-name()={quoted(test.name or '')} and namespace-uri()={quoted(namespace)}]"
            if namespace
            else str(test.name)
        )

    def step(self, step: AxisStep, focus: Focus) -> str:
        """An axis step, abbreviated where XPath 1.0 allows."""
        test = self.test(step.axis, step.test)
        if step.test.kind == "node" and not step.predicates and step.axis in ("self", "parent"):
            return "." if step.axis == "self" else ".."
        axis = {"child": "", "attribute": "@"}.get(step.axis, f"{step.axis}::")
        return f"{axis}{test}{self.predicates(step.predicates, focus)}"

    def predicates(self, predicates: tuple[Expression, ...], focus: Focus) -> str:
        """Predicates; one that is a number is a position, in XPath 1.0 as in 2.0."""
        return "".join(f"[{self._predicate(one, focus.inner())}]" for one in predicates)

    def _predicate(self, predicate: Expression, focus: Focus) -> str:
        # A literal is a position; so is a variable, when it is a number.
        if isinstance(predicate, Number | Variable):
            written = self.value(predicate, focus)
            if written.kind in (Kind.NUMBER, Kind.ANY):
                return written.text
        return self.truth(predicate, focus).text

    def _any_name(self, prefix: str | None) -> str:
        if prefix in (None, "*"):
            return "*"
        namespace = self.namespace(prefix)
        return f"*[namespace-uri()={quoted(namespace)}]" if self.resolved else f"{prefix}:*"

    def xml_schema_type(self, name: str) -> str | None:
        """The local name of a type of XML Schema (`xs:integer`); None: it is none."""
        prefix, colon, local = name.partition(":")
        bound = self.namespaces.get(prefix, _XML_SCHEMA if prefix == "xs" else None)
        return local if colon and bound == _XML_SCHEMA else None

    def namespace(self, prefix: str | None) -> str:
        """The namespace of a prefix. Raises Untranslatable: nothing is bound to it."""
        if prefix is None:
            return ""
        namespace = "http://www.w3.org/XML/1998/namespace" if prefix == "xml" else self.namespaces.get(prefix)
        if namespace is None:
            raise Untranslatable(f"nothing is bound to the prefix {prefix}")
        return namespace

    def _variable(self, name: str, focus: Focus) -> Written:
        if name in focus.bound:
            depth, kind = focus.bound[name]
            if depth != focus.depth:
                raise Untranslatable(f"${name} is asked inside a predicate of its own condition")
            return Written(".", kind)
        return Written(f"${name}", self.kinds.get(name, Kind.ANY))

    def _binary(self, expression: Binary, focus: Focus) -> Written:
        if expression.operator in ("or", "and"):
            return self._junction(expression, focus)
        if expression.operator in _SUMS:
            level = _SUMS[expression.operator]
            left, right = self.number(expression.left, focus), self.number(expression.right, focus)
            return Written(f"{left.at(level)} {expression.operator} {right.at(level + 1)}", Kind.NUMBER, level)
        if expression.operator == "|":
            left, right = self.value(expression.left, focus), self.value(expression.right, focus)
            if not {left.kind, right.kind} <= {Kind.NODES, Kind.ANY}:
                raise Untranslatable(f"a union of {left.kind.value} and {right.kind.value}")
            return Written(f"{left.at(Level.UNION)} | {right.at(Level.UNION)}", Kind.NODES, Level.UNION)
        if expression.operator in ("except", "intersect"):
            return exceptions.write(self, expression, focus)
        raise Untranslatable(f"the operator {expression.operator}")

    def _junction(self, expression: Binary, focus: Focus) -> Written:
        return _joined(expression.operator, self.truth(expression.left, focus), self.truth(expression.right, focus))

    def _choice(self, expression: If, then: Written, otherwise: Written, focus: Focus) -> Written:
        """`if` as a boolean, its branches being written: (c and a) or (not(c) and b)."""
        condition = self.truth(expression.condition, focus)
        opposite = calls.opposite(condition)
        if then == TRUE:
            return _joined("or", condition, otherwise)
        if otherwise == TRUE:
            return _joined("or", opposite, then)
        return _joined("or", _joined("and", condition, then), _joined("and", opposite, otherwise))

    def _if(self, expression: If, focus: Focus) -> Written:
        then, otherwise = self.value(expression.then, focus), self.value(expression.otherwise, focus)
        kinds = {then.kind, otherwise.kind}
        if kinds == {Kind.BOOLEAN}:
            return self._choice(expression, then, otherwise, focus)
        if kinds == {Kind.EMPTY}:
            return then
        condition = self.boolean(expression.condition, focus)
        arguments = f"({condition.text}, {then.text}, {otherwise.text})"
        if len(kinds) == 1:
            return Written(f"ecluse:if{arguments}", then.kind)
        if kinds <= {Kind.STRING, Kind.STRINGS, Kind.EMPTY}:
            return Written(f"ecluse:if-any{arguments}", Kind.STRINGS)
        return Written(f"ecluse:if{arguments}", _wider(kinds))

    def _quantified(self, expression: Quantified, focus: Focus) -> Written:
        domain = self.value(expression.domain, focus)
        if domain.kind not in (Kind.NODES, Kind.STRINGS, Kind.ANY):
            raise Untranslatable(f"{expression.quantifier} over {domain.kind.value}")
        kind = Kind.NODES if domain.kind is Kind.ANY else domain.kind
        inside = focus.binding(expression.variable, Kind.STRING if kind is Kind.STRINGS else kind)
        condition = self.truth(expression.condition, inside)
        if expression.quantifier == "some":
            return Written(f"boolean({domain.at(Level.STEP)}[{self._plain(condition)}])", Kind.BOOLEAN)
        return Written(f"not({domain.at(Level.STEP)}[not({condition.text})])", Kind.BOOLEAN)

    @staticmethod
    def _plain(condition: Written) -> str:
        return f"boolean({condition.text})" if condition.kind in (Kind.NUMBER, Kind.ANY) else condition.text

    def _truth_of_string(self, inner: Expression, focus: Focus) -> Written:
        written = self.text(inner, focus)
        if written.kind in (Kind.BOOLEAN, Kind.NUMBER):
            return TRUE
        return Written(f"string({written.text})", Kind.STRING)

    def _path(self, path: Path, focus: Focus) -> Written:
        fetched = foreign.write(self, path)
        if fetched is not None:
            return fetched
        if path.steps and isinstance(path.steps[-1], FilterStep) and (path.absolute or len(path.steps) > 1):
            return mapping.write_last(self, path, focus)
        if not path.absolute and not isinstance(path.steps[0], FilterStep):
            focus.reach("a path")
        text, kind, glue = "", Kind.NODES, "/" if path.absolute else ""
        for number, step in enumerate(path.steps):
            if isinstance(step, FilterStep):
                if number or path.absolute:
                    return self.value(mapping.distributed(path, number), focus)
                first = self._first(step, focus)
                text, kind = f"{first.at(Level.STEP)}{self.predicates(step.predicates, focus)}", first.kind
                if len(path.steps) > 1:
                    if kind not in (Kind.NODES, Kind.ANY):
                        raise Untranslatable(f"a path from {kind.value}")
                    kind = Kind.NODES
            elif step == ANY_DEPTH and number < len(path.steps) - 1 and (number or path.absolute):
                glue = "//"
                continue
            else:
                text += f"{glue}{self.step(step, focus)}"
            glue = "/"
        return Written(text or "/", kind)

    def _first(self, step: FilterStep, focus: Focus) -> Written:
        primary = step.primary
        if isinstance(primary, Sequence) and len(primary.items) > 1 and not step.predicates:
            primary = self.union(primary.items)
        if isinstance(primary, Path) and not step.predicates:
            return self.value(primary, focus)
        written = self.value(primary, focus)
        if written.text == ".":
            return Written("self::node()" if step.predicates else ".", written.kind)
        if step.predicates and written.kind not in (Kind.NODES, Kind.STRINGS, Kind.ANY):
            raise Untranslatable(f"a predicate on {written.kind.value}")
        return Written(f"({written.text})", written.kind) if isinstance(primary, Path) else written


def _joined(operator: str, left: Written, right: Written) -> Written:
    """Two truths joined by `or` or `and`; one that is known decides, or falls away."""
    absorbing, neutral = (TRUE, FALSE) if operator == "or" else (FALSE, TRUE)
    if absorbing in (left, right):
        return absorbing
    if neutral in (left, right):
        other = right if left == neutral else left
        return other if other.kind is Kind.BOOLEAN else Written(f"boolean({other.text})", Kind.BOOLEAN)
    level = Level.OR if operator == "or" else Level.AND
    return Written(f"{left.at(level)} {operator} {right.at(level)}", Kind.BOOLEAN, level)


def _wider(kinds: set[Kind]) -> Kind:
    known = kinds - {Kind.EMPTY}
    if known == {Kind.NODES}:
        return Kind.NODES
    if Kind.ANY in known and Kind.NODES not in known:
        return Kind.ANY
    raise Untranslatable(f"if … then … else with {' and '.join(sorted(one.value for one in kinds))}")


def _decimal(spelling: str) -> str:
    """A number without exponent, which XPath 1.0 does not have."""
    if "e" not in spelling.lower():
        return spelling
    return f"{float(spelling):f}"
