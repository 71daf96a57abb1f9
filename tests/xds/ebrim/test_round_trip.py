from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from security.xml import parse
from xds.ebrim.objects import read_association, read_entry, read_submission_set
from xds.ebrim.writer import write_association, write_entry, write_submission_set
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet

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


def versioned(entry: DocumentEntry) -> DocumentEntry:
    """What is written always has a lid: without logicalID, it is the entryUUID."""
    return replace(entry, logical_id=entry.logical_id or entry.entry_uuid)


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
    extra=EXTRA,
)


@settings(max_examples=100, deadline=None)
@given(ENTRIES.map(versioned))
def test_ebrim_spelling_of_an_entry_loses_nothing(entry: DocumentEntry) -> None:
    assert read_entry(parse(write_entry(entry))) == entry


@settings(max_examples=40, deadline=None)
@given(SUBMISSION_SETS)
def test_ebrim_spelling_of_a_submission_set_loses_nothing(submission_set: SubmissionSet) -> None:
    assert read_submission_set(parse(write_submission_set(submission_set))) == submission_set


@settings(max_examples=40, deadline=None)
@given(ASSOCIATIONS)
def test_ebrim_spelling_of_an_association_loses_nothing(association: Association) -> None:
    assert read_association(parse(write_association(association))) == association


@settings(max_examples=40, deadline=None)
@given(ENTRIES)
def test_writing_twice_gives_the_same_bytes(entry: DocumentEntry) -> None:
    assert write_entry(entry) == write_entry(entry)
