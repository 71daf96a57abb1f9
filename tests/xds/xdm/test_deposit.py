"""A medium as a submission for a registry: complete, of one set, all its faults in one go."""

from __future__ import annotations

import pytest

from xds.xdm.archive import read_archive
from xds.xdm.deposit import ONE_SET, read_deposit
from xds.xdm.pages import Origin
from xds.xdm.reader import open_tree
from xds.xdm.writer import write_medium


@pytest.fixture
def rules(of_files):
    """Rules of the errors, and of the warnings, of a medium of these files."""

    def found(files):
        deposit = read_deposit(read_archive(of_files(files)))
        return [one.rule for one in deposit.request.errors], [one.rule for one in deposit.warnings]

    return found


@pytest.fixture
def complete(edited):
    """The right medium of the tests, with the one thing that a registry asks for besides."""
    code = (
        '<rim:Classification id="cl" classifiedObject="SubmissionSet01" nodeRepresentation="07"'
        ' classificationScheme="urn:uuid:aa543740-bdda-424e-8c96-df4873be8500">'
        '<rim:Slot name="codingScheme"><rim:ValueList><rim:Value>1.2.3</rim:Value></rim:ValueList></rim:Slot>'
        '<rim:Name><rim:LocalizedString value="x"/></rim:Name></rim:Classification>'
    )
    return edited(r"(<rim:RegistryPackage .*?)(<rim:ExternalIdentifier)", rf"\g<1>{code}\g<2>")


def test_a_right_medium_is_one_submission_with_its_documents(complete, of_files):
    deposit = read_deposit(read_archive(of_files(complete)))

    assert (deposit.request.errors, deposit.warnings) == ((), ())
    assert [deposit.request.documents[one.entry_uuid] for one in deposit.request.entries] == [
        b"document 1.1",
        b"document 1.2",
    ]
    assert {one.uri for one in deposit.request.entries} == {None}


def test_what_a_medium_may_leave_out_is_told(files, rules):
    assert rules(files) == (["O1"], [])


@pytest.mark.parametrize("name", ["hash", "size", "URI"])
def test_what_a_medium_must_say_is_told_once(complete, rules, name):
    metadata = "IHE_XDM/SUBSET01/METADATA.XML"
    text = complete[metadata].decode()
    start = text.index(f'<rim:Slot name="{name}">')
    end = text.index("</rim:Slot>", start) + len("</rim:Slot>")

    errors, _ = rules({**complete, metadata: (text[:start] + text[end:]).encode()})

    assert errors == ["O1"]


def test_what_only_repeats_is_a_warning(complete, rules):
    metadata = "IHE_XDM/SUBSET01/METADATA.XML"
    changed = complete[metadata].replace(b'registryObject="Document01"', b'registryObject="Document09"')

    errors, warnings = rules({**complete, metadata: changed})

    assert errors == []
    assert set(warnings) == {"XDM-REPEATED"}


def test_two_sets_are_no_submission(submission):
    content = write_medium([submission(1), submission(2)], Origin(institution="CHU"))

    deposit = read_deposit(open_tree(content))

    assert ONE_SET in [one.rule for one in deposit.request.errors]
    assert deposit.request.entries == ()


def test_no_set_is_no_submission(files, rules):
    errors, _ = rules({name: content for name, content in files.items() if "/" not in name})

    assert set(errors) == {"XDM-DIRECTORY", ONE_SET}


def test_media_of_the_agency_have_nothing_against_them_but_what_a_registry_asks_for(published):
    for path in published:
        deposit = read_deposit(open_tree(path))
        assert {one.rule for one in deposit.request.errors} <= {"O1", ONE_SET}, path
