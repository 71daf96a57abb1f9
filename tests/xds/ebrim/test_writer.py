import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from security.xml import parse
from xds.ebrim.writer import (
    object_ref,
    with_home,
    with_last_update_time,
    with_status,
    write_adhoc_query_response,
    write_association,
    write_entry,
    write_folder,
    write_registry_response,
    write_retrieve_response,
    write_submission_set,
    write_submit_objects,
)
from xds.errors import RegistryError, Severity, XdsErrorCode
from xds.messages import (
    AdhocQueryResponse,
    DocumentRequest,
    DocumentResponse,
    RegistryResponse,
    ResponseStatus,
    RetrieveDocumentSetResponse,
)
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

SCHEMAS = Path(__file__).parents[3] / "gateway" / "wire" / "wsdl"
ORDER = ("Slot", "Name", "Description", "VersionInfo", "Classification", "ExternalIdentifier")
UUID = "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60"
UUID_FORM = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
RS = "{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}"
ASSOCIATION = Association(
    entry_uuid=UUID,
    association_type=AssociationType.RPLC,
    source="Document01",
    target=UUID,
    documentation=Code("1", "1.2.3", "Motif"),
    extra=(("urn:example:why", ("a", "b")),),
)


def names(element: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in element]


def assert_order_of_the_schema(element: etree._Element) -> None:
    positions = [ORDER.index(name) for name in names(element) if name in ORDER]
    assert positions == sorted(positions)
    for child in element:
        assert_order_of_the_schema(child)


def test_children_come_in_the_order_of_the_schema(
    entry: DocumentEntry, submission_set: SubmissionSet, folder: Folder
) -> None:
    full = replace(entry, extra=(("urn:example:x", ("1",)),))
    other = replace(folder, last_update_time="2024", limited_metadata=True, extra=full.extra)
    fragments = (
        write_entry(full), write_submission_set(submission_set), write_association(ASSOCIATION), write_folder(other)
    )  # fmt: skip
    for fragment in fragments:
        assert_order_of_the_schema(parse(fragment))
    assert list(dict.fromkeys(names(parse(write_entry(full))))) == list(ORDER)


def test_what_is_written_is_valid_against_the_schemas(
    entry: DocumentEntry, submission_set: SubmissionSet, folder: Folder
) -> None:
    full = replace(entry, entry_uuid=UUID, extra=(("urn:example:x", ("1",)), ("urn:example:empty", ())))
    registered = replace(folder, entry_uuid=UUID, last_update_time="20240101000000", limited_metadata=True)
    fragments = (
        write_entry(full),
        write_submission_set(submission_set),
        with_home(write_folder(registered), "urn:oid:1.2"),
        with_home(write_association(ASSOCIATION), "urn:oid:1.2"),
        object_ref(UUID, "urn:oid:1.2"),
    )
    error = RegistryError(XdsErrorCode.REGISTRY, "x", rule="O1")
    document = DocumentResponse(DocumentRequest("1.2", "1.2.3", "urn:oid:9"), "text/xml", b"one")
    answers = {
        "lcm": write_submit_objects(submission_set, [full], [ASSOCIATION], [folder]),
        "query": write_adhoc_query_response(AdhocQueryResponse(ResponseStatus.SUCCESS, fragments, (error,))),
        "rs": write_registry_response(RegistryResponse.of((error,))),
        "xds": write_retrieve_response(RetrieveDocumentSetResponse(ResponseStatus.SUCCESS, (document,)))[0],
    }
    for name, answer in answers.items():
        schema = etree.XMLSchema(file=str(SCHEMAS / f"{name}.xsd"))
        root = parse(answer)
        for include in root.findall(".//{*}Document/{*}Include"):
            # The schema describes what the message means, before XOP takes the bytes out of it.
            parent = include.getparent()
            assert parent is not None
            parent.text = "b25l"
            parent.remove(include)
        assert schema.validate(root), schema.error_log


def test_every_part_has_an_object_type_and_a_real_uuid_of_its_own(entry: DocumentEntry) -> None:
    root = parse(write_entry(replace(entry, entry_uuid=UUID)))
    parts = [*root.iter(f"{RIM}Classification"), *root.iter(f"{RIM}ExternalIdentifier")]
    ids = [part.get("id", "") for part in parts]
    assert len(parts) == 10
    assert len(set(ids)) == len(ids)
    assert all(UUID_FORM.fullmatch(identifier) for identifier in ids)
    assert all(part.get("objectType", "").startswith("urn:oasis:names:tc:ebxml-regrep:ObjectType:") for part in parts)


def test_an_answer_carries_lid_version_and_status_and_home_only_if_set(entry: DocumentEntry) -> None:
    root = parse(write_entry(replace(entry, entry_uuid=UUID)))
    information = root.find(f"{RIM}VersionInfo")
    assert information is not None
    assert (root.get("lid"), information.get("versionName")) == (UUID, "1")
    assert root.get("status") == AvailabilityStatus.APPROVED
    assert "home" not in root.attrib
    assert parse(write_entry(replace(entry, home_community_id="urn:oid:1.2"))).get("home") == "urn:oid:1.2"


def test_the_status_of_a_fragment_changes_and_nothing_else(entry: DocumentEntry, submission_set: SubmissionSet) -> None:
    deprecated = AvailabilityStatus.DEPRECATED
    assert with_status(write_entry(entry), deprecated) == write_entry(replace(entry, availability_status=deprecated))
    assert with_status(write_submission_set(submission_set), deprecated) == write_submission_set(
        submission_set, deprecated
    )
    assert with_status(write_association(ASSOCIATION), deprecated) == write_association(ASSOCIATION, deprecated)


def test_a_status_is_not_set_on_foreign_bytes() -> None:
    with pytest.raises(ValueError, match="not a fragment of this writer"):
        with_status(b'<rim:ExtrinsicObject id="a"/>', AvailabilityStatus.DEPRECATED)


def test_the_last_update_time_of_a_folder_changes_and_nothing_else(folder: Folder) -> None:
    registered = replace(folder, last_update_time="20240101000000", home_community_id="urn:oid:1.2", title='"><')
    fragment = write_folder(registered)
    changed = with_last_update_time(fragment, "20250110120005")
    assert changed == write_folder(replace(registered, last_update_time="20250110120005"))
    assert names(parse(changed))[0] == "Slot"
    assert with_last_update_time(changed, "20240101000000") == fragment


def test_only_a_folder_with_a_time_gets_another(
    folder: Folder, submission_set: SubmissionSet, entry: DocumentEntry
) -> None:
    for fragment in (write_folder(folder), write_submission_set(submission_set), write_entry(entry), b"<x/>"):
        with pytest.raises(ValueError, match="lastUpdateTime"):
            with_last_update_time(fragment, "20250110120005")


def test_the_home_of_a_fragment_is_set_whatever_it_was(
    entry: DocumentEntry, folder: Folder, submission_set: SubmissionSet
) -> None:
    hostile, home = 'urn:oid:1.2" home="<&>', "urn:oid:9"
    assert with_home(write_entry(entry), home) == write_entry(replace(entry, home_community_id=home))
    for before in (None, home, hostile):
        fragment = write_folder(replace(folder, home_community_id=before, title=' home="x"'))
        assert with_home(fragment, hostile) == write_folder(
            replace(folder, home_community_id=hostile, title=' home="x"')
        )
        fragment = write_submission_set(replace(submission_set, home_community_id=before))
        assert parse(with_home(fragment, home)).get("home") == home
    association = with_home(write_association(ASSOCIATION), home)
    assert parse(association).get("home") == home
    assert with_home(with_status(association, AvailabilityStatus.DEPRECATED), home).count(b"home=") == 1
    with pytest.raises(ValueError, match="not a fragment of this writer"):
        with_home(b'<rim:ObjectRef id="a"/>', home)


def test_an_object_ref_tells_its_home_only_if_set() -> None:
    assert list(parse(object_ref(UUID)).items()) == [("id", UUID)]
    assert list(parse(object_ref(UUID, "urn:oid:9")).items()) == [("id", UUID), ("home", "urn:oid:9")]


def test_a_folder_that_is_returned_is_complete(folder: Folder) -> None:
    root = parse(write_folder(replace(folder, entry_uuid=UUID, last_update_time="20240101000000")))
    assert root.get("objectType", "").endswith(":RegistryObject:RegistryPackage")
    assert (root.get("id"), root.get("lid"), root.get("status")) == (UUID, UUID, AvailabilityStatus.APPROVED)
    parts = [*root.iter(f"{RIM}Classification"), *root.iter(f"{RIM}ExternalIdentifier")]
    assert len(parts) == 5
    assert all(part.get("objectType") and UUID_FORM.fullmatch(part.get("id", "")) for part in parts)
    assert len({part.get("id") for part in parts}) == 5


def test_what_is_absent_is_left_out(submission_set: SubmissionSet, folder: Folder) -> None:
    bare = replace(
        submission_set, patient_id="", content_type_code=None, authors=(), title=None, intended_recipients=()
    )
    root = parse(write_submission_set(bare))
    assert names(root) == ["Slot", "VersionInfo", "Classification", "ExternalIdentifier", "ExternalIdentifier"]
    root = parse(write_folder(replace(folder, patient_id="", codes=(), title=None, comments=None)))
    assert names(root) == ["VersionInfo", "Classification", "ExternalIdentifier"]


def test_characters_that_xml_cannot_hold_are_replaced(entry: DocumentEntry) -> None:
    hostile = replace(entry, title="a\x00b\x1fc\ud800d\uffff", mime_type='"/><x>', comments="]]>&lt;")
    root = parse(write_entry(hostile))
    strings = [element.get("value") for element in root.findall(f"*/{RIM}LocalizedString")]
    assert strings == ["a\ufffdb\ufffdc\ufffdd\ufffd", "]]>&lt;"]
    assert root.get("mimeType") == '"/><x>'


def test_fragments_stand_in_an_answer_in_order(entry: DocumentEntry) -> None:
    response = AdhocQueryResponse(ResponseStatus.SUCCESS, (write_entry(entry), object_ref(UUID)))
    root = parse(write_adhoc_query_response(response))
    objects = root.find(f"{RIM}RegistryObjectList")
    assert objects is not None
    assert names(root) == ["RegistryObjectList"]
    assert names(objects) == ["ExtrinsicObject", "ObjectRef"]
    assert objects[1].get("id") == UUID


def test_an_answer_without_object_still_has_its_list() -> None:
    error = RegistryError(XdsErrorCode.UNKNOWN_STORED_QUERY, "no such query")
    root = parse(write_adhoc_query_response(AdhocQueryResponse(ResponseStatus.FAILURE, (), (error,))))
    assert names(root) == ["RegistryErrorList", "RegistryObjectList"]
    assert len(root[1]) == 0


def test_a_success_has_no_error_list() -> None:
    assert len(parse(write_registry_response(RegistryResponse.of()))) == 0


def test_errors_say_code_rule_context_severity_and_place() -> None:
    warning = RegistryError(XdsErrorCode.REGISTRY_METADATA, "R <&>", "a/@b", Severity.WARNING, "D-081")
    error = RegistryError(XdsErrorCode.MISSING_DOCUMENT, 'no "document"')
    root = parse(write_registry_response(RegistryResponse.of((warning, error))))
    assert root.get("status") == ResponseStatus.FAILURE
    assert root[0].get("highestSeverity") == Severity.ERROR
    assert [dict(one.attrib) for one in root.iter(f"{RS}RegistryError")] == [
        {
            "errorCode": "XDSRegistryMetadataError",
            "codeContext": "D-081: R <&>",
            "severity": Severity.WARNING.value,
            "location": "a/@b",
        },
        {
            "errorCode": "XDSMissingDocument",
            "codeContext": 'no "document"',
            "severity": Severity.ERROR.value,
            "location": "",
        },
    ]
    assert parse(write_registry_response(RegistryResponse.of((warning,))))[0].get("highestSeverity") == Severity.WARNING


def test_a_retrieval_names_its_attachments() -> None:
    documents = tuple(
        DocumentResponse(DocumentRequest("1.2", unique_id, home), "text/xml", content)
        for unique_id, home, content in (("1.2.3", None, b"one"), ("1.2.4", "urn:oid:9", b"two"))
    )
    body, attachments = write_retrieve_response(
        RetrieveDocumentSetResponse(
            ResponseStatus.PARTIAL_SUCCESS, documents, (RegistryError(XdsErrorCode.DOCUMENT_UNIQUE_ID, "1.2.5"),)
        )
    )
    root = parse(body)
    assert names(root) == ["RegistryResponse", "DocumentResponse", "DocumentResponse"]
    assert root[0].get("status", "").startswith("urn:ihe:iti:2007:")
    assert names(root[1]) == ["RepositoryUniqueId", "DocumentUniqueId", "mimeType", "Document"]
    assert names(root[2])[0] == "HomeCommunityId"
    references = [element.get("href") for element in root.iter("{http://www.w3.org/2004/08/xop/include}Include")]
    assert references == [f"cid:{content_id}" for content_id, _, _ in attachments]
    assert [(mime_type, content) for _, mime_type, content in attachments] == [
        ("text/xml", b"one"),
        ("text/xml", b"two"),
    ]
