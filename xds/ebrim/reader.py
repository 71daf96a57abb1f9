"""Requests in ebRIM, each from the body of its message: ITI-41, 42, 57 and 61, ITI-18, ITI-43, ITI-62, ITI-86.

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
from xds.ebrim.object_list import SUBMIT_OBJECTS, read_object_list
from xds.ebrim.registry_object import text_of
from xds.errors import XdsErrorCode
from xds.messages import (
    AdhocQueryRequest,
    DocumentRequest,
    ProvideAndRegisterRequest,
    RemoveObjectsRequest,
    SubmitObjectsRequest,
)

_SLOT = f"{{{c.RIM}}}Slot"
_VALUES = f"{{{c.RIM}}}ValueList/{{{c.RIM}}}Value"
_OBJECT_REF = f"{{{c.RIM}}}ObjectRef"
_OBJECT_REF_LIST = f"{{{c.RIM}}}ObjectRefList"
_REQUEST_SLOTS = f"{{{c.RS}}}RequestSlotList"


def read_provide_and_register(body: etree._Element, parts: Mapping[str, bytes]) -> ProvideAndRegisterRequest:
    """Read a Provide and Register Document Set-b request (ITI TF-2 §3.41.4.1.2).

    `parts` maps Content-ID, without angle brackets, to bytes. Entries keep the order of the message; times and ids
    stay as sent. Every fault is in `errors` of the result.
    Raises MalformedMessage: SOAP_STRUCTURE, the body is another message.
    """
    _expect(body, f"{{{c.XDS}}}ProvideAndRegisterDocumentSetRequest")
    faults = Faults()
    objects = read_object_list(body.findall(SUBMIT_OBJECTS), faults)
    documents = read_documents(body, parts, [entry.entry_uuid for entry in objects.entries], faults)
    return ProvideAndRegisterRequest(
        submission_set=objects.submission_set,
        entries=tuple(objects.entries),
        folders=tuple(objects.folders),
        associations=tuple(objects.associations),
        documents=documents,
        errors=tuple(faults.found),
    )


def read_submit_objects(body: etree._Element, *, update: bool = False, limited: bool = False) -> SubmitObjectsRequest:
    """Read `lcm:SubmitObjectsRequest`: ITI-42 and ITI-61, or with `update` ITI-57 (ITI TF-2 §3.42.4.1.2).

    With `update` the associations that order, and their slots, are legal; else they are faults (M9). `limited` reads
    the metadata of a medium (ITI TF-2 §3.32). Whether hash, size and repositoryUniqueId must be there is for the
    rules of each transaction. Every fault is in `errors` of the result.
    Raises MalformedMessage: SOAP_STRUCTURE, the body is another message.
    """
    _expect(body, SUBMIT_OBJECTS)
    faults = Faults()
    objects = read_object_list([body], faults, update=update, limited=limited)
    return SubmitObjectsRequest(
        submission_set=objects.submission_set,
        entries=tuple(objects.entries),
        folders=tuple(objects.folders),
        associations=tuple(objects.associations),
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
    return _document_requests(body)


def read_remove_objects(body: etree._Element) -> RemoveObjectsRequest:
    """Read a Remove Metadata request (ITI TF-2 §3.62.4.1.2): ids in order, each once, as sent.

    Noted in `errors`, as XDSRegistryError: no id, a query instead of ids, another deletionScope than none.
    Raises MalformedMessage: SOAP_STRUCTURE, the body is another message.
    """
    _expect(body, f"{{{c.LCM}}}RemoveObjectsRequest")
    faults = Faults()
    path = "RemoveObjectsRequest"

    def fault(place: str, found: str, expected: str) -> None:
        faults.add("REMOVE", place, found, expected, XdsErrorCode.REGISTRY)

    if "deletionScope" in body.attrib:
        fault(f"{path}/@deletionScope", body.get("deletionScope", ""), "no deletionScope")
    ids: list[str] = []
    for child in body.iterchildren(etree.Element):
        if child.tag == _OBJECT_REF_LIST:
            for element in child.iterchildren(etree.Element):
                identifier = element.get("id", "") if element.tag == _OBJECT_REF else ""
                if identifier:
                    ids.append(identifier)
                else:
                    name = etree.QName(element).localname
                    fault(f"{path}/ObjectRefList/{name}", "nothing that names an object", "an ObjectRef with its @id")
        elif child.tag != _REQUEST_SLOTS:
            fault(f"{path}/{etree.QName(child).localname}", "an element", "an ObjectRefList and nothing else")
    if not ids:
        fault(f"{path}/ObjectRefList", "no id", "at least one ObjectRef")
    return RemoveObjectsRequest(tuple(dict.fromkeys(ids)), tuple(faults.found))


def read_remove_documents(body: etree._Element) -> tuple[DocumentRequest, ...]:
    """Read a Remove Documents request (ITI TF-2 §3.86.4.1.2): at least one item, in order.

    Raises MalformedMessage: SOAP_STRUCTURE, another message, no item, or an item without its two identifiers.
    """
    _expect(body, f"{{{c.RMD}}}RemoveDocumentsRequest")
    return _document_requests(body)


def _document_requests(body: etree._Element) -> tuple[DocumentRequest, ...]:
    items = []
    for rank, element in enumerate(body.iterfind(f"{{{c.XDS}}}DocumentRequest"), start=1):
        repository = _child_text(element, "RepositoryUniqueId")
        document = _child_text(element, "DocumentUniqueId")
        if not repository or not document:
            lacking = "DocumentUniqueId" if repository else "RepositoryUniqueId"
            raise MalformedMessage(ErrorKind.SOAP_STRUCTURE, f"DocumentRequest {rank} lacks its {lacking}")
        items.append(DocumentRequest(repository, document, _child_text(element, "HomeCommunityId") or None))
    if not items:
        name = etree.QName(body).localname
        raise MalformedMessage(ErrorKind.SOAP_STRUCTURE, f"{name} holds no DocumentRequest")
    return tuple(items)


def _expect(body: etree._Element, tag: str) -> None:
    if body.tag != tag:
        name = etree.QName(tag).localname
        raise MalformedMessage(ErrorKind.SOAP_STRUCTURE, f"the body is not {name} of its standard namespace")


def _child_text(element: etree._Element, name: str) -> str:
    child = element.find(f"{{{c.XDS}}}{name}")
    return "" if child is None else text_of(child).strip()
