"""Who or what a reference refers to: a contained resource, one of the Bundle, or an identifier alone (FHIR R4 §2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from xds.mhd.element import Element, Json

NOWHERE: Final[Mapping[str, Element]] = MappingProxyType({})


class References:
    """The resources that the references of one resource may name.

    `bundle` maps the fullUrl of an entry to its resource. Every contained resource must be referred to: one that is not
    is noted.
    """

    __slots__ = ("_bundle", "_contained", "_met")

    def __init__(self, resource: Element, bundle: Mapping[str, Element] = NOWHERE) -> None:
        self._contained = {one.text("id"): one for one in resource.children("contained")}
        self._bundle = bundle
        self._met: set[str] = set()

    def resolve(self, reference: Element) -> Element | None:
        """The resource a Reference names. A reference that only identifies gives a resource that only has that.

        None, and a fault: it names nothing of this message. What is elsewhere is never fetched.
        """
        literal = reference.text("reference")
        if literal.startswith("#"):
            found = self._contained.get(literal[1:])
            self._met.add(literal[1:])
        elif literal:
            found = self._bundle.get(literal)
        else:
            found = _identified(reference)
        reference.ignore("identifier", "display", "type")
        if found is None:
            expected = "a contained resource, or an identifier (in a document in FHIR also an entry by its fullUrl)"
            shown = literal.partition("?")[0] or "nothing"
            reference.notes.fault("FHIR-REFERENCE", reference.path, shown, expected)
        return found

    def finish(self) -> None:
        """Note what is contained without being referred to."""
        for identifier, one in self._contained.items():
            if identifier not in self._met:
                found, expected = "a contained resource", "a reference to it"
                one.notes.deviation("FHIR-UNMAPPED", one.path, found, expected)


def _identified(reference: Element) -> Element | None:
    identifier, display = reference.content.get("identifier"), reference.content.get("display")
    if not isinstance(identifier, dict):
        return None
    resource: Json = {"resourceType": reference.content.get("type", "Practitioner"), "identifier": [identifier]}
    if isinstance(display, str):
        named = resource["resourceType"] in ("Organization", "Device")
        resource |= {"name": display} if named else {"name": [{"text": display}]}
    return Element(resource, reference.path, reference.notes)
