"""The children of one element against its content model: each that is out of place, and each that is missing.

After a fault the search goes on where it makes the fewest faults: a child that comes too early or too late is judged by
itself, one that is absent is taken as if it were there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from lxml import etree

from conformance.structure.content import State
from conformance.structure.faults import Fault, Proposals, Words, listed, name_of, proposal, same, short
from conformance.structure.model import Type

_BEFORE = ("avant", "before")
_AFTER = ("après", "after")
_AT_THE_END = (", à la fin", ", at its end")
_LIKES = 8  # how far behind a child its successor is looked for


class Children:
    """One pass over the children of an element of a known type."""

    def __init__(
        self, parent: etree._Element, kind: Type, children: Sequence[etree._Element], proposals: Proposals
    ) -> None:
        self._parent = parent
        self._kind = kind
        self._children = children
        self._proposals = proposals
        self._last = {child.tag: number for number, child in enumerate(children)}
        self._seen: dict[str, None] = {}
        self._told: set[str] = set()  # names found somewhere else: not told missing as well
        self._late: dict[str, str] = {}  # names that come later than they should: before which one they should

    def faults(self) -> Iterator[Fault]:
        """Every fault, in the order of the children; what is missing at the end comes last.

        There is none only when the children are those that the model admits.
        """
        model = self._kind.content
        state = model.start
        for number, child in enumerate(self._children):
            then = state.after.get(child.tag)
            if then is None and state.other is not None and self._is_foreign(child):
                then = state.other
            if then is None and child.tag not in model.names:
                yield self._unknown(child, state)
                continue
            skipped: tuple[str, ...] = ()
            if then is None:
                ahead = model.path(state, child.tag)
                if ahead is None:
                    yield self._passed(child)
                    continue
                skipped, then = ahead
            early_for = self._comes_next(number, state, then)
            if early_for is not None:
                self._told.add(child.tag)
                yield self._order(child, _AFTER, early_for)
                continue
            yield from self._skip(number, skipped)
            if self._late.pop(child.tag, None) is not None:
                yield self._missing(((child.tag,),), ("", ""))
            state = then
            self._seen[child.tag] = None
        missing = [group for group in model.wanted(state) if self._told.isdisjoint(group)]
        missing += [(name,) for name in self._late]
        if missing:
            yield self._missing(tuple(missing), _AT_THE_END)

    def _skip(self, number: int, skipped: tuple[str, ...]) -> Iterator[Fault]:
        """What stands between the state and a child: absent, or late, which its own turn will tell."""
        name = self._children[number].tag
        later = [one for one in skipped if self._last.get(one, -1) > number]
        absent = [one for one in skipped if one not in later and one not in self._told]
        self._late.update(dict.fromkeys(later, name))
        if absent:
            place = (f", avant {name_of(name)}", f", before {name_of(name)}")
            yield self._missing(tuple((one,) for one in absent), place)

    def _comes_next(self, number: int, state: State, then: State) -> str | None:
        """The element behind this child and its likes, when it belongs before: then it is this child that is early."""
        name = self._children[number].tag
        behind = (one.tag for one in self._children[number + 1 : number + _LIKES] if one.tag != name)
        following = next(behind, None)
        model = self._kind.content
        if following not in model.names or model.path(then, following) is not None:
            return None
        between = model.path(state, following)
        return following if between is not None and model.path(between[1], name) is not None else None

    def _is_foreign(self, child: etree._Element) -> bool:
        """Whether a wildcard for other namespaces takes the child; no namespace is not another one."""
        namespace = etree.QName(child).namespace
        return namespace is not None and namespace != self._kind.namespace

    def _passed(self, child: etree._Element) -> Fault:
        """A child that may not come any more: it is late, once too many, or excluded by another."""
        model = self._kind.content
        name = child.tag
        if name in self._late:
            return self._order(child, _BEFORE, self._late.pop(name))
        if name in self._seen and name not in model.repeated:
            return self._fault("CDA-ELEMENT-REPEATED", child, name_of(name), "1")
        after_it = [one for one in self._seen if one != name and model.may_follow(name, one)]
        before = next((one for one in after_it if not model.may_follow(one, name)), next(iter(after_it), None))
        if before is not None:
            self._told.add(name)
            return self._order(child, _BEFORE, before)
        other = next(reversed(self._seen), name)
        words: Words = {"other": same(name_of(other))}
        return self._fault("CDA-ELEMENT-CHOICE", child, name_of(name), name_of(other), words)

    def _order(self, child: etree._Element, where: tuple[str, str], other: str) -> Fault:
        words: Words = {"where": where, "other": same(name_of(other))}
        expected = f"{where[1]} {name_of(other)}"
        return self._fault("CDA-ELEMENT-ORDER", child, name_of(child.tag), expected, words)

    def _unknown(self, child: etree._Element, state: State) -> Fault:
        name = etree.QName(child).localname
        twin = self._kind.content.by_local_name.get(name)
        if twin is not None:
            self._told.add(twin)
            namespace = short(etree.QName(child).namespace or "")
            words: Words = {
                "namespace": (namespace, namespace) if namespace else ("aucun espace de noms", "no namespace"),
                "expected": same(etree.QName(twin).namespace or ""),
            }
            return self._fault("CDA-NAMESPACE", child, namespace or 'xmlns=""', words["expected"][0], words)
        known = self._kind.content.by_local_name
        meant = self._proposals.meant(name, known)
        if meant is not None:
            self._told.add(known[meant])
        words = {"near": proposal(meant)}
        return self._fault("CDA-ELEMENT-UNKNOWN", child, name_of(child.tag), _expected(state), words)

    def _missing(self, groups: tuple[tuple[str, ...], ...], place: tuple[str, str]) -> Fault:
        missing = (_joined(groups, " ou "), _joined(groups, " or "))
        words: Words = {"missing": missing, "place": place, "parent": same(name_of(self._parent.tag))}
        expected = _joined(groups, " | ")
        return Fault(rule="CDA-ELEMENT-MISSING", element=self._parent, found=None, expected=expected, words=words)

    def _fault(
        self, rule: str, child: etree._Element, found: str, expected: str | None, words: Words | None = None
    ) -> Fault:
        named: Words = {"name": same(name_of(child.tag)), "parent": same(name_of(self._parent.tag))}
        return Fault(rule=rule, element=child, found=found, expected=expected, words={**named, **(words or {})})


@cache
def _expected(state: State) -> str | None:
    return listed(state.after) or None


def _joined(groups: tuple[tuple[str, ...], ...], choice: str) -> str:
    return ", ".join(listed(group, choice) for group in groups)
