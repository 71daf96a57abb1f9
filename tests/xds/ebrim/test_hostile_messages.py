"""Whatever arrives, a reader answers with faults or with one word of refusal, never with an accident."""

import random
from collections.abc import Callable
from typing import Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.checks.metadata import check_metadata
from profiles.codes import load_domain
from security.errors import MalformedMessage
from security.xml import parse
from xds.ebrim.query import FIND_DOCUMENTS, GET_ALL, GET_DOCUMENTS, read_query
from xds.ebrim.reader import (
    read_adhoc_query,
    read_provide_and_register,
    read_remove_documents,
    read_remove_objects,
    read_retrieve_document_set,
    read_submit_objects,
)
from xds.ebrim.values import parse_values
from xds.ebrim.writer import write_registry_response, write_submit_objects
from xds.errors import Refusal, RegistryError
from xds.messages import AdhocQueryRequest, RegistryResponse
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import resolve

NASTY = ("", " ", "\u202e", "'\"<&>]]>", "urn:uuid:", "^^^&&ISO", "9" * 400, "\\", "('", "~|^&", "é" * 300, "-1", "0")


class Message(Protocol):
    body: etree._Element
    parts: dict[str, bytes]


def damage(body: etree._Element, choice: random.Random) -> None:
    elements = [one for one in body.iter() if isinstance(one.tag, str) and one.getparent() is not None]
    if not elements:
        return
    element = choice.choice(elements)
    parent = element.getparent()
    assert parent is not None
    match choice.randrange(6):
        case 0:
            parent.remove(element)
        case 1:
            parent.append(parse(etree.tostring(element)))
        case 2 if element.attrib:
            element.set(choice.choice(list(element.attrib)), choice.choice(NASTY))
        case 3 if element.attrib:
            del element.attrib[choice.choice(list(element.attrib))]
        case 4:
            element.text = choice.choice(NASTY)
        case _:
            choice.choice(elements).append(etree.Comment("x") if choice.random() < 0.5 else etree.PI("x", "y"))


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_submission_is_judged_and_answered(seed: int, new_message: Callable[[], Message]) -> None:
    choice = random.Random(seed)  # noqa: S311 - a seed, so that a failure can be seen again
    for _ in range(60):
        message = new_message()
        for _ in range(choice.randrange(1, 5)):
            damage(message.body, choice)
        request = read_provide_and_register(message.body, message.parts)
        errors = (*request.errors, *check_metadata(request, load_domain()))
        parse(write_registry_response(RegistryResponse.of(errors)))
        assert all(len(error.context) < 1500 for error in errors)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_submission_of_any_kind_is_read_resolved_and_written(
    seed: int, entry: DocumentEntry, submission_set: SubmissionSet, folder: Folder
) -> None:
    choice = random.Random(seed)  # noqa: S311 - a seed, so that a failure can be seen again
    order = Association(
        entry_uuid="order",
        association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
        source=submission_set.entry_uuid,
        target=folder.entry_uuid,
        original_status="a",
        new_status="b",
    )
    whole = write_submit_objects(submission_set, [entry], [order], [folder])
    for _ in range(60):
        body = parse(whole)
        for _ in range(choice.randrange(1, 5)):
            damage(body, choice)
        request = read_submit_objects(body, update=choice.random() < 0.5, limited=choice.random() < 0.5)
        parse(write_registry_response(RegistryResponse.of(request.errors)))
        if request.submission_set is None:
            assert "M2" in {error.rule for error in request.errors}
            continue
        lot = resolve(request.submission_set, request.entries, request.associations, folders=request.folders)
        written = parse(write_submit_objects(lot.submission_set, lot.entries, lot.associations, lot.folders))
        again = read_submit_objects(written, update=True, limited=True)
        assert again.submission_set == lot.submission_set
        assert [one.entry_uuid for one in again.folders] == [one.entry_uuid for one in lot.folders]


@pytest.mark.parametrize("seed", range(2))
def test_a_damaged_removal_is_read_or_refused(seed: int) -> None:
    choice = random.Random(seed)  # noqa: S311 - a seed, so that a failure can be seen again
    objects = (
        b'<l:RemoveObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"><r:ObjectRefList xmlns:r="urn:'
        b'oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><r:ObjectRef id="a"/><r:ObjectRef id="b"/></r:ObjectRefList>'
        b"</l:RemoveObjectsRequest>"
    )
    documents = (
        b'<m:RemoveDocumentsRequest xmlns:m="urn:ihe:iti:rmd:2017"><DocumentRequest xmlns="urn:ihe:iti:xds-b:2007">'
        b"<RepositoryUniqueId>1.2</RepositoryUniqueId><DocumentUniqueId>1.3</DocumentUniqueId></DocumentRequest>"
        b"</m:RemoveDocumentsRequest>"
    )
    for _ in range(100):
        one, other = parse(objects), parse(documents)
        damage(one, choice)
        damage(other, choice)
        request = read_remove_objects(one)
        assert request.ids or request.errors
        try:
            assert read_remove_documents(other)
        except MalformedMessage:
            continue


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_query_or_retrieval_is_read_or_refused(seed: int) -> None:
    choice = random.Random(seed)  # noqa: S311 - a seed, so that a failure can be seen again
    query = (
        b'<q:AdhocQueryRequest xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" xmlns:r="urn:oasis:names:tc:'
        b'ebxml-regrep:xsd:rim:3.0"><q:ResponseOption returnType="LeafClass"/><r:AdhocQuery'
        b' id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d'
        b"\"><r:Slot name='$XDSDocumentEntryPatientId'><r:ValueList><r:Value>'1^^^&amp;1.2&amp;ISO'</r:Value>"
        b"</r:ValueList></r:Slot><r:Slot name='$XDSDocumentEntryClassCode'><r:ValueList><r:Value>('1^^2')</r:Value>"
        b"</r:ValueList></r:Slot></r:AdhocQuery></q:AdhocQueryRequest>"
    )  # fmt: skip
    retrieval = (
        b'<RetrieveDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007"><DocumentRequest><RepositoryUniqueId>1.2'
        b"</RepositoryUniqueId><DocumentUniqueId>1.3</DocumentUniqueId></DocumentRequest></RetrieveDocumentSetRequest>"
    )
    for _ in range(100):
        one, other = parse(query), parse(retrieval)
        damage(one, choice)
        damage(other, choice)
        with pytest.raises((Refusal, MalformedMessage)):
            read_query(read_adhoc_query(one))
        try:
            assert read_retrieve_document_set(other)
        except MalformedMessage:
            continue


@settings(deadline=None)
@given(st.text(st.sampled_from("'(), ab\n^"), max_size=30))
def test_any_text_is_values_or_an_error_that_says_where(text: str) -> None:
    reason = ""
    values: tuple[str, ...] = ()
    try:
        values = parse_values(text)
    except ValueError as error:
        reason = str(error)
    assert values or "character" in reason or "empty" in reason


@settings(deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_values_written_as_the_standard_wants_are_read_back(values: list[str]) -> None:
    quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values)
    assert parse_values(f"({quoted})") == tuple(values)


NAMES = st.sampled_from(
    ["$XDSDocumentEntryPatientId", "$XDSDocumentEntryStatus", "$XDSDocumentEntryEntryUUID", "$patientId",
     "$XDSDocumentEntryConfidentialityCode", "$XDSDocumentEntryCreationTimeFrom", "$XDSDocumentEntryType", "$x"]
)  # fmt: skip
SLOTS = st.lists(
    st.tuples(NAMES, st.lists(st.sampled_from(["'a'", "('a^^b','c^^d')", "2004", "(", "", *NASTY])).map(tuple)),
    max_size=6,
)


@settings(deadline=None)
@given(st.sampled_from([FIND_DOCUMENTS, GET_ALL, GET_DOCUMENTS, "", "x"]), SLOTS)
def test_any_parameters_are_a_query_or_a_refusal(query_id: str, slots: list[tuple[str, tuple[str, ...]]]) -> None:
    request = AdhocQueryRequest(query_id=query_id, return_type="LeafClass", slots=tuple(slots))
    errors: tuple[RegistryError, ...] | None = None
    try:
        read_query(request)
    except Refusal as refusal:
        errors = refusal.errors
    assert errors != ()
