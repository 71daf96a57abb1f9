"""What real senders leave out or send too much of (ITI TF-3 §4.2.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from security.xml import parse
from xds.ebrim.reader import read_submit_objects
from xds.ebrim.writer import write_submit_objects
from xds.messages import SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet

RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"


def body_of(entry: DocumentEntry, submission_set: SubmissionSet) -> etree._Element:
    return parse(write_submit_objects(submission_set, (entry,), ()))


def read(body: etree._Element) -> SubmitObjectsRequest:
    return read_submit_objects(body)


def test_the_empty_code_of_an_author_may_be_left_out(entry: DocumentEntry, submission_set: SubmissionSet) -> None:
    body = body_of(entry, submission_set)
    without = [one for one in body.iter(f"{RIM}Classification") if one.get("nodeRepresentation") == ""]
    for classification in without:
        del classification.attrib["nodeRepresentation"]
    request = read(body)
    assert len(without) == 2
    assert request.errors == ()
    assert request.entries[0].authors == entry.authors


def test_what_is_optional_in_a_submission_may_be_left_out(entry: DocumentEntry, submission_set: SubmissionSet) -> None:
    body = body_of(entry, submission_set)
    for element in body.iter(f"{RIM}Classification", f"{RIM}ExternalIdentifier", f"{RIM}RegistryPackage"):
        element.attrib.pop("objectType", "")
    assert read(body).errors == ()


def test_comments_may_be_long(entry: DocumentEntry, submission_set: SubmissionSet) -> None:
    long = replace(entry, comments="mot " * 1000 + "fin")
    request = read(body_of(long, submission_set))
    assert (request.errors, request.entries[0].comments) == ((), long.comments)


def test_a_second_legal_authenticator_is_a_fault(entry: DocumentEntry, submission_set: SubmissionSet) -> None:
    body = body_of(entry, submission_set)
    (values,) = body.findall(f".//{RIM}Slot[@name='legalAuthenticator']/{RIM}ValueList")
    etree.SubElement(values, f"{RIM}Value").text = "801^AUTRE"
    (error,) = read(body).errors
    assert (error.rule, error.location) == ("O2", "ExtrinsicObject[Document01]/Slot[legalAuthenticator]")


@pytest.mark.parametrize("status", ["Approved", "urn:oasis:names:tc:ebxml-regrep:StatusType:Submitted", ""])
@pytest.mark.parametrize("kind", ["ExtrinsicObject", "RegistryPackage", "Association"])
def test_any_status_may_be_sent_and_none_counts(
    kind: str, status: str, entry: DocumentEntry, submission_set: SubmissionSet
) -> None:
    member = Association(
        entry_uuid="m", association_type=AssociationType.HAS_MEMBER, source="SubmissionSet01", target="Document01"
    )
    body = parse(write_submit_objects(submission_set, (entry,), (member,)))
    for element in body.iter(f"{RIM}{kind}"):
        element.set("status", status)
        element.set("home", "somewhere")
    assert read(body).errors == ()


@pytest.mark.parametrize(
    ("place", "xml"),
    [
        ("ExtrinsicObject", '<rim:VersionInfo versionName="1.1"/>'),
        ("ExtrinsicObject", '<rim:ContentVersionInfo versionName="1.1"/>'),
        ("Classification", '<rim:VersionInfo versionName="-1"/>'),
        ("ExternalIdentifier", "<rim:Description/>"),
        ("Association", "<rim:Name/>"),
        ("Association", "<rim:Description/>"),
    ],
)
def test_what_ebrim_allows_and_xds_does_not_use_is_no_fault(
    place: str, xml: str, entry: DocumentEntry, submission_set: SubmissionSet
) -> None:
    member = Association(
        entry_uuid="m", association_type=AssociationType.HAS_MEMBER, source="SubmissionSet01", target="Document01"
    )
    body = parse(write_submit_objects(submission_set, (entry,), (member,)))
    (addition,) = parse(f'<x xmlns:rim="{RIM[1:-1]}">{xml}</x>'.encode())
    next(body.iter(f"{RIM}{place}")).append(addition)
    request = read(body)
    assert request.errors == ()
    assert request.entries[0].title == entry.title


def test_a_slot_without_values_is_an_attribute_that_is_absent(
    entry: DocumentEntry, submission_set: SubmissionSet
) -> None:
    body = body_of(entry, submission_set)
    for name in ("legalAuthenticator", "URI"):
        (values,) = body.findall(f".//{RIM}Slot[@name='{name}']/{RIM}ValueList")
        values[:] = []
    request = read(body)
    assert request.errors == ()
    assert (request.entries[0].legal_authenticator, request.entries[0].uri) == (None, None)
