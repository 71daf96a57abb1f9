from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import pytest
from lxml import etree

from security.errors import ErrorKind, MalformedMessage
from security.xml import parse
from xds.ebrim.reader import read_adhoc_query, read_provide_and_register, read_retrieve_document_set
from xds.ebrim.writer import write_association, write_entry, write_folder
from xds.errors import XdsErrorCode
from xds.messages import DocumentRequest, ProvideAndRegisterRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
FIRST = "//rim:ExtrinsicObject[@id='Document01']"
PACKAGE = "//rim:RegistryPackage"
CLASS = f"{FIRST}/rim:Classification[@classificationScheme='urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a']"
UNIQUE_ID = f"{FIRST}/rim:ExternalIdentifier[@identificationScheme='urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab']"
LABEL = f"{PACKAGE}/rim:Classification[@classificationNode]"


class Message(Protocol):
    body: etree._Element
    parts: dict[str, bytes]

    def one(self, xpath: str) -> etree._Element: ...

    def remove(self, xpath: str) -> None: ...


def read(message: Message) -> ProvideAndRegisterRequest:
    return read_provide_and_register(message.body, message.parts)


def removing(xpath: str) -> Callable[[Message], None]:
    return lambda message: message.remove(xpath)


def setting(xpath: str, attribute: str, value: str) -> Callable[[Message], None]:
    return lambda message: message.one(xpath).set(attribute, value)


def deleting(xpath: str, attribute: str) -> Callable[[Message], None]:
    def change(message: Message) -> None:
        del message.one(xpath).attrib[attribute]

    return change


def adding(xpath: str, xml: str) -> Callable[[Message], None]:
    element = f'<x xmlns:rim="{RIM}" xmlns:xds="urn:ihe:iti:xds-b:2007">{xml}</x>'
    return lambda message: message.one(xpath).insert(0, parse(element.encode())[0])


def appending(xpath: str, xml: str) -> Callable[[Message], None]:
    element = f'<x xmlns:rim="{RIM}" xmlns:xds="urn:ihe:iti:xds-b:2007">{xml}</x>'
    return lambda message: message.one(xpath).append(parse(element.encode())[0])


def writing(xpath: str, text: str) -> Callable[[Message], None]:
    def change(message: Message) -> None:
        message.one(xpath).text = text

    return change


def slot(name: str) -> str:
    return f"rim:Slot[@name='{name}']"


def value(name: str, *values: str) -> str:
    texts = "".join(f"<rim:Value>{text}</rim:Value>" for text in values)
    return f'<rim:Slot name="{name}"><rim:ValueList>{texts}</rim:ValueList></rim:Slot>'


METADATA = "XDSRegistryMetadataError"
TWINS: dict[str, tuple[Callable[[Message], None], str, str]] = {
    "two object lists": (
        appending("//rim:RegistryObjectList/..", "<rim:RegistryObjectList/>"), "M1", METADATA),
    "a stranger in the list": (adding("//rim:RegistryObjectList", '<rim:Service id="s"/>'), "M1", METADATA),
    "a stranger in an entry": (adding(FIRST, "<rim:Colour/>"), "M1", METADATA),
    "a slot without name": (deleting(f"{FIRST}/{slot('URI')}", "name"), "M1", METADATA),
    "elements in a value": (adding(f"{FIRST}/{slot('URI')}//rim:Value", "<rim:b/>"), "M1", METADATA),
    "no label": (removing(LABEL), "M3", METADATA),
    "a label of nothing": (
        adding("//rim:RegistryObjectList", '<rim:Classification id="c" classifiedObject="nobody"/>'), "M3", METADATA),
    "an id twice": (setting("//rim:Association", "id", "Document01"), "M4", METADATA),
    "a long value": (writing(f"{FIRST}/{slot('URI')}//rim:Value", "x" * 257), "M7", METADATA),
    "a slot twice": (adding(FIRST, value("hash", "0" * 40)), "M7", METADATA),
    "an order to update": (
        setting("//rim:Association", "associationType",
                "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"), "M9", METADATA),
    "no creation time": (removing(f"{FIRST}/{slot('creationTime')}"), "O1", METADATA),
    "no source patient": (removing(f"{FIRST}/{slot('sourcePatientId')}"), "O1", METADATA),
    "no language": (removing(f"{FIRST}/{slot('languageCode')}"), "O1", METADATA),
    "no media type": (deleting(FIRST, "mimeType"), "O1", METADATA),
    "no object type": (deleting(FIRST, "objectType"), "O1", METADATA),
    "no class": (removing(CLASS), "O1", METADATA),
    "no uniqueId": (removing(UNIQUE_ID), "O1", METADATA),
    "no submission time": (removing(f"{PACKAGE}/{slot('submissionTime')}"), "O1", METADATA),
    "no source id": (
        removing(f"{PACKAGE}/rim:ExternalIdentifier[rim:Name/*/@value='XDSSubmissionSet.sourceId']"), "O1", METADATA),
    "no target": (deleting("//rim:Association", "targetObject"), "O1", METADATA),
    "two creation times": (
        adding(f"{FIRST}/{slot('creationTime')}/rim:ValueList", "<rim:Value>2024</rim:Value>"), "O2", METADATA),
    "two titles of class": (
        adding(FIRST, '<rim:Classification classificationScheme="urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"'
               ' classifiedObject="Document01" nodeRepresentation="10">' + value("codingScheme", "1.2")
               + '<rim:Name><rim:LocalizedString value="n"/></rim:Name></rim:Classification>'), "O2", METADATA),
    "a size in words": (writing(f"{FIRST}/{slot('size')}//rim:Value", "three"), "O3", METADATA),
    "a code without code": (setting(CLASS, "nodeRepresentation", " "), "O4", METADATA),
    "a code without scheme": (removing(f"{CLASS}/{slot('codingScheme')}"), "O4", METADATA),
    "a code without name": (removing(f"{CLASS}/rim:Name"), "O4", METADATA),
    "a code of another object": (setting(CLASS, "classifiedObject", "Document02"), "O4", METADATA),
    "an unknown classification": (
        adding(FIRST, '<rim:Classification classificationScheme="urn:uuid:0" classifiedObject="Document01"/>'),
        "O4", METADATA),
    "limited metadata": (
        adding(FIRST, '<rim:Classification classificationNode="urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85"/>'),
        "O4", METADATA),
    "an identifier of another object": (setting(UNIQUE_ID, "registryObject", "x"), "O5", METADATA),
    "an identifier without value": (setting(UNIQUE_ID, "value", ""), "O5", METADATA),
    "an identifier misnamed": (setting(f"{UNIQUE_ID}/rim:Name/*", "value", "uniqueId"), "O5", METADATA),
    "an unknown identifier": (
        adding(FIRST, '<rim:ExternalIdentifier identificationScheme="urn:uuid:0" registryObject="Document01"/>'),
        "O5", METADATA),
    "an unknown association": (setting("//rim:Association", "associationType", "urn:x:y"), "A1", METADATA),
    "no document": (removing("//xds:Document[@id='Document01']"), "DOCUMENT", "XDSMissingDocument"),
    "no part": (setting("//xop:Include", "href", "cid:nothing"), "DOCUMENT", "XDSMissingDocument"),
    "a part that is elsewhere": (
        setting("//xop:Include", "href", "http://example.org/part0@example.org"), "DOCUMENT", "XDSMissingDocument"),
    "no entry": (
        appending("/*", '<xds:Document id="Document09">YWJj</xds:Document>'), "DOCUMENT", "XDSMissingDocumentMetadata"),
    "the same document twice": (
        appending("/*", '<xds:Document id="Document01">YWJj</xds:Document>'), "M4", METADATA),
    "two contents": (
        writing("//xds:Document[@id='Document01']", "YWJj"), "DOCUMENT", "XDSRepositoryMetadataError"),
}  # fmt: skip


def test_a_good_submission_is_read_whole(message: Message, entry: DocumentEntry, submission_set: SubmissionSet) -> None:
    request = read(message)
    assert request.errors == ()
    assert request.submission_set == submission_set
    assert request.entries[0] == replace(entry, logical_id=entry.entry_uuid)
    assert [one.target for one in request.associations] == [one.entry_uuid for one in request.entries]
    assert list(request.documents) == [one.entry_uuid for one in request.entries]
    assert set(request.documents.values()) == {b"abc"}


@pytest.mark.parametrize("name", TWINS)
def test_each_fault_of_reading_is_found_alone(name: str, message: Message) -> None:
    change, rule, code = TWINS[name]
    change(message)
    errors = read(message).errors
    found = {(error.rule, str(error.code)) for error in errors}
    if name == "no label":
        found.discard(("M2", METADATA))
    assert found == {(rule, code)}
    assert all(error.location and error.context for error in errors)


def test_a_fault_names_object_attribute_found_and_expected(message: Message) -> None:
    message.one(CLASS).set("classifiedObject", "Document02")
    (error,) = read(message).errors
    assert error.location == "ExtrinsicObject[Document01]/Classification[classCode]/@classifiedObject"
    assert error.context.endswith("found Document02, expected the id of the parent, Document01")


def test_every_fault_is_found_in_one_go(message: Message) -> None:
    for name in ("no creation time", "no class", "no uniqueId", "no document"):
        TWINS[name][0](message)
    assert [error.rule for error in read(message).errors] == ["O1", "O1", "O1", "DOCUMENT"]


def test_no_submission_set_and_two_are_refused(new_message: Callable[[], Message]) -> None:
    without, double = new_message(), new_message()
    without.remove(PACKAGE)
    twin = parse(etree.tostring(double.one(PACKAGE)))
    twin.set("id", "SubmissionSet02")
    for element in twin.iter():
        for attribute in ("classifiedObject", "registryObject"):
            if attribute in element.attrib:
                element.set(attribute, "SubmissionSet02")
    double.one("//rim:RegistryObjectList").append(twin)
    for message in (without, double):
        request = read(message)
        assert request.submission_set is None
        assert [error.rule for error in request.errors] == ["M2"]


def test_a_label_beside_its_package_counts(message: Message) -> None:
    label = message.one(LABEL)
    message.one("//rim:RegistryObjectList").append(label)
    assert read(message).errors == ()


def test_a_folder_is_read_with_what_serves_it(message: Message, folder: Folder) -> None:
    appending("//rim:RegistryObjectList", write_folder(folder).decode())(message)
    associations = (
        ("f1", "SubmissionSet01", "Folder01"), ("f2", "Folder01", "Document01"), ("f3", "SubmissionSet01", "f2")
    )  # fmt: skip
    for identifier, source, target in associations:
        member = Association(
            entry_uuid=identifier, association_type=AssociationType.HAS_MEMBER, source=source, target=target
        )
        appending("//rim:RegistryObjectList", write_association(member).decode())(message)
    request = read(message)
    assert request.errors == ()
    assert request.folders == (replace(folder, logical_id=folder.entry_uuid),)
    assert [(one.entry_uuid, one.source, one.target) for one in request.associations[2:]] == list(associations)


def test_base64_inside_the_message_is_read_with_its_blanks(message: Message) -> None:
    document = message.one("//xds:Document[@id='Document01']")
    document.clear()
    document.set("id", "Document01")
    document.text = "  YW\n\tJj \r\n"
    request = read(message)
    assert request.errors == ()
    assert request.documents["Document01"] == b"abc"


@pytest.mark.parametrize("text", ["YW", "YWJj!", "é", "=YWJj", "YWJj===="])
def test_bad_base64_is_reported(text: str, message: Message) -> None:
    document = message.one("//xds:Document[@id='Document01']")
    document.clear()
    document.set("id", "Document01")
    document.text = text
    (error,) = read(message).errors
    assert error.code is XdsErrorCode.REPOSITORY_METADATA
    assert error.location == "Document[Document01]"


def test_extra_metadata_is_kept(message: Message) -> None:
    adding(FIRST, value("urn:example:colour", "red", "blue"))(message)
    assert read(message).entries[0].extra == (("urn:example:colour", ("red", "blue")),)


def test_a_comment_does_not_cut_a_value_short(message: Message) -> None:
    element = message.one(f"{FIRST}/{slot('URI')}//rim:Value")
    element.text = "DOC"
    comment = etree.Comment("x")
    comment.tail = "0001.XML"
    element.append(comment)
    assert read(message).entries[0].uri == "DOC0001.XML"


def test_a_uri_in_numbered_pieces_is_put_together(message: Message) -> None:
    message.remove(f"{FIRST}/{slot('URI')}")
    adding(FIRST, value("URI", "2|/b.xml", "1|http://a"))(message)
    assert read(message).entries[0].uri == "http://a/b.xml"


def test_ten_thousand_slots_are_read_and_all_kept(entry: DocumentEntry) -> None:
    slots = tuple((f"urn:example:{number}", (str(number),)) for number in range(10_000))
    from xds.ebrim.objects import read_entry

    assert read_entry(parse(write_entry(replace(entry, extra=slots)))).extra == slots


@pytest.mark.parametrize(
    "xml",
    [
        "<a/>",
        '<ProvideAndRegisterDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2006"/>',
        '<xds:RetrieveDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007"/>',
        '<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"/>',
        '<xds:RetrieveDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007"><xds:DocumentRequest>'
        "<xds:RepositoryUniqueId>1.2</xds:RepositoryUniqueId></xds:DocumentRequest></xds:RetrieveDocumentSetRequest>",
    ],
)
def test_another_message_is_malformed(xml: str) -> None:
    body = parse(xml.encode())
    wrong = 0
    for reader in (
        lambda: read_provide_and_register(body, {}),
        lambda: read_adhoc_query(body),
        lambda: read_retrieve_document_set(body),
    ):
        with pytest.raises(MalformedMessage) as caught:
            reader()
        wrong += caught.value.kind is ErrorKind.SOAP_STRUCTURE
    assert wrong == 3


def test_an_empty_submission_says_what_is_missing() -> None:
    body = parse(b'<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007"/>')
    assert [error.rule for error in read_provide_and_register(body, {}).errors] == ["M1", "M2"]


def test_a_retrieval_is_read_in_order() -> None:
    body = parse(
        b'<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007">'
        b"<DocumentRequest><HomeCommunityId>urn:oid:9</HomeCommunityId><RepositoryUniqueId> 1.2 </RepositoryUniqueId>"
        b"<DocumentUniqueId>1.2.3</DocumentUniqueId></DocumentRequest>"
        b"<DocumentRequest><RepositoryUniqueId>1.2</RepositoryUniqueId><DocumentUniqueId>1.2.<!-- -->4"
        b"</DocumentUniqueId></DocumentRequest></RetrieveDocumentSetRequest>"
    )
    assert read_retrieve_document_set(body) == (
        DocumentRequest("1.2", "1.2.3", "urn:oid:9"),
        DocumentRequest("1.2", "1.2.4"),
    )
