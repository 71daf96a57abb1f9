"""Media read, verified and written: a right one, one twin for each rule, and those that the agency publishes."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from io import BytesIO

import pytest
from lxml import etree

from security import xml
from xds.metadata.association import Association, AssociationType
from xds.xdm.media import Severity
from xds.xdm.pages import Origin
from xds.xdm.reader import read_medium, resolve_uri
from xds.xdm.rules import METADATA, RULES, rule_of
from xds.xdm.verify import is_valid, verify
from xds.xdm.writer import write_medium, write_tree

ORIGIN = Origin(institution="Hôpital d'essai")
METADATA_XML = "IHE_XDM/SUBSET01/METADATA.XML"
DOCUMENT = "IHE_XDM/SUBSET01/DOC00001.TXT"
SECOND = "urn:uuid:00000000-0000-4000-8000-000000000002"


def slot(name: str) -> str:
    return rf'<rim:Slot name="{name}">.*?</rim:Slot>'


def renamed(files: dict[str, bytes], changes: dict[str, str]) -> dict[str, bytes]:
    return {changes.get(name, name): content for name, content in files.items()}


@pytest.fixture
def findings(of_files):
    """(rule, severity) of each finding on a medium of these files."""

    def find(files: dict[str, bytes]) -> list[tuple[str, str]]:
        return [(one.rule, one.severity.value) for one in verify(read_medium(of_files(files)))]

    return find


def test_a_written_medium_is_right_as_an_archive_and_as_a_directory(files, of_files, tmp_path):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    for source in (of_files(files), tmp_path):
        medium = read_medium(source)
        assert verify(medium) == ()
        assert [document.content for document in medium.submissions[0].documents] == [b"document 1.1", b"document 1.2"]


TREE_TWINS = {
    "XDM-README": lambda files: {name: content for name, content in files.items() if name != "README.TXT"},
    "XDM-INDEX": lambda files: {name: content for name, content in files.items() if name != "INDEX.HTM"},
    "XDM-DIRECTORY": lambda files: {name: content for name, content in files.items() if "/" not in name},
    "XDM-ENCLOSED": lambda files: {f"MEDIUM/{name}": content for name, content in files.items()},
    "XDM-SUBSET": lambda files: {name: files[name] for name in ("README.TXT", "INDEX.HTM")} | {"IHE_XDM/X.TXT": b""},
    "XDM-NAME": lambda files: {**files, "IHE_XDM/SUBSET01/STYLE-1.XSL": b""},
    "XDM-DEPTH": lambda files: {**files, "IHE_XDM/SUBSET01/1/2/3/4/5/6/F.TXT": b""},
    "XDM-XML": lambda files: {**files, METADATA_XML: b"<html/>"},
    "XDM-FILE": lambda files: {name: content for name, content in files.items() if name != DOCUMENT},
    "XDM-HASH": lambda files: {**files, DOCUMENT: b"document 9.1"},
}
METADATA_TWINS = {
    "XDM-URI": (r"DOC00001\.TXT", "../../../DOC00001.TXT"),
    "XDM-SIZE": (r"<rim:Value>12</rim:Value>", "<rim:Value>13</rim:Value>"),
    "XDM-MEMBER": (r'<rim:Association [^>]*targetObject="Document01".*?</rim:Association>', ""),
    "XDM-LINK": (
        "</rim:RegistryObjectList>",
        '<rim:Association id="A9" associationType="urn:ihe:iti:2007:AssociationType:APND" sourceObject="Document01"'
        ' targetObject="Document99"/></rim:RegistryObjectList>',
    ),
}


@pytest.mark.parametrize("rule", TREE_TWINS)
def test_each_rule_of_the_tree_catches_its_own_fault_and_no_other(rule, files, findings):
    assert findings(TREE_TWINS[rule](files)) == [(rule, "error")]


@pytest.mark.parametrize("rule", METADATA_TWINS)
def test_each_rule_of_the_metadata_catches_its_own_fault_and_no_other(rule, edited, findings):
    assert findings(edited(*METADATA_TWINS[rule])) == [(rule, "error")]


def test_two_sets_of_one_submission_time_are_told(submission, findings):
    files = write_tree([submission(1), submission(2)], ORIGIN)
    name = "IHE_XDM/SUBSET02/METADATA.XML"

    assert findings({**files, name: files[name].replace(b"20260301100002", b"20260301100001")}) == [
        ("XDM-TIME", "error")
    ]


def test_every_rule_has_its_twin():
    elsewhere = {"XDM-TIME", "XDM-REPEATED"}

    assert {*TREE_TWINS, *METADATA_TWINS, *elsewhere} == set(RULES)
    assert rule_of("O1") is METADATA


MANDATORY = {
    "entry entryUUID": r'(?<=<rim:ExtrinsicObject) (.*?) id="Document02"',
    "entry mimeType": r' mimeType="[^"]*"',
    "entry objectType": r' objectType="urn:uuid:7edca82f[^"]*"',
    "entry hash": slot("hash"),
    "entry size": slot("size"),
    "entry URI": slot("URI"),
    "entry uniqueId": r'<rim:ExternalIdentifier [^>]*2e82c1f6-a085.*?</rim:ExternalIdentifier>',
    "set sourceId": r'<rim:ExternalIdentifier [^>]*554ac39e-e3fe.*?</rim:ExternalIdentifier>',
    "set uniqueId": r'<rim:ExternalIdentifier [^>]*96fdda7c-d067.*?</rim:ExternalIdentifier>',
    "set submissionTime": slot("submissionTime"),
}  # fmt: skip


@pytest.mark.parametrize("attribute", MANDATORY)
def test_what_a_medium_requires_may_not_be_absent(attribute, edited, findings):
    found = findings(edited(MANDATORY[attribute], r" \1" if "entryUUID" in attribute else ""))

    assert ("O1", "error") in found
    assert "UUID" in attribute or found == [("O1", "error")]


OPTIONAL = {
    "language": slot("languageCode"),
    "creationTime": slot("creationTime"),
    "sourcePatientId": slot("sourcePatientId"),
    "typeCode": r"<rim:Classification [^>]*f0306f51-975f.*?</rim:Classification>",
    "confidentialityCode": r"<rim:Classification [^>]*f4f85eac-e6cb.*?</rim:Classification>",
    "entry patientId": r"<rim:ExternalIdentifier [^>]*58a6f841-87b3.*?</rim:ExternalIdentifier>",
    "set patientId": r"<rim:ExternalIdentifier [^>]*6b5aea1a-874d.*?</rim:ExternalIdentifier>",
}


@pytest.mark.parametrize("attribute", OPTIONAL)
def test_what_a_deposit_requires_may_be_absent_from_a_medium(attribute, edited, findings):
    assert findings(edited(OPTIONAL[attribute], "")) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r'registryObject="Document01"', 'registryObject="elsewhere"'),
        (r'classifiedObject="Document01"', 'classifiedObject="elsewhere"'),
        (r"XDSSubmissionSet\.sourceId", "XDSSumissionSet.sourceId"),
    ],
)
def test_what_only_repeats_the_place_of_an_element_is_a_warning(pattern, text, edited, of_files):
    found = verify(read_medium(of_files(edited(pattern, text))))

    assert [(one.rule, one.severity) for one in found] == [("XDM-REPEATED", Severity.WARNING)]
    assert is_valid(found)


def test_every_fault_is_told_at_once_and_says_where(edited, of_files):
    files = edited(r"<rim:Value>12</rim:Value>", "<rim:Value>13</rim:Value>", count=2)
    del files["README.TXT"]
    files[DOCUMENT] = b"document 9.1"

    found = verify(read_medium(of_files(files)))

    digests = [hashlib.sha1(text, usedforsecurity=False).hexdigest() for text in (b"document 1.1", b"document 9.1")]
    entry = f"{METADATA_XML}#ExtrinsicObject"
    assert [(one.rule, one.where, one.found, one.expected) for one in found] == [
        ("XDM-README", "README.TXT", None, "README.TXT"),
        ("XDM-HASH", f"{entry}[Document01]/Slot[hash]", *digests),
        ("XDM-SIZE", f"{entry}[Document01]/Slot[size]", "13", "12"),
        ("XDM-SIZE", f"{entry}[Document02]/Slot[size]", "13", "12"),
    ]


def test_a_hash_in_capitals_is_the_same_hash(edited, findings, files):
    digest = hashlib.sha1(b"document 1.1", usedforsecurity=False).hexdigest()

    assert findings(edited(digest, digest.upper())) == []


def test_other_files_are_ignored_and_their_names_only_told(files, findings):
    assert findings({**files, "VIEWER/RUN.EXE": b"", "autorun.inf": b""}) == [("XDM-NAME", "warning")]


def test_metadata_in_small_letters_are_read_and_the_name_is_told(files, findings):
    assert findings(renamed(files, {METADATA_XML: METADATA_XML.replace("METADATA.XML", "metadata.xml")})) == [
        ("XDM-NAME", "error")
    ]


def test_a_directory_without_metadata_beside_a_set_is_a_warning(files, findings):
    assert findings({**files, "IHE_XDM/IMAGES/A.JPG": b""}) == [("XDM-SUBSET", "warning")]


def test_two_submission_sets_in_one_metadata_file_are_told(edited, findings):
    found = findings(edited(r"(<rim:RegistryPackage .*?</rim:RegistryPackage>)", r"\1\1"))

    assert ("M2", "error") in found


def test_a_medium_of_several_patients_is_right(submission, findings):
    other = "279035121518990^^^&1.2.250.1.213.1.4.10&ISO^NH"

    assert findings(write_tree([submission(1), submission(2, patient=other)], ORIGIN)) == []


def test_an_association_may_name_a_registered_document(submission, findings):
    replacement = Association(
        entry_uuid="R1", association_type=AssociationType.RPLC, source="Document01", target=SECOND
    )

    assert findings(write_tree([submission(1, associations=[replacement])], ORIGIN)) == []


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("A.XML", "IHE_XDM/S/A.XML"), ("./A.XML", "IHE_XDM/S/A.XML"), ("D/A.XML", "IHE_XDM/S/D/A.XML"),
        ("../T/A.XML", "IHE_XDM/T/A.XML"), ("../../A.XML", "A.XML"), ("../../../A.XML", None), ("/A.XML", None),
        ("..\\A.XML", None), ("file:///etc/passwd", None), ("http://host/A", None), ("C:A.XML", None), ("", None),
        ("../../../IHE_XDM/S/A.XML", None), ("%2e%2e/A.XML", "IHE_XDM/S/%2e%2e/A.XML"),
    ],
)  # fmt: skip
def test_a_uri_is_relative_to_its_metadata_and_never_leaves_the_medium(uri, path):
    assert resolve_uri(uri, "IHE_XDM/S") == path
    assert resolve_uri(uri, "MEDIUM/IHE_XDM/S", "MEDIUM/") == (None if path is None else f"MEDIUM/{path}")


def test_a_uri_may_start_above_its_directory(files, edited, findings):
    moved = edited(r"DOC00001\.TXT", "../SHARED/A.TXT")
    moved["IHE_XDM/SHARED/A.TXT"] = moved.pop(DOCUMENT)

    assert findings(moved) == [("XDM-SUBSET", "warning")]


def test_a_uri_that_designates_a_directory_is_told(edited, findings):
    assert findings(edited(r"DOC00001\.TXT", "../SUBSET01/")) == [("XDM-URI", "error")]


def test_a_uri_that_aims_outside_of_an_enclosing_directory_finds_nothing(edited, of_files):
    inside = {f"M/{name}": content for name, content in edited(r"DOC00001\.TXT", "../../../A.TXT").items()}

    medium = read_medium(of_files({**inside, "A.TXT": b"document 1.1"}))

    assert medium.submissions[0].documents[0].content is None


class TestWriting:
    """What we make."""

    def test_the_same_sets_give_the_same_bytes(self, submission):
        sets = [submission(1), submission(2)]

        assert write_medium(sets, ORIGIN) == write_medium(sets, ORIGIN)

    def test_what_was_written_is_read_back(self, submission):
        medium = read_medium(write_medium([submission(1), submission(2)], ORIGIN))

        assert verify(medium) == ()
        assert [one.directory for one in medium.submissions] == ["IHE_XDM/SUBSET01", "IHE_XDM/SUBSET02"]
        for rank, read in enumerate(medium.submissions, start=1):
            written = submission(rank)
            assert read.request.submission_set == written.submission_set
            assert [document.content for document in read.documents] == [content for _, content in written.documents]
            assert [
                replace(document.entry, uri=None, hash=None, size=None, logical_id=None) for document in read.documents
            ] == [entry for entry, _ in written.documents]

    def test_the_standard_library_reads_it_too_and_files_are_for_their_owner(self, submission):
        archive = zipfile.ZipFile(BytesIO(write_medium([submission(1)], ORIGIN)))

        assert archive.testzip() is None
        assert archive.namelist() == [
            "README.TXT", "INDEX.HTM", "IHE_XDM/SUBSET01/DOC00001.TXT", "IHE_XDM/SUBSET01/DOC00002.TXT", METADATA_XML,
        ]  # fmt: skip
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100600}
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 3, 1, 10, 0, 0)}

    def test_the_index_is_xhtml_whose_links_lead_to_files(self, submission):
        made = submission(1)
        made = replace(made, documents=[(replace(made.documents[0][0], title='<b>&\x01"'), made.documents[0][1])])
        files = write_tree([made], Origin(institution="Hôpital <A&B>"))

        page = xml.parse(files["INDEX.HTM"].replace(b"<!DOCTYPE", b"<!--").replace(b'dtd">', b'dtd" -->'))
        links = [one.get("href") for one in page.iter("{http://www.w3.org/1999/xhtml}a")]
        assert links == ["README.TXT", DOCUMENT]
        assert all(link in files for link in links)
        assert "Hôpital <A&B>" in etree.tostring(page, method="text", encoding="unicode")

    def test_neither_page_names_a_patient(self, files):
        assert all(b"279035121518989" not in files[name] for name in ("README.TXT", "INDEX.HTM"))

    @pytest.mark.parametrize("sets", [(), (1, 1)])
    def test_no_set_or_two_of_one_time_cannot_be_written(self, sets, submission):
        with pytest.raises(ValueError, match=r"submission sets|submissionTimes"):
            write_medium([submission(rank) for rank in sets], ORIGIN)


def test_published_media_are_read_and_their_only_faults_are_repetitions(published):
    """The agency's examples name another object in classifiedObject and registryObject, and misspell sourceId."""
    for path in published:
        medium = read_medium(path)
        found = verify(medium)
        assert {one.rule for one in found} == {"XDM-REPEATED"}, path
        assert is_valid(found)
        assert all(one.documents and all(doc.content for doc in one.documents) for one in medium.submissions)
        assert any(one.found == "XDSSumissionSet.sourceId" for one in found)
