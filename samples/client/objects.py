"""What a query found, as values: enough to name, count and compare registered objects (ITI TF-3 §4.2.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lxml import etree

from xds.ebrim.constants import ENTRY_UNIQUE_ID, RIM, SUBMISSION_SET, SUBMISSION_SET_UNIQUE_ID

FOLDER_UNIQUE_ID = "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a"
_UNIQUE_IDS = (ENTRY_UNIQUE_ID, SUBMISSION_SET_UNIQUE_ID, FOLDER_UNIQUE_ID)


class Kind(StrEnum):
    """Kinds of objects in the answer to a query."""

    ENTRY = "DocumentEntry"
    SUBMISSION_SET = "SubmissionSet"
    FOLDER = "Folder"
    ASSOCIATION = "Association"
    OBJECT_REF = "ObjectRef"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryObject:
    """One object; what it does not have is empty. `status` is the full URN; `source`, `target` are an association's."""

    kind: Kind
    id: str
    logical_id: str = ""
    version: str = ""
    status: str = ""
    object_type: str = ""
    home: str = ""
    unique_id: str = ""
    association_type: str = ""
    source: str = ""
    target: str = ""
    element: etree._Element = field(repr=False, compare=False)

    def slot(self, name: str) -> tuple[str, ...]:
        """The values of a slot, none when it is missing."""
        path = f"{{{RIM}}}Slot[@name='{name}']/{{{RIM}}}ValueList/{{{RIM}}}Value"
        return tuple(value.text or "" for value in self.element.iterfind(path))

    def codes(self, scheme: str) -> tuple[str, ...]:
        """The codes of the classifications of a scheme."""
        path = f"{{{RIM}}}Classification[@classificationScheme='{scheme}']"
        return tuple(item.get("nodeRepresentation", "") for item in self.element.iterfind(path))

    def text(self, name: str) -> str:
        """`Name` or `Description`: title and comments."""
        text = self.element.find(f"{{{RIM}}}{name}/{{{RIM}}}LocalizedString")
        return "" if text is None else text.get("value", "")


def read_object(element: etree._Element) -> RegistryObject:
    """Read an ebRIM object, or a reference to one. Raises ValueError: it is neither."""
    kind = _kind(element)
    version = element.find(f"{{{RIM}}}VersionInfo")
    unique_ids = [
        item.get("value", "")
        for item in element.iterfind(f"{{{RIM}}}ExternalIdentifier")
        if item.get("identificationScheme") in _UNIQUE_IDS
    ]
    return RegistryObject(
        kind=kind,
        id=element.get("id", ""),
        logical_id=element.get("lid", ""),
        version="" if version is None else version.get("versionName", ""),
        status=element.get("status", ""),
        object_type=element.get("objectType", ""),
        home=element.get("home", ""),
        unique_id=unique_ids[0] if unique_ids else "",
        association_type=element.get("associationType", ""),
        source=element.get("sourceObject", ""),
        target=element.get("targetObject", ""),
        element=element,
    )


def _kind(element: etree._Element) -> Kind:
    name = etree.QName(element)
    if name.namespace == RIM and name.localname == "RegistryPackage":
        labels = {item.get("classificationNode") for item in element.iterfind(f"{{{RIM}}}Classification")}
        return Kind.SUBMISSION_SET if SUBMISSION_SET in labels else Kind.FOLDER
    kinds = {"ExtrinsicObject": Kind.ENTRY, "Association": Kind.ASSOCIATION, "ObjectRef": Kind.OBJECT_REF}
    if name.namespace != RIM or name.localname not in kinds:
        raise ValueError(f"{element.tag} is no registry object")
    return kinds[name.localname]
