"""What real senders leave out or send too much of (ITI TF-3 §4.2.3)."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from security.xml import parse
from xds.ebrim.reader import read_submit_objects
from xds.ebrim.writer import write_submit_objects
from xds.messages import SubmitObjectsRequest
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
