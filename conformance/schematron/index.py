"""The index of a document: its elements by tag and by templateId, from one walk for all rules of all schemas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from lxml import etree

_Element = etree._Element
_TEMPLATE_ID = "{urn:hl7-org:v3}templateId"
ANY = "*"


class DocumentIndex:
    """The elements of one document.

    `tags` are those that the rules name: the narrative, most of a document, is not looked at. `*` looks at everything.
    """

    def __init__(self, root: _Element, tags: Iterable[str]) -> None:
        self.root = root
        wanted = frozenset(tags)
        by_tag: defaultdict[str, list[_Element]] = defaultdict(list)
        walk = root.iter("*") if ANY in wanted else root.iter(_TEMPLATE_ID, *wanted)
        for element in walk:
            by_tag[element.tag].append(element)
        by_template: defaultdict[str, list[_Element]] = defaultdict(list)
        for template in by_tag.get(_TEMPLATE_ID, ()):
            holder, named = template.getparent(), template.get("root")
            if holder is not None and named is not None:
                holders = by_template[named]
                if not holders or holders[-1] is not holder:
                    holders.append(holder)
        self.by_tag: Mapping[str, list[_Element]] = dict(by_tag)
        self.by_template: Mapping[str, list[_Element]] = dict(by_template)
        self._children: dict[_Element, Mapping[str, list[_Element]]] = {}

    def children(self, element: _Element) -> Mapping[str, list[_Element]]:
        """The children of an element by tag; sorted out once, whichever schema asks first."""
        known = self._children.get(element)
        if known is None:
            known = self._children[element] = {}
            for child in element.iterchildren("*"):
                known.setdefault(child.tag, []).append(child)
        return known

    @cached_property
    def elements(self) -> list[_Element]:
        """Every element, in document order."""
        return list(self.root.iter("*"))

    def candidates(self, tag: str | None, template: str | None) -> list[_Element]:
        """The elements of a tag (None: any) that carry a template (None: any or none), in document order."""
        if template is not None:
            holders = self.by_template.get(template, [])
            if tag is None or all(one.tag == tag for one in holders):
                return holders
            return [one for one in holders if one.tag == tag]
        return self.elements if tag is None else self.by_tag.get(tag, [])

    def order(self) -> Mapping[_Element, int]:
        """The rank of every element in the whole document, what wraps it included."""
        return {element: number for number, element in enumerate(self.root.getroottree().getroot().iter("*"))}
