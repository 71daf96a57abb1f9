"""Requests in ebRIM: ITI-41, ITI-18 and ITI-43 bodies (ITI TF-2 §3.41, §3.18, §3.43).

The reader of a submission is lenient: whatever it finds wrong is noted and it reads on, so that one answer tells
every fault.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from security.errors import ErrorKind, MalformedMessage
from xds.ebrim import constants as c
from xds.ebrim.attachments import read_documents
from xds.ebrim.faults import Faults
from xds.ebrim.objects import path_of, read_association, read_entry, read_submission_set
from xds.ebrim.registry_object import text_of
from xds.errors import XdsErrorCode
from xds.messages import AdhocQueryRequest, DocumentRequest, ProvideAndRegisterRequest
from xds.metadata.association import Association
from xds.metadata.document_entry import DocumentEntry

_EXTRINSIC_OBJECT = f"{{{c.RIM}}}ExtrinsicObject"
_REGISTRY_PACKAGE = f"{{{c.RIM}}}RegistryPackage"
_ASSOCIATION = f"{{{c.RIM}}}Association"
_CLASSIFICATION = f"{{{c.RIM}}}Classification"
_OBJECT_REF = f"{{{c.RIM}}}ObjectRef"
_OBJECT_LIST = f"{{{c.RIM}}}RegistryObjectList"
_SUBMIT = f"{{{c.LCM}}}SubmitObjectsRequest"
_SLOT = f"{{{c.RIM}}}Slot"
_VALUES = f"{{{c.RIM}}}ValueList/{{{c.RIM}}}Value"
_LABELS = (c.SUBMISSION_SET, c.FOLDER)


def read_provide_and_register(body: etree._Element, parts: Mapping[str, bytes]) -> ProvideAndRegisterRequest:
    """Read a Provide and Register Document Set-b request (ITI TF-2 §3.41.4.1.2).

    `parts` maps Content-ID, without angle brackets, to bytes. Entries keep the order of the message; times and ids
    stay as sent. Every fault is in `errors` of the result. Folders are refused by one error, not read.
    Raises MalformedMessage: SOAP_STRUCTURE, the body is another message.
    """
    _expect(body, f"{{{c.XDS}}}ProvideAndRegisterDocumentSetRequest")
    faults = Faults()
    objects = _object_list(body, faults)
    labels = _labels(objects, faults)
    entries: list[DocumentEntry] = []
    associations: list[Association] = []
    packages: list[etree._Element] = []
    folders: list[str] = []
    ids: set[str] = set()
    for element in objects:
        tag = element.tag
        if not isinstance(tag, str) or tag in (_OBJECT_REF, _CLASSIFICATION):
            continue
        identifier = element.get("id", "")
        if identifier and identifier in ids:
            faults.add("M4", path_of(element), "a second object of this id", "ids unique in the message")
        ids.add(identifier)
        if tag == _EXTRINSIC_OBJECT:
            entries.append(read_entry(element, faults))
        elif tag == _ASSOCIATION:
            association = read_association(element, faults)
            if association is not None:
                associations.append(association)
        elif tag == _REGISTRY_PACKAGE:
            found = labels.get(identifier, set())
            if c.SUBMISSION_SET in found:
                packages.append(element)
            if c.FOLDER in found:
                folders.append(identifier)
            if len(found) != 1:
                faults.add("M3", path_of(element), f"{len(found)} labels", "one label, SubmissionSet or Folder")
        else:
            faults.add("M1", path_of(element), "an element that is no registry object", "objects of ITI TF-3 §4.2.1")
    submission_sets = [read_submission_set(package, faults) for package in packages]
    if len(packages) != 1:
        faults.add("M2", "RegistryObjectList", f"{len(packages)} SubmissionSets", "exactly one SubmissionSet")
    return ProvideAndRegisterRequest(
        submission_set=submission_sets[0] if len(submission_sets) == 1 else None,
        entries=tuple(entries),
        associations=_without_folders(associations, folders, faults),
        documents=read_documents(body, parts, [entry.entry_uuid for entry in entries], faults),
        errors=tuple(faults.found),
    )


def read_adhoc_query(body: etree._Element) -> AdhocQueryRequest:
    """Read a Registry Stored Query request (ITI TF-2 §3.18.4.1.2), values as they stand in the message.

    Raises MalformedMessage: SOAP_STRUCTURE, another message or no `rim:AdhocQuery` in it.
    """
    _expect(body, f"{{{c.QUERY}}}AdhocQueryRequest")
    query = body.find(f"{{{c.RIM}}}AdhocQuery")
    if query is None:
        raise MalformedMessage(ErrorKind.SOAP_STRUCTURE, "AdhocQueryRequest holds no AdhocQuery")
    option = body.find(f"{{{c.QUERY}}}ResponseOption")
    return AdhocQueryRequest(
        query_id=query.get("id", ""),
        # The schema gives @returnType a default (ebRS 3.0 §6.1.2).
        return_type="RegistryObject" if option is None else option.get("returnType", "RegistryObject"),
        slots=tuple(
            (slot.get("name", ""), tuple(text_of(value) for value in slot.iterfind(_VALUES)))
            for slot in query.iterfind(_SLOT)
        ),
    )


def read_retrieve_document_set(body: etree._Element) -> tuple[DocumentRequest, ...]:
    """Read a Retrieve Document Set request (ITI TF-2 §3.43.4.1.2): at least one item, in order.

    Raises MalformedMessage: SOAP_STRUCTURE, another message, no item, or an item without its two identifiers.
    """
    _expect(body, f"{{{c.XDS}}}RetrieveDocumentSetRequest")
    items = []
    for rank, element in enumerate(body.iterfind(f"{{{c.XDS}}}DocumentRequest"), start=1):
        repository = _child_text(element, "RepositoryUniqueId")
        document = _child_text(element, "DocumentUniqueId")
        if not repository or not document:
            lacking = "DocumentUniqueId" if repository else "RepositoryUniqueId"
            raise MalformedMessage(ErrorKind.SOAP_STRUCTURE, f"DocumentRequest {rank} lacks its {lacking}")
        items.append(DocumentRequest(repository, document, _child_text(element, "HomeCommunityId") or None))
    if not items:
        raise MalformedMessage(ErrorKind.SOAP_STRUCTURE, "RetrieveDocumentSetRequest holds no DocumentRequest")
    return tuple(items)


def _expect(body: etree._Element, tag: str) -> None:
    if body.tag != tag:
        name = etree.QName(tag).localname
        raise MalformedMessage(ErrorKind.SOAP_STRUCTURE, f"the body is not {name} of its standard namespace")


def _child_text(element: etree._Element, name: str) -> str:
    child = element.find(f"{{{c.XDS}}}{name}")
    return "" if child is None else text_of(child).strip()


def _object_list(body: etree._Element, faults: Faults) -> etree._Element | tuple[etree._Element, ...]:
    lists = body.findall(f"{_SUBMIT}/{_OBJECT_LIST}")
    if len(lists) != 1:
        path = "SubmitObjectsRequest/RegistryObjectList"
        faults.add("M1", path, f"{len(lists)} elements", "exactly one RegistryObjectList")
    return lists[0] if lists else ()


def _labels(objects: etree._Element | tuple[etree._Element, ...], faults: Faults) -> dict[str, set[str]]:
    """Map each package to its labels, whether they stand inside it or beside it (ITI TF-3 §4.2.1.2)."""
    labels: dict[str, set[str]] = {}
    packages = {element.get("id", "") for element in objects if element.tag == _REGISTRY_PACKAGE}
    for element in objects:
        if element.tag == _REGISTRY_PACKAGE:
            for inner in element.iterfind(_CLASSIFICATION):
                node = inner.get("classificationNode", "")
                if node in _LABELS:
                    labels.setdefault(element.get("id", ""), set()).add(node)
        elif element.tag == _CLASSIFICATION:
            package, node = element.get("classifiedObject", ""), element.get("classificationNode", "")
            if package in packages and node in _LABELS:
                labels.setdefault(package, set()).add(node)
            else:
                expected = "the label of a RegistryPackage of the message"
                faults.add("M3", path_of(element), f"node {node} on {package}", expected)
    return labels


def _without_folders(associations: list[Association], folders: list[str], faults: Faults) -> tuple[Association, ...]:
    if not folders:
        return tuple(associations)
    faults.add(
        "FOLDER",
        ", ".join(f"RegistryPackage[{folder}]" for folder in folders),
        f"{len(folders)} Folders",
        "no Folder: this registry does not keep folders",
        XdsErrorCode.REGISTRY,
    )
    # What only serves the folders falls with them: one fault, one error.
    gone = set(folders)
    gone.update(a.entry_uuid for a in associations if a.source in gone or a.target in gone)
    return tuple(a for a in associations if a.entry_uuid not in gone and a.target not in gone)
