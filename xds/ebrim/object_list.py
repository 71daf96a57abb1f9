"""What one `lcm:SubmitObjectsRequest` holds, whatever transaction carries it (ITI TF-3 §4.2.1).

Whatever is wrong is noted and reading goes on, so that one answer tells every fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from xds.ebrim import constants as c
from xds.ebrim.faults import Faults
from xds.ebrim.objects import path_of, read_association, read_entry, read_folder, read_submission_set
from xds.metadata.association import Association
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

SUBMIT_OBJECTS = f"{{{c.LCM}}}SubmitObjectsRequest"
_EXTRINSIC_OBJECT = f"{{{c.RIM}}}ExtrinsicObject"
_REGISTRY_PACKAGE = f"{{{c.RIM}}}RegistryPackage"
_ASSOCIATION = f"{{{c.RIM}}}Association"
_CLASSIFICATION = f"{{{c.RIM}}}Classification"
_OBJECT_REF = f"{{{c.RIM}}}ObjectRef"
_OBJECT_LIST = f"{{{c.RIM}}}RegistryObjectList"
_LABELS = (c.SUBMISSION_SET, c.FOLDER)


@dataclass(slots=True)
class ObjectList:
    """The objects of a submission by kind, each kind in message order."""

    submission_sets: list[SubmissionSet] = field(default_factory=list)
    entries: list[DocumentEntry] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)
    associations: list[Association] = field(default_factory=list)

    @property
    def submission_set(self) -> SubmissionSet | None:
        """The one and only, None when there are none or several."""
        return self.submission_sets[0] if len(self.submission_sets) == 1 else None


def read_object_list(
    requests: list[etree._Element], faults: Faults, *, update: bool = False, limited: bool = False
) -> ObjectList:
    """Read the objects of the only `lcm:SubmitObjectsRequest` among `requests`.

    Noted, besides what the readers of `objects` note: M1 (shape), M2 (one SubmissionSet), M3 (labels), M4 (ids), M6 (a
    SubmissionSet or an Association that claims to be a version of another). Top-level ObjectRef elements say nothing.
    """
    elements = _elements(requests, faults)
    labels = _hoisted_labels(elements, faults)
    result = ObjectList()
    ids: set[str] = set()
    for element in elements:
        tag = element.tag
        if not isinstance(tag, str) or tag in (_OBJECT_REF, _CLASSIFICATION):
            continue
        identifier = element.get("id", "")
        if identifier and identifier in ids:
            faults.add("M4", path_of(element), "a second object of this id", "ids unique in the message")
        ids.add(identifier)
        if tag == _EXTRINSIC_OBJECT:
            result.entries.append(read_entry(element, faults, limited=limited))
        elif tag == _ASSOCIATION:
            _check_first_version(element, faults)
            association = read_association(element, faults, update=update)
            if association is not None:
                result.associations.append(association)
        elif tag == _REGISTRY_PACKAGE:
            _read_package(element, labels.get(identifier, set()), result, faults, limited)
        else:
            faults.add("M1", path_of(element), "an element that is no registry object", "objects of ITI TF-3 §4.2.1")
    found = len(result.submission_sets)
    if found != 1:
        faults.add("M2", "RegistryObjectList", f"{found} SubmissionSets", "exactly one SubmissionSet")
    return result


def _read_package(element: etree._Element, labels: set[str], result: ObjectList, faults: Faults, limited: bool) -> None:
    if len(labels) != 1:
        faults.add("M3", path_of(element), f"{len(labels)} labels", "one label, SubmissionSet or Folder")
    # With both labels it counts as a submission set: its faults as a folder would hide the one that matters.
    if c.SUBMISSION_SET in labels:
        _check_first_version(element, faults)
        result.submission_sets.append(read_submission_set(element, faults, limited=limited))
    elif c.FOLDER in labels:
        result.folders.append(read_folder(element, faults, limited=limited))


def _check_first_version(element: etree._Element, faults: Faults) -> None:
    # Entries and folders have versions, these have not: for them a logicalID is their own id (ITI TF-2 §3.57).
    logical_id = element.get("lid", "")
    if logical_id.startswith("urn:uuid:") and logical_id != element.get("id"):
        faults.add(
            "M6", f"{path_of(element)}/@lid", logical_id, "no lid, or the id itself: this object has no versions"
        )


def _elements(requests: list[etree._Element], faults: Faults) -> list[etree._Element]:
    lists = [one for request in requests for one in request.iterchildren(_OBJECT_LIST)]
    if len(lists) != 1:
        path = "SubmitObjectsRequest/RegistryObjectList"
        faults.add("M1", path, f"{len(lists)} elements", "exactly one RegistryObjectList")
    return list(lists[0]) if lists else []


def _hoisted_labels(elements: list[etree._Element], faults: Faults) -> dict[str, set[str]]:
    """Map each package to its labels, whether they stand inside it or beside it (ITI TF-3 §4.2.1.2).

    A mark of limited metadata that stands beside its object is put inside, where the readers find it.
    """
    labels: dict[str, set[str]] = {}
    objects = {
        element.get("id", ""): element for element in elements if element.tag in (_REGISTRY_PACKAGE, _EXTRINSIC_OBJECT)
    }
    for element in elements:
        if element.tag == _REGISTRY_PACKAGE:
            for inner in element.iterchildren(_CLASSIFICATION):
                node = inner.get("classificationNode", "")
                if node in _LABELS:
                    labels.setdefault(element.get("id", ""), set()).add(node)
        elif element.tag == _CLASSIFICATION:
            identifier, node = element.get("classifiedObject", ""), element.get("classificationNode", "")
            owner = objects.get(identifier)
            if owner is not None and node in c.LIMITED_METADATA:
                owner.append(element)
            elif owner is not None and owner.tag == _REGISTRY_PACKAGE and node in _LABELS:
                labels.setdefault(identifier, set()).add(node)
            else:
                expected = "the label of a RegistryPackage of the message"
                faults.add("M3", path_of(element), f"node {node} on {identifier}", expected)
    return labels
