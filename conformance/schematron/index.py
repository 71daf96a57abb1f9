"""The index of a document: its elements by tag and by templateId, from one walk for all rules of all schemas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from lxml import etree

from conformance.schematron.nodes import Located

_Element = etree._Element
TEMPLATE_ID = "{urn:hl7-org:v3}templateId"
ANY = "*"
_NONE: Mapping[str, list[_Element]] = {}


class Children(dict[_Element, Mapping[str, list[_Element]]]):
    """The children of each element by tag."""

    def __missing__(self, element: _Element) -> Mapping[str, list[_Element]]:
        if not len(element):
            self[element] = _NONE
            return _NONE
        by_tag: dict[str, list[_Element]] = {}
        self[element] = by_tag
        for child in element.iterchildren("*"):
            by_tag.setdefault(child.tag, []).append(child)
        return by_tag


class Attributes(dict[_Element, Mapping[str, str]]):
    """The attributes of each element, read when they are first asked for."""

    def __missing__(self, element: _Element) -> Mapping[str, str]:
        read: Any = element.items()
        known: dict[str, str] = dict(read)
        self[element] = known
        return known


class Templates(dict[_Element, Mapping[str, None]]):
    """The roots of the templateIds of each element, in their order."""

    def __init__(self, children: Children) -> None:
        super().__init__()
        self._children = children

    def __missing__(self, element: _Element) -> Mapping[str, None]:
        named = (one.get("root") for one in self._children[element].get(TEMPLATE_ID, ()))
        roots = self[element] = {root: None for root in named if root is not None}
        return roots


class DocumentIndex:
    """The elements of one document.

    `tags` are those that the rules name, of which `by_tag` holds all; `*` names every tag.
    """

    def __init__(self, root: _Element, tags: Iterable[str]) -> None:
        self.root = root
        self.children = Children()
        self.attributes = Attributes()
        self.templates = Templates(self.children)
        wanted = frozenset((TEMPLATE_ID, *tags))
        by_tag: dict[str, list[_Element]] = {}
        if ANY in wanted or root.tag in wanted:
            by_tag[root.tag] = [root]
        self._walk(wanted, by_tag)
        roots: dict[_Element, dict[str, None]] = {}
        for template in by_tag.get(TEMPLATE_ID, ()):
            holder, named = template.getparent(), template.get("root")
            if holder is not None:
                known = roots.setdefault(holder, {})
                if named is not None:
                    known[named] = None
        self.templates.update(roots)
        by_template: defaultdict[str, list[_Element]] = defaultdict(list)
        for holder, known in roots.items():
            for named in known:
                by_template[named].append(holder)
        self.by_tag: Mapping[str, list[_Element]] = by_tag
        self.by_template: Mapping[str, list[_Element]] = dict(by_template)

    def _walk(self, wanted: frozenset[str], by_tag: dict[str, list[_Element]]) -> None:
        """Put every element below the root among those of its tag, and among the children of its parent."""
        children: dict[Any, Any] = self.children
        every = ANY in wanted
        for element in self.root.iterdescendants("*"):
            tag, parent = element.tag, element.getparent()
            family = children.get(parent)
            if family is None:
                children[parent] = {tag: [element]}
            elif tag in family:
                family[tag].append(element)
            else:
                family[tag] = [element]
            if every or tag in wanted:
                if tag in by_tag:
                    by_tag[tag].append(element)
                else:
                    by_tag[tag] = [element]

    @cached_property
    def document(self) -> Located:
        """The document itself."""
        return Located("document", self.root.getroottree().getroot())

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
        return {element: number for number, element in enumerate(self.document.parent.iter("*"))}
