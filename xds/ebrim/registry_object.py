"""One ebRIM registry object taken apart: slots, classifications, external identifiers, each fault noted.

Lenient on order and on optional attributes, strict on what a value would mean: nothing is guessed, nothing is lost
without a word (ebRIM 3.0; ITI TF-3 §4.2.3.1).
"""

from __future__ import annotations

import re

from lxml import etree

from xds.ebrim import constants as c
from xds.ebrim.faults import Faults
from xds.metadata.author import Author
from xds.metadata.codes import Code

_SLOT = f"{{{c.RIM}}}Slot"
_VALUE_LIST = f"{{{c.RIM}}}ValueList"
_VALUE = f"{{{c.RIM}}}Value"
_NAME = f"{{{c.RIM}}}Name"
_DESCRIPTION = f"{{{c.RIM}}}Description"
_LOCALIZED = f"{{{c.RIM}}}LocalizedString"
_CLASSIFICATION = f"{{{c.RIM}}}Classification"
_IDENTIFIER = f"{{{c.RIM}}}ExternalIdentifier"
_IGNORED = frozenset((f"{{{c.RIM}}}VersionInfo", f"{{{c.RIM}}}ContentVersionInfo"))
_AUTHOR_SLOTS = ("authorPerson", "authorInstitution", "authorRole", "authorSpecialty", "authorTelecommunication")
_SPLIT_URI = re.compile(r"([0-9]+)\|(.*)", re.DOTALL)
_LONG_NAME = 256


class RegistryObject:
    """One element of a RegistryObjectList, or a Classification, with readers that note what is wrong.

    `path` names it in faults: `ExtrinsicObject[Document01]`. Values lose the blanks around them: senders indent.
    `limited`: it comes from a medium, where most attributes are required if known (ITI TF-3 §4.3.1, column XDM).
    """

    __slots__ = (
        "_consumed",
        "classifications",
        "description",
        "element",
        "faults",
        "id",
        "identifiers",
        "limited",
        "name",
        "path",
        "slots",
    )

    def __init__(self, element: etree._Element, path: str, faults: Faults, *, limited: bool = False) -> None:
        self.element = element
        self.path = path
        self.faults = faults
        self.limited = limited
        self.id = element.get("id", "")
        self.name: str | None = None
        self.description: str | None = None
        self.slots: dict[str, tuple[str, ...]] = {}
        self.classifications: dict[str, list[etree._Element]] = {}
        self.identifiers: dict[str, list[etree._Element]] = {}
        self._consumed: set[str] = set()
        for child in element:
            tag = child.tag
            if tag == _SLOT:
                self._read_slot(child)
            elif tag == _CLASSIFICATION:
                self.classifications.setdefault(child.get("classificationScheme", ""), []).append(child)
            elif tag == _IDENTIFIER:
                self.identifiers.setdefault(child.get("identificationScheme", ""), []).append(child)
            elif tag == _NAME:
                self.name = self.name or _localized(child)
            elif tag == _DESCRIPTION:
                self.description = self.description or _localized(child)
            elif isinstance(tag, str) and tag not in _IGNORED:
                faults.add("M1", path, f"a child {etree.QName(tag).localname}", "only children of the ebRIM 3.0 schema")

    def _read_slot(self, slot: etree._Element) -> None:
        name = slot.get("name")
        if not name:
            self._fault("M1", "Slot", "no @name", "a name on every Slot")
            return
        if name in self.slots:
            self._fault("M7", f"Slot[{name}]", "a second Slot of this name", "Slot names unique in one object")
            return
        values: list[str] = []
        for value_list in slot:
            if value_list.tag == _VALUE_LIST:
                values += [self._value(value, name) for value in value_list if value.tag == _VALUE]
        self.slots[name] = tuple(filter(None, values))

    def _value(self, value: etree._Element, name: str) -> str:
        if len(value) and any(isinstance(child.tag, str) for child in value):
            self._fault("M1", f"Slot[{name}]", "elements inside a Value", "text only")
        text = text_of(value).strip()
        if len(text) > _LONG_NAME:
            self._fault("M7", f"Slot[{name}]", f"a value of {len(text)} characters", f"at most {_LONG_NAME}")
        return text

    def _fault(self, rule: str, place: str, found: str, expected: str) -> None:
        self.faults.add(rule, f"{self.path}/{place}", found, expected)

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a slot, in order; empty if there is none."""
        self._consumed.add(name)
        return self.slots.get(name, ())

    def optional(self, name: str) -> str | None:
        """The only value of a slot, None if there is none. Several: O2, and the first is kept."""
        values = self.values(name)
        if len(values) > 1:
            self.faults.add("O2", f"{self.path}/Slot[{name}]", f"{len(values)} values", "one value")
        return values[0] if values else None

    def required(self, name: str, *, always: bool = False) -> str:
        """The only value of a slot; O1 and an empty text if there is none. `always`: on media too."""
        if always or not self.limited:
            self.expect(name)
        return self.optional(name) or ""

    def expect(self, *names: str) -> None:
        """O1 for each of these slots that has no value."""
        for name in names:
            if not self.slots.get(name):
                self.faults.add("O1", f"{self.path}/Slot[{name}]", "nothing", f"the required attribute {name}")

    def uri(self) -> str | None:
        """The URI slot; a long one may come in pieces numbered `1|`, `2|` (ITI TF-3 §4.2.3.2.27, older senders)."""
        pieces = [_SPLIT_URI.fullmatch(value) for value in self.slots.get("URI", ())]
        if len(pieces) < 2 or not all(pieces):
            return self.optional("URI")
        self._consumed.add("URI")
        numbered = sorted((int(piece[1]), piece[2]) for piece in pieces if piece)
        return "".join(text for _, text in numbered)

    def extra(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The slots that no reader asked for: extra metadata (ITI TF-3 §4.2.3.1.6)."""
        return tuple((name, values) for name, values in self.slots.items() if name not in self._consumed)

    def attribute(self, name: str) -> str:
        """A required XML attribute; O1 and an empty text if it is not there."""
        value = self.element.get(name, "")
        if not value:
            self.faults.add("O1", f"{self.path}/@{name}", "nothing", f"the required attribute {name}")
        return value

    def codes(self, scheme: str, *, required: bool = False) -> tuple[Code, ...]:
        """The codes of one classification scheme, in order (ITI TF-3 §4.2.3.1.2)."""
        attribute = c.ATTRIBUTE_NAMES[scheme]
        location = f"{self.path}/Classification[{attribute}]"
        codes = tuple([self._code(child, location) for child in self.classifications.get(scheme, ())])
        if required and not codes and not self.limited:
            self.faults.add("O1", location, "nothing", f"the required code {attribute}")
        return codes

    def code(self, scheme: str, *, required: bool = True) -> Code | None:
        """The only code of one classification scheme. Several: O2, and the first is kept."""
        codes = self.codes(scheme, required=required)
        if len(codes) > 1:
            location = f"{self.path}/Classification[{c.ATTRIBUTE_NAMES[scheme]}]"
            self.faults.add("O2", location, f"{len(codes)} classifications", "one")
        return codes[0] if codes else None

    def _code(self, element: etree._Element, location: str) -> Code:
        inner = RegistryObject(element, location, self.faults)
        self._check_parent(element, "classifiedObject", location)
        code = element.get("nodeRepresentation", "").strip()
        schemes = inner.values("codingScheme")
        if not code:
            self.faults.add("O4", f"{location}/@nodeRepresentation", "nothing", "the code")
        if len(schemes) != 1:
            self.faults.add("O4", f"{location}/Slot[codingScheme]", f"{len(schemes)} values", "one value")
        if not inner.name:
            self.faults.add("O4", f"{location}/Name", "nothing", "the display name of the code")
        return Code(code, schemes[0] if schemes else "", inner.name or "")

    def authors(self, scheme: str) -> tuple[Author, ...]:
        """The authors, in order (ITI TF-3 §4.2.3.1.4)."""
        location = f"{self.path}/Classification[author]"
        authors = []
        for element in self.classifications.get(scheme, ()):
            self._check_parent(element, "classifiedObject", location)
            inner = RegistryObject(element, location, self.faults)
            person = inner.optional("authorPerson")
            institutions, roles, specialties, telecommunications = map(inner.values, _AUTHOR_SLOTS[1:])
            for name, _ in inner.extra():
                self.faults.add("O4", f"{location}/Slot[{name}]", "an unknown Slot", ", ".join(_AUTHOR_SLOTS))
            authors.append(
                Author(
                    person=person,
                    institutions=institutions,
                    roles=roles,
                    specialties=specialties,
                    telecommunications=telecommunications,
                )
            )
        return tuple(authors)

    def identifier(self, scheme: str, *, always: bool = False) -> str:
        """The external identifier of one scheme; O1, O2 or O5 if it is not as it should be (ITI TF-3 §4.2.3.1.3).

        `always`: required on media too.
        """
        attribute = c.ATTRIBUTE_NAMES[scheme]
        location = f"{self.path}/ExternalIdentifier[{attribute}]"
        found = self.identifiers.get(scheme, ())
        if not found:
            if always or not self.limited:
                self.faults.add("O1", location, "nothing", f"the required identifier {attribute}")
            return ""
        if len(found) > 1:
            self.faults.add("O2", location, f"{len(found)} identifiers", "one")
        element = found[0]
        self._check_parent(element, "registryObject", location)
        names = element.find(_NAME)
        name = None if names is None else _localized(names)
        if name != c.IDENTIFIER_NAMES[scheme]:
            self.faults.add("O5", f"{location}/Name", name or "nothing", c.IDENTIFIER_NAMES[scheme])
        value = element.get("value", "").strip()
        if not value:
            self.faults.add("O5", f"{location}/@value", "nothing", f"the value of {attribute}")
        return value

    def check_schemes(
        self,
        classification_schemes: frozenset[str],
        identification_schemes: frozenset[str],
        nodes: frozenset[str] = frozenset(),
    ) -> None:
        """Report every classification and identifier that no attribute of this kind of object claims (O4, O5).

        `nodes` are the marks this kind of object may bear; that of limited metadata is one for media only.
        """
        for scheme, elements in self.classifications.items():
            for element in () if scheme in classification_schemes else elements:
                self._check_mark(element, scheme, nodes)
        for scheme in self.identifiers:
            if scheme in identification_schemes:
                continue
            found, expected = scheme or "no identificationScheme", "the scheme of an identifier of this object"
            self._fault("O5", "ExternalIdentifier", found, expected)

    def _check_mark(self, element: etree._Element, scheme: str, nodes: frozenset[str]) -> None:
        node = element.get("classificationNode")
        if node is None:
            found, expected = scheme or "no classificationScheme", "the scheme of an attribute of this object"
            self._fault("O4", "Classification", found, expected)
        elif node in c.LIMITED_METADATA and not self.limited:
            self._fault("O4", "Classification", "limitedMetadata", "complete metadata")
        elif node not in nodes:
            self._fault("O4", "Classification", node, "a classificationNode of this kind of object")
        elif "classifiedObject" in element.attrib:
            self._check_parent(element, "classifiedObject", f"{self.path}/Classification[{node}]")

    def is_marked(self, node: str) -> bool:
        """Whether a classification inside the object bears this classificationNode."""
        return any(element.get("classificationNode") == node for element in self.classifications.get("", ()))

    def _check_parent(self, element: etree._Element, attribute: str, location: str) -> None:
        found = element.get(attribute)
        if found != self.id:
            rule = "O5" if attribute == "registryObject" else "O4"
            self.faults.add(rule, f"{location}/@{attribute}", found or "nothing", f"the id of the parent, {self.id}")


def text_of(element: etree._Element) -> str:
    """The text of an element, whole: a comment in the middle does not cut it short."""
    if len(element) == 0:
        return element.text or ""
    return (element.text or "") + "".join(child.tail or "" for child in element)


def _localized(element: etree._Element) -> str | None:
    for child in element:
        value = child.get("value") if child.tag == _LOCALIZED else None
        if value:
            return value
    return None
