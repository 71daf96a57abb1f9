"""Python written line by line, and made into functions.

Names and numbers of our own make are all that is ever written, beside literals as Python itself spells them: nothing of
an expression becomes code.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import count
from types import CodeType
from typing import Any


class Code:
    """Lines of a function, written from the outside in."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._numbers = count()

    def name(self) -> str:
        """A name that nothing has yet."""
        return f"n{next(self._numbers)}"

    def add(self, line: str) -> None:
        self.lines.append(line)

    def kept(self, value: str) -> str:
        """The name of what an expression of Python gives here."""
        name = self.name()
        self.add(f"{name} = {value}")
        return name

    def inside(self, header: str) -> Apart:
        """Write the block that a line opens."""
        return _Inside(self, header)

    def apart(self) -> Apart:
        """Write lines whose place is not known yet."""
        return Apart(self)


class Apart:
    """Where lines are written apart from those before: classes, as there are thousands of such places."""

    __slots__ = ("_before", "_code")

    def __init__(self, code: Code) -> None:
        self._code = code

    def __enter__(self) -> list[str]:
        self._before, self._code.lines = self._code.lines, []
        return self._code.lines

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._code.lines = self._before


class _Inside(Apart):
    __slots__ = ("_header",)

    def __init__(self, code: Code, header: str) -> None:
        super().__init__(code)
        self._header = header

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        lines, self._code.lines = self._code.lines, self._before
        if failed is None:
            self._code.lines += [self._header, *[f" {line}" for line in lines or ("pass",)]]


def _shared(code: CodeType) -> CodeType:
    """The same code, whose names of elements and attributes are those of all other code: there are thousands."""
    constants = (
        sys.intern(one) if type(one) is str else _shared(one) if isinstance(one, CodeType) else one
        for one in code.co_consts
    )
    return code.replace(co_consts=tuple(constants))


def function(name: str, parameters: str, lines: list[str], known: Mapping[str, Any]) -> Any:
    """The function of those lines, which may use the names `known`; None: Python finds it too deep."""
    source = "\n".join([f"def {name}({parameters}):", *(f" {line}" for line in lines)])
    try:
        compiled = _shared(compile(source, f"<{name}>", "exec"))
    except (SyntaxError, MemoryError, RecursionError):
        return None
    names = dict(known)
    exec(compiled, names)  # noqa: S102 — written by this package, from values only
    return names[name]
