"""Bodies of ITI-42, ITI-57, ITI-61 and metadata of media: one element, four sets of rules."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import pytest
from lxml import etree

from security.errors import MalformedMessage
from security.xml import parse
from xds.ebrim.reader import read_submit_objects
from xds.ebrim.writer import write_submit_objects
from xds.metadata.association import UPDATE_OPERATIONS, Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
SPACES = {"rim": RIM, "lcm": "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"}
FOLDER = "//rim:RegistryPackage[@id='Folder01']"
SET = "//rim:RegistryPackage[@id='SubmissionSet01']"
ENTRY = "//rim:ExtrinsicObject"
REGISTERED = "urn:uuid:11111111-6a3c-4c6f-9f7e-2b1c3d4e5f60"
MARKS = {
    ENTRY: "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85",
    SET: "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707",
    FOLDER: "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03",
}


class NewBody(Protocol):
    def __call__(self, *associations: Association) -> etree._Element: ...


@pytest.fixture
def new_body(entry: DocumentEntry, submission_set: SubmissionSet, folder: Folder) -> NewBody:
    return lambda *associations: parse(write_submit_objects(submission_set, [entry], associations, [folder]))


@pytest.fixture
def body(new_body: NewBody) -> etree._Element:
    return new_body()


def one(body: etree._Element, xpath: str) -> etree._Element:
    found = body.xpath(xpath, namespaces=SPACES)
    assert isinstance(found, list)
    element = found[0]
    assert isinstance(element, etree._Element)
    return element


def remove(body: etree._Element, xpath: str) -> None:
    element = one(body, xpath)
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def insert(body: etree._Element, xpath: str, xml: str) -> None:
    one(body, xpath).insert(0, parse(f'<x xmlns:rim="{RIM}">{xml}</x>'.encode())[0])


def an_order(kind: AssociationType, **slots: str) -> Association:
    return Association(entry_uuid="order", association_type=kind, source="SubmissionSet01", target=REGISTERED, **slots)  # type: ignore[arg-type]


def test_a_submission_is_read_whole_with_its_folders(
    body: etree._Element, entry: DocumentEntry, submission_set: SubmissionSet, folder: Folder
) -> None:
    request = read_submit_objects(body)
    assert request.errors == ()
    assert request.submission_set == submission_set
    assert request.entries == (replace(entry, logical_id=entry.entry_uuid),)
    assert request.folders == (replace(folder, logical_id=folder.entry_uuid),)


def test_what_only_declares_or_surrounds_says_nothing(body: etree._Element) -> None:
    insert(body, "//rim:RegistryObjectList", '<rim:ObjectRef id="urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"/>')
    insert(body, "/*", '<r:RequestSlotList xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"/>')
    body.insert(0, etree.Comment("from afar"))
    assert read_submit_objects(body).errors == ()


def test_labels_beside_their_packages_count_and_need_no_id(body: etree._Element) -> None:
    objects = one(body, "//rim:RegistryObjectList")
    for package in (SET, FOLDER):
        label = one(body, f"{package}/rim:Classification[@classificationNode]")
        del label.attrib["id"]
        objects.insert(0, label)
    request = read_submit_objects(body)
    assert request.errors == ()
    assert len(request.folders) == 1


def test_the_body_of_another_message_is_malformed(body: etree._Element) -> None:
    other = etree.Element("{urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0}RemoveObjectsRequest")
    for wrong in (other, one(body, "//rim:RegistryObjectList")):
        with pytest.raises(MalformedMessage, match="not SubmitObjectsRequest"):
            read_submit_objects(wrong)


def deleting(xpath: str) -> Callable[[etree._Element], None]:
    return lambda body: remove(body, xpath)


def setting(xpath: str, attribute: str, value: str) -> Callable[[etree._Element], None]:
    return lambda body: one(body, xpath).set(attribute, value)


def inserting(xpath: str, xml: str) -> Callable[[etree._Element], None]:
    return lambda body: insert(body, xpath, xml)


CODE = f"{FOLDER}/rim:Classification[@classificationScheme]"
IDENTIFIER = f"{FOLDER}/rim:ExternalIdentifier[rim:Name/*/@value='XDSFolder.{{}}']"
TWINS: dict[str, tuple[Callable[[etree._Element], None], str]] = {
    "a folder without label": (deleting(f"{FOLDER}/rim:Classification[@classificationNode]"), "M3"),
    "a folder that is a lot too": (
        inserting(FOLDER, '<rim:Classification classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"/>'),
        "M3"),
    "a label of another package": (
        setting(f"{FOLDER}/rim:Classification[@classificationNode]", "classifiedObject", "SubmissionSet01"), "O4"),
    "a folder label on an entry": (
        inserting(ENTRY, '<rim:Classification classificationNode="urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"/>'),
        "O4"),
    "a folder with the id of the entry": (setting(FOLDER, "id", "Document01"), "M4"),
    "a lot that is a version of another": (setting(SET, "lid", REGISTERED), "M6"),
    "a folder without title": (deleting(f"{FOLDER}/rim:Name"), "O1"),
    "a folder without patient": (deleting(IDENTIFIER.format("patientId")), "O1"),
    "a folder without uniqueId": (deleting(IDENTIFIER.format("uniqueId")), "O1"),
    "a folder without id": (setting(FOLDER, "id", ""), "O1"),
    "a folder with two uniqueIds": (
        inserting(FOLDER, '<rim:ExternalIdentifier identificationScheme="urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a"'
                  ' registryObject="Folder01" value="1.2"><rim:Name><rim:LocalizedString value="XDSFolder.uniqueId"/>'
                  "</rim:Name></rim:ExternalIdentifier>"), "O2"),
    "a folder code without scheme": (deleting(f"{CODE}/rim:Slot"), "O4"),
    "a folder code without name": (deleting(f"{CODE}/rim:Name"), "O4"),
    "a folder code of another object": (setting(CODE, "classifiedObject", "Document01"), "O4"),
    "a folder with a class": (
        setting(CODE, "classificationScheme", "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"), "O4"),
    "a folder identifier misnamed": (
        setting(f"{IDENTIFIER.format('uniqueId')}/rim:Name/*", "value", "XDSDocumentEntry.uniqueId"), "O5"),
    "a folder identifier of another object": (
        setting(IDENTIFIER.format("uniqueId"), "registryObject", "Document01"), "O5"),
}  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_each_fault_of_a_folder_is_found_alone(name: str, body: etree._Element) -> None:
    change, rule = TWINS[name]
    change(body)
    found = {error.rule for error in read_submit_objects(body).errors}
    if name == "a folder that is a lot too":
        found -= {"M2", "O1", "O4", "O5"}
    if name in ("a folder without id", "a folder with the id of the entry"):
        found -= {"O4", "O5"}
    assert found == {rule}


def test_a_folder_without_codes_lacks_one(body: etree._Element) -> None:
    for _ in range(2):
        remove(body, CODE)
    assert [error.rule for error in read_submit_objects(body).errors] == ["O1"]


def test_what_the_registry_sets_is_read_and_not_judged(body: etree._Element) -> None:
    one(body, FOLDER).set("status", AvailabilityStatus.DEPRECATED)
    one(body, FOLDER).set("home", "urn:oid:1.2")
    insert(
        body,
        FOLDER,
        '<rim:Slot name="lastUpdateTime"><rim:ValueList><rim:Value>2004</rim:Value></rim:ValueList></rim:Slot>',
    )
    request = read_submit_objects(body)
    (folder,) = request.folders
    assert request.errors == ()
    assert (folder.availability_status, folder.home_community_id, folder.last_update_time) == (
        AvailabilityStatus.DEPRECATED, "urn:oid:1.2", "2004"
    )  # fmt: skip


@pytest.mark.parametrize("kind", AssociationType)
def test_every_kind_of_association_is_read_in_its_message(kind: AssociationType, new_body: NewBody) -> None:
    association = an_order(kind)
    assert read_submit_objects(new_body(association), update=True).associations == (association,)
    request = read_submit_objects(new_body(association))
    if kind in UPDATE_OPERATIONS:
        assert [error.rule for error in request.errors] == ["M9"]
        assert request.associations == ()
    else:
        assert request.errors == ()
        assert request.associations == (association,)


@pytest.mark.parametrize("slot", ["previous_version", "association_propagation", "original_status", "new_status"])
def test_slots_of_an_update_are_for_an_update(slot: str, new_body: NewBody) -> None:
    association = an_order(AssociationType.HAS_MEMBER, **{slot: "1"})
    request = read_submit_objects(new_body(association), update=True)
    assert (request.errors, request.associations) == ((), (association,))
    (error,) = read_submit_objects(new_body(association)).errors
    assert error.rule == "M9"
    assert error.location.startswith("Association[order]/Slot[")


def test_an_unknown_kind_of_association_is_a_fault_in_an_update_too(new_body: NewBody) -> None:
    body = new_body(an_order(AssociationType.HAS_MEMBER))
    one(body, "//rim:Association").set("associationType", "urn:ihe:iti:2007:AssociationType:SIGNS")
    request = read_submit_objects(body, update=True)
    assert [error.rule for error in request.errors] == ["A1"]
    assert request.associations == ()


def test_an_association_keeps_its_status_its_reason_and_what_is_not_of_ihe(new_body: NewBody) -> None:
    association = replace(
        an_order(AssociationType.RPLC),
        documentation=Code("1", "1.2.3", "Motif"),
        availability_status=AvailabilityStatus.DEPRECATED,
        extra=(("urn:example:why", ("a", "b")), ("urn:example:empty", ())),
    )
    assert read_submit_objects(new_body(association)).associations == (association,)


def test_an_association_that_is_a_version_of_another_is_a_fault(new_body: NewBody) -> None:
    body = new_body(an_order(AssociationType.RPLC))
    one(body, "//rim:Association").set("lid", REGISTERED)
    assert [error.rule for error in read_submit_objects(body, update=True).errors] == ["M6"]


def test_an_on_demand_entry_has_no_creation_time_hash_or_size(body: etree._Element) -> None:
    one(body, ENTRY).set("objectType", ON_DEMAND)
    for name in ("creationTime", "hash", "size"):
        remove(body, f"{ENTRY}/rim:Slot[@name='{name}']")
    request = read_submit_objects(body)
    assert request.errors == ()
    (entry,) = request.entries
    assert (entry.object_type, entry.creation_time, entry.hash, entry.size) == (ON_DEMAND, "", None, None)


def test_a_stable_entry_without_creation_time_is_a_fault_and_without_hash_none(body: etree._Element) -> None:
    for name in ("creationTime", "hash", "size"):
        remove(body, f"{ENTRY}/rim:Slot[@name='{name}']")
    assert [error.location for error in read_submit_objects(body).errors] == [
        "ExtrinsicObject[Document01]/Slot[creationTime]"
    ]


@pytest.mark.parametrize("place", MARKS)
@pytest.mark.parametrize("inside", [True, False])
def test_limited_metadata_are_for_media(place: str, inside: bool, new_body: NewBody) -> None:
    def marked() -> etree._Element:
        body = new_body()
        mark = (
            f'<rim:Classification classifiedObject="{one(body, place).get("id")}" classificationNode="{MARKS[place]}"/>'
        )
        insert(body, place if inside else "//rim:RegistryObjectList", mark)
        return body

    request = read_submit_objects(marked(), limited=True)
    assert request.errors == ()
    assert request.submission_set is not None
    marks = {
        ENTRY: request.entries[0].limited_metadata,
        SET: request.submission_set.limited_metadata,
        FOLDER: request.folders[0].limited_metadata,
    }
    assert [here for here, is_marked in marks.items() if is_marked] == [place]
    (error,) = read_submit_objects(marked()).errors
    assert error.rule == "O4"
    assert "limitedMetadata" in error.context


def test_a_mark_of_another_kind_of_object_is_a_fault_on_media_too(body: etree._Element) -> None:
    insert(body, ENTRY, f'<rim:Classification classificationNode="{MARKS[FOLDER]}"/>')
    assert [error.rule for error in read_submit_objects(body, limited=True).errors] == ["O4"]


MANDATORY_ON_MEDIA = {
    "ExtrinsicObject[Document01]/Slot[hash]",
    "ExtrinsicObject[Document01]/Slot[size]",
    "ExtrinsicObject[Document01]/Slot[URI]",
    "ExtrinsicObject[Document01]/ExternalIdentifier[uniqueId]",
    "ExtrinsicObject[Document01]/@mimeType",
    "ExtrinsicObject[Document01]/@objectType",
    "RegistryPackage[SubmissionSet01]/Slot[submissionTime]",
    "RegistryPackage[SubmissionSet01]/ExternalIdentifier[uniqueId]",
    "RegistryPackage[SubmissionSet01]/ExternalIdentifier[sourceId]",
    "RegistryPackage[Folder01]/ExternalIdentifier[uniqueId]",
}


def emptied(body: etree._Element) -> etree._Element:
    """Leave nothing but ids and labels."""
    for element in body.findall(f".//{{{RIM}}}RegistryObjectList/*"):
        element[:] = [child for child in element if child.get("classificationNode")]
        for attribute in ("mimeType", "objectType"):
            element.attrib.pop(attribute, "")
    return body


def test_media_need_little(body: etree._Element) -> None:
    request = read_submit_objects(emptied(body), limited=True)
    assert {error.location for error in request.errors} == MANDATORY_ON_MEDIA
    assert len(request.errors) == len(MANDATORY_ON_MEDIA)
    assert {error.rule for error in request.errors} == {"O1"}


def test_a_registry_needs_every_required_attribute(body: etree._Element) -> None:
    found = {error.location for error in read_submit_objects(emptied(body)).errors}
    classes = ("classCode", "typeCode", "formatCode", "healthcareFacilityTypeCode", "practiceSettingCode")
    assert found == {
        *(f"ExtrinsicObject[Document01]/Slot[{name}]" for name in ("creationTime", "languageCode", "sourcePatientId")),
        *(f"ExtrinsicObject[Document01]/Classification[{name}]" for name in (*classes, "confidentialityCode")),
        *(f"ExtrinsicObject[Document01]/ExternalIdentifier[{name}]" for name in ("patientId", "uniqueId")),
        "ExtrinsicObject[Document01]/@mimeType",
        "ExtrinsicObject[Document01]/@objectType",
        "RegistryPackage[SubmissionSet01]/Slot[submissionTime]",
        "RegistryPackage[SubmissionSet01]/Classification[contentTypeCode]",
        *(f"RegistryPackage[SubmissionSet01]/ExternalIdentifier[{n}]" for n in ("patientId", "sourceId", "uniqueId")),
        "RegistryPackage[Folder01]/Name",
        "RegistryPackage[Folder01]/Classification[codeList]",
        *(f"RegistryPackage[Folder01]/ExternalIdentifier[{name}]" for name in ("patientId", "uniqueId")),
    }
