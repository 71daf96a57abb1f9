"""Twins of the rules: for each rule of a profile a document that breaks it, and nothing that it need not break."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from samples.documents.faults import Fault, break_rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A good document and the one fault that breaks `rule`.

    `profile` is the profile to judge it by. `document` makes the good document, `fault` breaks its tree, or, when the
    fault is one of spelling, `spelling` breaks its bytes. `also` are the rules that nobody can help breaking with it.
    """

    rule: str
    profile: str
    document: Callable[[], bytes]
    fault: Fault | None = None
    spelling: Callable[[bytes], bytes] | None = None
    also: frozenset[str] = frozenset()

    def content(self) -> bytes:
        """The broken document."""
        good = _made(self.document)
        if self.spelling is not None:
            return self.spelling(good)
        if self.fault is None:
            raise ValueError(f"{self.rule}: a twin without a fault")
        return break_rule(good, self.rule, {self.rule: self.fault})


@cache
def _made(document: Callable[[], bytes]) -> bytes:
    return document()


def twins_of(profile: str, document: Callable[[], bytes], faults: Mapping[str, Fault]) -> tuple[Twin, ...]:
    """Twins of one good document by its faults."""
    return tuple(Twin(rule=rule, profile=profile, document=document, fault=fault) for rule, fault in faults.items())
