r"""Regular expressions of XPath as those of Python (XQuery 1.0 and XPath 2.0 Functions and Operators §7.6.1).

Four differences decide verdicts: `\s` is four characters, `\w` leaves out punctuation and the underscore, `.` leaves
out line ends, `$` is the very end. A pattern that repeats what repeats is matched without backtracking: see `matching`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from conformance.schematron.xpath.syntax import Untranslatable

_CLASSES = {
    "d": r"\d",
    "D": r"^\d",
    "s": r" \t\n\r",
    "S": r"^ \t\n\r",
}
_ESCAPED = {"n": r"\n", "r": r"\r", "t": r"\t"}
_SYNTAX = frozenset(r"\|.?*+(){}[]-^$/")
_QUANTIFIER = re.compile(r"(?:([?*+])|\{([0-9]+)(?:(,)([0-9]*))?\})(\??)")
_INITIAL = (
    "_:A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff"
)
_NAME_CHARACTERS = f"{_INITIAL}\\-.0-9\u00b7\u0300-\u036f\u203f-\u2040"
_LAST = 0x10FFFF
_DEEPEST = 30
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Leaf:
    """One character of a class; `text` spells the class for Python."""

    text: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """`^` or `$`."""

    sign: str


@dataclass(frozen=True, slots=True)
class Back:
    """What a group met, once more."""

    group: int


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives, each a row of parts."""

    alternatives: tuple[tuple[Part, ...], ...]
    captures: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part `least` to `most` times; None: as often as it comes."""

    part: Part
    least: int
    most: int | None
    lazy: bool


Part = Leaf | Anchor | Back | Group | Repeat


@lru_cache(maxsize=1024)
def read_regex(pattern: str, flags: str = "") -> Group:
    r"""Read a regular expression of XPath.

    `flags` are i, m, s, x. Raises Untranslatable: another flag, a category (`\p{L}`), a subtraction of classes.
    """
    if set(flags) - set("imsx"):
        raise Untranslatable(f"the flags {flags!r} of a regular expression")
    if "x" in flags:
        pattern = re.sub(r"[ \t\n\r]", "", pattern)
    reader = _Reader(pattern, flags)
    group = Group(reader.alternatives(0), captures=False)
    if reader.at < len(pattern):
        raise Untranslatable(f"a parenthesis closes nothing in the regular expression {pattern!r}")
    return group


@lru_cache(maxsize=1024)
def compiled(pattern: str, flags: str = "") -> re.Pattern[str]:
    """The pattern for Python, to be searched: XPath anchors nothing. Raises Untranslatable, as `read_regex`."""
    group = read_regex(pattern, flags)
    text = "|".join("".join(_spelled(one, flags) for one in parts) for parts in group.alternatives)
    try:
        return re.compile(text, re.IGNORECASE if "i" in flags else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise Untranslatable(f"the regular expression {pattern!r}: {error}") from error


def _spelled(part: Part, flags: str) -> str:
    match part:
        case Leaf():
            return part.text
        case Back():
            return f"(?:\\{part.group})"
        case Anchor("^"):
            return r"(?m:^)" if "m" in flags else r"\A"
        case Anchor():
            return r"(?=\n|\Z)" if "m" in flags else r"\Z"
        case Repeat():
            inner = _spelled(part.part, flags)
            if isinstance(part.part, Anchor):
                inner = f"(?:{inner})"
            most = "" if part.most is None else str(part.most)
            return f"{inner}{{{part.least},{most}}}{'?' if part.lazy else ''}"
    inner = "|".join("".join(_spelled(one, flags) for one in parts) for parts in part.alternatives)
    return f"({inner})" if part.captures else f"(?:{inner})"


class _Reader:
    def __init__(self, pattern: str, flags: str) -> None:
        self.pattern = pattern
        self.at = 0
        self._dot = r"[\s\S]" if "s" in flags else r"[^\n\r]"

    def alternatives(self, depth: int) -> tuple[tuple[Part, ...], ...]:
        """Alternatives up to a closing parenthesis or the end."""
        if depth > _DEEPEST:
            raise self._refusal("groups nest too deep")
        found: list[tuple[Part, ...]] = []
        parts: list[Part] = []
        while self.at < len(self.pattern) and self.pattern[self.at] != ")":
            if self.pattern[self.at] == "|":
                self.at += 1
                found.append(tuple(parts))
                parts = []
            else:
                parts.append(self._repeated(self._part(depth)))
        return (*found, tuple(parts))

    def _part(self, depth: int) -> Part:
        character = self.pattern[self.at]
        self.at += 1
        if character == "[":
            text, self.at = _class(self.pattern, self.at)
            return Leaf(text)
        if character == "\\":
            return self._escaped()
        if character == ".":
            return Leaf(self._dot)
        if character in "^$":
            return Anchor(character)
        if character == "(":
            return self._group(depth)
        if character in "?*+{}]":
            raise self._refusal(f"{character!r} stands alone")
        return Leaf(re.escape(character))

    def _group(self, depth: int) -> Part:
        captures = not self.pattern.startswith("?", self.at)
        if not captures and not self.pattern.startswith("?:", self.at):
            raise self._refusal("an unknown kind of group")
        self.at += 0 if captures else 2
        group = Group(self.alternatives(depth + 1), captures)
        if self.at >= len(self.pattern):
            raise self._refusal("a parenthesis does not close")
        self.at += 1
        return group

    def _escaped(self) -> Part:
        character = self.pattern[self.at : self.at + 1]
        if character.isdigit() and character != "0":
            self.at += 1
            return Back(int(character))
        text, self.at = _escape(self.pattern, self.at)
        return Leaf(text)

    def _repeated(self, part: Part) -> Part:
        found = _QUANTIFIER.match(self.pattern, self.at)
        if found is None:
            return part
        self.at = found.end()
        sign, least, comma, most, lazy = found.groups()
        if sign:
            bounds = {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign]
        else:
            bounds = (int(least), int(most) if most else None if comma else int(least))
        if max(bounds[0], bounds[1] or 0) > _MOST:
            raise self._refusal(f"more than {_MOST} repetitions")
        return Repeat(part, *bounds, lazy=bool(lazy))

    def _refusal(self, what: str) -> Untranslatable:
        return Untranslatable(f"{what} in the regular expression {self.pattern!r}")


def _escape(pattern: str, position: int) -> tuple[str, int]:
    """An escape outside a class."""
    character = pattern[position : position + 1]
    if character in _ESCAPED or character in _SYNTAX:
        return _ESCAPED.get(character, re.escape(character)), position + 1
    return f"[{_members(character, pattern)}]", position + 1


def _members(character: str, pattern: str) -> str:
    """What a class escape holds, as the inside of a class; it may begin with ^."""
    if character in _CLASSES:
        return _CLASSES[character]
    if character in ("w", "W"):
        return ("" if character == "w" else "^") + _word_characters()
    if character in ("i", "c"):
        return _INITIAL if character == "i" else _NAME_CHARACTERS
    if character in ("I", "C"):
        return "^" + (_INITIAL if character == "I" else _NAME_CHARACTERS)
    raise Untranslatable(f"the escape \\{character} of the regular expression {pattern!r}")


def _class(pattern: str, position: int) -> tuple[str, int]:
    """A class, from behind its bracket."""
    negative = pattern.startswith("^", position)
    position += negative
    members: list[str] = []
    complements: list[str] = []
    while True:
        character = pattern[position : position + 1]
        if not character:
            raise Untranslatable(f"a class without end in the regular expression {pattern!r}")
        if character == "]" and (members or complements):
            break
        if character == "[" or pattern.startswith("-[", position):
            raise Untranslatable(f"a class inside a class of the regular expression {pattern!r}")
        if character == "\\":
            escaped = pattern[position + 1 : position + 2]
            position += 2
            if escaped not in _ESCAPED and escaped not in _SYNTAX:
                inside = _members(escaped, pattern)
                (complements if inside.startswith("^") else members).append(inside)
                continue
            character = _ESCAPED.get(escaped, re.escape(escaped))
        else:
            position += 1
            character = _literal(character)
        if pattern.startswith("-", position) and pattern[position + 1 : position + 2] not in ("]", "[", ""):
            last, position = _end_of_range(pattern, position + 1)
            character += f"-{last}"
        members.append(character)
    return _united(negative, "".join(members), complements), position + 1


def _end_of_range(pattern: str, position: int) -> tuple[str, int]:
    character = pattern[position]
    if character != "\\":
        return _literal(character), position + 1
    escaped = pattern[position + 1 : position + 2]
    if escaped not in _ESCAPED and escaped not in _SYNTAX:
        raise Untranslatable(f"a range that ends with \\{escaped} in the regular expression {pattern!r}")
    return _ESCAPED.get(escaped, re.escape(escaped)), position + 2


def _literal(character: str) -> str:
    return f"\\{character}" if character in r"\]^-[&~|" else character


def _united(negative: bool, members: str, complements: list[str]) -> str:
    if not complements:
        return f"[{'^' if negative else ''}{members}]"
    alternatives = [f"[{one}]" for one in complements] + ([f"[{members}]"] if members else [])
    united = "|".join(alternatives)
    return rf"(?:(?!{united})[\s\S])" if negative else f"(?:{united})"


@cache
def _word_characters() -> str:
    r"""Every character but punctuation, separators and the rest (P, Z, C), as ranges: the `\w` of XML Schema."""
    ranges: list[str] = []
    start: int | None = None
    for code in range(_LAST + 2):
        is_word = code <= _LAST and unicodedata.category(chr(code))[0] not in "PZC"
        if is_word and start is None:
            start = code
        elif not is_word and start is not None:
            ranges.append(f"{_literal(chr(start))}-{_literal(chr(code - 1))}")
            start = None
    return "".join(ranges)
