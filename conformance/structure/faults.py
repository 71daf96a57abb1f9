"""A fault of structure: which rule, on which element, in which words; how values are shown without naming anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

from lxml import etree

from profiles.cda_structure.tables import NAMESPACES

SHOWN = 60  # characters of a value or name
NAMED = 16  # names in a list of what is expected

Words = dict[str, tuple[str, str]]  # place in a text of the rule -> French, English

# What stands below these elements tells who a patient or a relative is.
_PERSONAL = frozenset(
    f"{{{NAMESPACES[prefix]}}}{name}"
    for prefix, name in (
        ("hl7", "recordTarget"),
        ("hl7", "subject"),
        ("hl7", "relatedEntity"),
        ("hl7", "participantRole"),
        ("sdtc", "patient"),
    )
)
_TELLING = frozenset({"st", "string", "url"})
_NUMBER = re.compile(r"[0-9](?: ?[0-9AB]){11,}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{0,11}:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One broken rule on one element. `words` fill the texts of the rule.

    `hint` takes the place of the rule's hint, `also` comes behind it: French, English.
    """

    rule: str
    element: etree._Element
    found: str | None
    expected: str | None
    words: Words = field(default_factory=dict)
    hint: tuple[str, str] | None = None
    also: tuple[str, str] = ("", "")


def same(word: str) -> tuple[str, str]:
    """A word that is the same in both languages."""
    return word, word


def name_of(full: str) -> str:
    """The local name, shortened."""
    return short(full.rpartition("}")[2])


def short(text: str) -> str:
    """At most SHOWN characters."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def listed(names: Iterable[str], separator: str = ", ") -> str:
    """At most NAMED names, by local name."""
    several = list(names)
    rest = "…" if len(several) > NAMED else ""
    return separator.join([*(name_of(name) for name in several[:NAMED]), *([rest] if rest else [])])


def shown(element: etree._Element, form: str, value: str) -> str:
    """A wrong value as a finding may repeat it.

    What is below a person, a text, an address and a long number are told by the number of their characters only.
    """
    is_long_number = form != "ts" and _NUMBER.search(value[:1000]) is not None
    if form not in _TELLING and not is_long_number and not _is_personal(element):
        return short(value)
    scheme = _SCHEME.match(value) if form == "url" else None
    if scheme is None:
        return f"… ({len(value)})"
    return scheme.group() if scheme.end() == len(value) else f"{scheme.group()}… ({len(value)})"


class Proposals:
    """Sentences that propose the known name that resembles an unknown one; so many a document, for they are costly."""

    def __init__(self, most: int = 40) -> None:
        self._left = most

    def meant(self, name: str, known: Iterable[str]) -> str | None:
        """The known name that `name` seems to be a slip of; None when nothing is alike."""
        if self._left == 0:
            return None
        self._left -= 1
        return _closest(name[:SHOWN], tuple(sorted(known)))

    def near(self, name: str, known: Iterable[str]) -> tuple[str, str]:
        """A sentence in French and English; empty when nothing is alike."""
        return proposal(self.meant(name, known))


def proposal(meant: str | None) -> tuple[str, str]:
    """A sentence that proposes a name, in French and English; empty when there is none."""
    return (f"Vouliez-vous écrire {meant} ?", f"Did you mean {meant}?") if meant else ("", "")


@lru_cache(maxsize=1024)
def _closest(name: str, known: tuple[str, ...]) -> str | None:
    folded = [one for one in known if one.lower() == name.lower()]
    found = folded or get_close_matches(name, known, n=1, cutoff=0.75)
    return found[0] if found else None


def _is_personal(element: etree._Element) -> bool:
    return element.tag in _PERSONAL or any(one.tag in _PERSONAL for one in element.iterancestors())


def written_on(element: etree._Element) -> list[tuple[str, str]]:
    """The attributes of an element: full names and values."""
    return [(str(name), str(value)) for name, value in element.attrib.items()]
