import random
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from security.xml import parse
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_association, read_entry, read_folder, read_submission_set
from xds.ebrim.reader import read_submit_objects
from xds.ebrim.writer import (
    write_association,
    write_entry,
    write_folder,
    write_submission_set,
    write_submit_objects,
)
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.mhd.document_reference import write_lasting

# What XML 1.0 can hold: everything but controls and surrogates.
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n")
# A slot value is at most 256 characters, and blanks around it do not count.
VALUES = st.text(CHARACTERS, min_size=1, max_size=40).map(str.strip).filter(bool)
ATTRIBUTES = st.text(CHARACTERS | st.just("\r"), min_size=1, max_size=40)
LISTS = st.lists(VALUES, max_size=3).map(tuple)
IDS = st.uuids().map(lambda value: f"urn:uuid:{value}") | st.sampled_from(["Document01", "id_1", "'\"<&>"])
CODES = st.builds(Code, VALUES, VALUES, ATTRIBUTES)
EXTRA = st.dictionaries(VALUES.map(lambda name: f"urn:example:{name}"), LISTS, max_size=3).map(
    lambda slots: tuple(slots.items())
)
AUTHORS = st.lists(
    st.builds(
        Author,
        person=st.none() | VALUES,
        institutions=LISTS,
        roles=LISTS,
        specialties=LISTS,
        telecommunications=LISTS,
    ),
    max_size=2,
).map(tuple)


Versioned = TypeVar("Versioned", DocumentEntry, Folder)


def versioned(one: Versioned) -> Versioned:
    """What is written always has a lid: without logicalID, it is the entryUUID."""
    return replace(one, logical_id=one.logical_id or one.entry_uuid)


ENTRIES = st.builds(
    DocumentEntry,
    entry_uuid=IDS,
    unique_id=VALUES,
    patient_id=VALUES,
    source_patient_id=VALUES,
    mime_type=ATTRIBUTES,
    language_code=VALUES,
    creation_time=VALUES,
    class_code=CODES,
    type_code=CODES,
    format_code=CODES,
    healthcare_facility_type_code=CODES,
    practice_setting_code=CODES,
    confidentiality_codes=st.lists(CODES, min_size=1, max_size=3).map(tuple),
    object_type=st.sampled_from([STABLE, ON_DEMAND]),
    authors=AUTHORS,
    event_codes=st.lists(CODES, max_size=2).map(tuple),
    availability_status=st.sampled_from(AvailabilityStatus),
    comments=st.none() | ATTRIBUTES,
    document_availability=st.none() | VALUES,
    hash=st.none() | VALUES,
    size=st.none() | st.integers(0, 10**15),
    home_community_id=st.none() | ATTRIBUTES,
    legal_authenticator=st.none() | VALUES,
    logical_id=st.none() | IDS,
    reference_ids=LISTS,
    repository_unique_id=st.none() | VALUES,
    service_start_time=st.none() | VALUES,
    service_stop_time=st.none() | VALUES,
    source_patient_info=LISTS,
    title=st.none() | ATTRIBUTES,
    uri=st.none() | VALUES,
    version=st.integers(1, 10**6),
    extra=EXTRA,
)
SUBMISSION_SETS = st.builds(
    SubmissionSet,
    entry_uuid=IDS,
    unique_id=VALUES,
    patient_id=VALUES,
    source_id=VALUES,
    submission_time=VALUES,
    content_type_code=CODES,
    authors=AUTHORS,
    comments=st.none() | ATTRIBUTES,
    home_community_id=st.none() | ATTRIBUTES,
    intended_recipients=LISTS,
    title=st.none() | ATTRIBUTES,
    extra=EXTRA,
)
ASSOCIATIONS = st.builds(
    Association,
    entry_uuid=IDS,
    association_type=st.sampled_from(AssociationType),
    source=IDS,
    target=IDS,
    submission_set_status=st.none() | st.sampled_from(["Original", "Reference"]),
    documentation=st.none() | CODES,
    previous_version=st.none() | VALUES,
    association_propagation=st.none() | VALUES,
    original_status=st.none() | VALUES,
    new_status=st.none() | VALUES,
    availability_status=st.sampled_from(AvailabilityStatus),
    extra=EXTRA,
)
FOLDERS = st.builds(
    Folder,
    entry_uuid=IDS,
    unique_id=VALUES,
    patient_id=VALUES,
    codes=st.lists(CODES, min_size=1, max_size=3).map(tuple),
    title=ATTRIBUTES,
    comments=st.none() | ATTRIBUTES,
    availability_status=st.sampled_from(AvailabilityStatus),
    home_community_id=st.none() | ATTRIBUTES,
    last_update_time=st.none() | VALUES,
    logical_id=st.none() | IDS,
    version=st.integers(1, 10**6),
    extra=EXTRA,
)
# What a medium may leave out (ITI TF-3 §4.3.1, column XDM).
LIMITED_ENTRIES = st.builds(
    DocumentEntry,
    entry_uuid=IDS,
    unique_id=VALUES,
    mime_type=ATTRIBUTES,
    hash=VALUES,
    size=st.integers(0, 10**15),
    uri=VALUES,
    limited_metadata=st.booleans(),
    patient_id=st.just("") | VALUES,
    source_patient_id=st.just("") | VALUES,
    language_code=st.just("") | VALUES,
    creation_time=st.just("") | VALUES,
    class_code=st.none() | CODES,
    type_code=st.none() | CODES,
    format_code=st.none() | CODES,
    healthcare_facility_type_code=st.none() | CODES,
    practice_setting_code=st.none() | CODES,
    confidentiality_codes=st.lists(CODES, max_size=2).map(tuple),
)
LIMITED_SETS = st.builds(
    SubmissionSet,
    entry_uuid=IDS,
    unique_id=VALUES,
    source_id=VALUES,
    submission_time=VALUES,
    limited_metadata=st.booleans(),
    patient_id=st.just("") | VALUES,
    content_type_code=st.none() | CODES,
)
LIMITED_FOLDERS = st.builds(
    Folder,
    entry_uuid=IDS,
    unique_id=VALUES,
    limited_metadata=st.booleans(),
    patient_id=st.just("") | VALUES,
    codes=st.lists(CODES, max_size=2).map(tuple),
    title=st.none() | ATTRIBUTES,
)
RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"
SCHEMA = etree.XMLSchema(file=str(Path(__file__).parents[3] / "gateway" / "wire" / "wsdl" / "lcm.xsd"))


@settings(max_examples=100, deadline=None)
@given(ENTRIES.map(versioned))
def test_ebrim_spelling_of_an_entry_loses_nothing(entry: DocumentEntry) -> None:
    assert read_entry(parse(write_entry(entry))) == entry


@settings(max_examples=100, deadline=None)
@given(ENTRIES.map(versioned) | LIMITED_ENTRIES.map(versioned))
def test_what_lasts_in_fhir_of_any_entry_is_the_same_before_and_after_its_spelling_in_ebrim(
    entry: DocumentEntry,
) -> None:
    read = read_entry(parse(write_entry(entry)), Faults())
    assert orjson.dumps(write_lasting(entry)) == orjson.dumps(write_lasting(read))


@settings(max_examples=40, deadline=None)
@given(SUBMISSION_SETS)
def test_ebrim_spelling_of_a_submission_set_loses_nothing(submission_set: SubmissionSet) -> None:
    assert read_submission_set(parse(write_submission_set(submission_set))) == submission_set


@settings(max_examples=40, deadline=None)
@given(ASSOCIATIONS)
def test_ebrim_spelling_of_an_association_loses_nothing(association: Association) -> None:
    assert read_association(parse(write_association(association))) == association


@settings(max_examples=60, deadline=None)
@given(FOLDERS.map(versioned))
def test_ebrim_spelling_of_a_folder_loses_nothing(folder: Folder) -> None:
    assert read_folder(parse(write_folder(folder))) == folder


@settings(max_examples=40, deadline=None)
@given(LIMITED_ENTRIES.map(versioned), LIMITED_SETS, LIMITED_FOLDERS.map(versioned))
def test_limited_metadata_lose_nothing_either(
    entry: DocumentEntry, submission_set: SubmissionSet, folder: Folder
) -> None:
    assert read_entry(parse(write_entry(entry)), limited=True) == entry
    assert read_submission_set(parse(write_submission_set(submission_set)), limited=True) == submission_set
    assert read_folder(parse(write_folder(folder)), limited=True) == folder


@settings(max_examples=40, deadline=None)
@given(ENTRIES, FOLDERS, SUBMISSION_SETS)
def test_writing_twice_gives_the_same_bytes(
    entry: DocumentEntry, folder: Folder, submission_set: SubmissionSet
) -> None:
    assert write_entry(entry) == write_entry(read_entry(parse(write_entry(entry))))
    assert write_folder(folder) == write_folder(read_folder(parse(write_folder(folder))))
    fragment = write_submission_set(submission_set)
    assert write_submission_set(read_submission_set(parse(fragment))) == fragment


@settings(max_examples=30, deadline=None)
@given(
    SUBMISSION_SETS, st.lists(ENTRIES, max_size=2), st.lists(FOLDERS, max_size=2), st.lists(ASSOCIATIONS, max_size=2)
)
def test_any_submission_that_is_written_is_valid_against_the_schema_and_read_back(
    submission_set: SubmissionSet,
    entries: list[DocumentEntry],
    folders: list[Folder],
    associations: list[Association],
) -> None:
    # The schema has ids and communities as URIs; texts and codes are anything.
    ids = iter(f"urn:uuid:00000000-0000-4000-8000-{number:012}" for number in range(20))
    home = "urn:oid:1.2"
    submission_set = replace(submission_set, entry_uuid=next(ids), home_community_id=home)
    entries = [
        replace(one, entry_uuid=next(ids), logical_id=next(ids), home_community_id=home, object_type=STABLE)
        for one in entries
    ]
    folders = [replace(one, entry_uuid=next(ids), logical_id=next(ids), home_community_id=home) for one in folders]
    associations = [replace(one, entry_uuid=next(ids), source=next(ids), target=next(ids)) for one in associations]
    root = parse(write_submit_objects(submission_set, entries, associations, folders))
    assert SCHEMA.validate(root), SCHEMA.error_log
    request = read_submit_objects(root, update=True)
    assert request.errors == ()
    assert request.submission_set == submission_set
    assert request.entries == tuple(entries)
    assert request.folders == tuple(folders)
    assert request.associations == tuple(associations)


def respelled(element: etree._Element, choice: random.Random) -> None:
    """Spell the same object as other senders do: indented, in another order, with languages, comments and no types."""
    children = list(element)
    choice.shuffle(children)
    element[:] = children
    for part in element.iter():
        if part is not element and "objectType" in part.attrib:
            del part.attrib["objectType"]
        if part.tag == f"{RIM}LocalizedString":
            part.set("{http://www.w3.org/XML/1998/namespace}lang", "fr-FR")
            part.set("charset", "UTF-8")
            part.addnext(etree.Element(f"{RIM}LocalizedString", value="the same in another language"))
        elif part.tag == f"{RIM}Value":
            part.text = f"\n\t {part.text} "
        elif part.tag in (f"{RIM}Classification", f"{RIM}ExternalIdentifier") and choice.random() < 0.5:
            del part.attrib["id"]
    element.insert(0, etree.Comment("made by another hand"))


@settings(max_examples=40, deadline=None)
@given(ENTRIES.map(versioned), FOLDERS.map(versioned), SUBMISSION_SETS, st.randoms(use_true_random=False))
def test_another_spelling_of_the_same_object_is_read_as_the_same(
    entry: DocumentEntry, folder: Folder, submission_set: SubmissionSet, choice: random.Random
) -> None:
    one, other, third = (
        parse(write_entry(entry)), parse(write_folder(folder)), parse(write_submission_set(submission_set))
    )  # fmt: skip
    for element in (one, other, third):
        respelled(element, choice)
    # Lists keep the order of the message, whatever it is: they are compared as sets.
    assert sets_of(read_entry(one)) == sets_of(entry)
    assert sets_of(read_folder(other)) == sets_of(folder)
    assert sets_of(read_submission_set(third)) == sets_of(submission_set)


def sets_of(one: DocumentEntry | Folder | SubmissionSet) -> dict[str, object]:
    ordered = {"source_patient_info", "reference_ids", "intended_recipients"}
    attributes = {field.name: getattr(one, field.name) for field in fields(one)}
    return {
        name: frozenset(value) if isinstance(value, tuple) and name not in ordered else value
        for name, value in attributes.items()
    }
