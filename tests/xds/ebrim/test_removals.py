import pytest

from security.errors import MalformedMessage
from security.xml import parse
from xds.ebrim.reader import read_remove_documents, read_remove_objects
from xds.errors import XdsErrorCode
from xds.messages import DocumentRequest

NAMESPACES = (
    'xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"'
    ' xmlns:rs="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0" xmlns:rmd="urn:ihe:iti:rmd:2017"'
    ' xmlns:xds="urn:ihe:iti:xds-b:2007"'
)
FIRST = "urn:uuid:11111111-6a3c-4c6f-9f7e-2b1c3d4e5f60"
SECOND = "urn:uuid:22222222-6a3c-4c6f-9f7e-2b1c3d4e5f60"
REFS = f'<rim:ObjectRefList><rim:ObjectRef id="{SECOND}"/><rim:ObjectRef id="{FIRST}"/></rim:ObjectRefList>'


def removal(content: str, attributes: str = "") -> bytes:
    return f"<lcm:RemoveObjectsRequest {NAMESPACES} {attributes}>{content}</lcm:RemoveObjectsRequest>".encode()


def test_ids_to_remove_are_read_in_order_and_each_once() -> None:
    twice = REFS.replace("</rim:ObjectRefList>", f'<!-- again --><rim:ObjectRef id="{SECOND}"/></rim:ObjectRefList>')
    request = read_remove_objects(parse(removal(f"<rs:RequestSlotList/>{twice}", 'comment="x"')))
    assert (request.ids, request.errors) == ((SECOND, FIRST), ())


@pytest.mark.parametrize(
    ("content", "attributes", "places"),
    [
        ("", "", ["ObjectRefList"]),
        ("<rim:ObjectRefList/>", "", ["ObjectRefList"]),
        (f'<rim:AdhocQuery id="{FIRST}"/>{REFS}', "", ["AdhocQuery"]),
        (f"{REFS}<rim:RegistryObjectList/>", "", ["RegistryObjectList"]),
        (REFS, 'deletionScope="urn:oasis:names:tc:ebxml-regrep:DeletionScopeType:DeleteAll"', ["@deletionScope"]),
        (REFS.replace(f' id="{FIRST}"', ""), "", ["ObjectRefList/ObjectRef"]),
        (REFS.replace("</rim:ObjectRefList>", "<rim:Slot/></rim:ObjectRefList>"), "", ["ObjectRefList/Slot"]),
        (f'<rim:AdhocQuery id="{FIRST}"/>', 'deletionScope="x"', ["@deletionScope", "AdhocQuery", "ObjectRefList"]),
    ],
)  # fmt: skip
def test_a_removal_that_is_not_a_list_of_ids_is_refused(content: str, attributes: str, places: list[str]) -> None:
    errors = read_remove_objects(parse(removal(content, attributes))).errors
    assert [error.location for error in errors] == [f"RemoveObjectsRequest/{place}" for place in places]
    assert {(error.rule, error.code) for error in errors} == {("REMOVE", XdsErrorCode.REGISTRY)}


def documents(*items: tuple[str, str], name: str = "rmd:RemoveDocumentsRequest") -> bytes:
    content = "".join(
        f"<xds:DocumentRequest><xds:RepositoryUniqueId>{repository}</xds:RepositoryUniqueId>"
        f"<xds:DocumentUniqueId>{document}</xds:DocumentUniqueId></xds:DocumentRequest>"
        for repository, document in items
    )
    return f"<{name} {NAMESPACES}>{content}</{name}>".encode()


def test_many_documents_may_be_removed_at_once() -> None:
    assert read_remove_documents(parse(documents(("1.2", "1.2.3"), ("1.2", "1.2.4")))) == (
        DocumentRequest("1.2", "1.2.3"),
        DocumentRequest("1.2", "1.2.4"),
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (documents(), "RemoveDocumentsRequest holds no DocumentRequest"),
        (documents(("", "1.2.3")), "DocumentRequest 1 lacks its RepositoryUniqueId"),
        (documents(("1.2", "1.2.3"), ("1.2", " ")), "DocumentRequest 2 lacks its DocumentUniqueId"),
        (documents(("1.2", "1.2.3"), name="xds:RemoveDocumentsRequest"), "the body is not RemoveDocumentsRequest"),
        (documents(("1.2", "1.2.3"), name="xds:RetrieveDocumentSetRequest"), "the body is not RemoveDocumentsRequest"),
    ],
)
def test_a_removal_of_nothing_or_of_something_else_is_malformed(body: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=reason):
        read_remove_documents(parse(body))


def test_a_removal_of_objects_is_not_one_of_documents() -> None:
    with pytest.raises(MalformedMessage, match="the body is not RemoveObjectsRequest"):
        read_remove_objects(parse(documents(("1.2", "1.2.3"))))
