"""What lasts of a resource, kept and put together again later, is the resource that would be written then."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from security.xml import parse
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_entry
from xds.ebrim.writer import write_entry
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus
from xds.mhd.document_reference import FORM, write_document_reference, write_lasting
from xds.mhd.moving import IdPolicy, Moving, complete

from .test_round_trip import ENTRIES, IDS, an_entry

TARGETS = st.uuids().map(lambda value: f"DocumentReference/{value}")
MOMENTS = st.none() | st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))
LATER = st.builds(
    Moving,
    entry_uuid=IDS,
    logical_id=st.none() | IDS,
    version=st.integers(min_value=1, max_value=99),
    status=st.sampled_from(AvailabilityStatus),
    url=st.none() | st.uuids().map(lambda value: f"https://example.org/fhir/Binary/{value}"),
    relates_to=st.lists(st.tuples(st.sampled_from(AssociationType), TARGETS), max_size=3).map(tuple),
    last_updated=MOMENTS,
    id_policy=st.sampled_from(IdPolicy),
)


@given(ENTRIES, LATER)
@settings(max_examples=200, deadline=None)
def test_what_was_kept_and_what_moved_since_are_what_is_written_of_both(entry, later):
    # Given what lasts of an entry as it is kept when it is registered, and its fragment,
    kept, fragment = orjson.dumps(write_lasting(entry)), write_entry(entry)
    # when it is answered, whatever moved since then,
    answered = complete(orjson.loads(kept), later)
    # then that is what is written of its fragment by who has nothing kept.
    now = replace(
        read_entry(parse(fragment), Faults()),
        entry_uuid=later.entry_uuid,
        logical_id=later.logical_id,
        version=later.version,
        availability_status=later.status,
    )
    written = write_document_reference(
        now,
        url=later.url,
        relates_to=later.relates_to,
        last_updated=later.last_updated,
        id_policy=later.id_policy,
    )
    assert orjson.dumps(answered) == orjson.dumps(written)


@given(ENTRIES, LATER)
@settings(max_examples=100, deadline=None)
def test_nothing_that_moves_is_kept(entry, later):
    moved = replace(
        entry,
        entry_uuid=later.entry_uuid,
        logical_id=later.logical_id,
        version=later.version,
        availability_status=later.status,
    )
    assert write_lasting(moved) == write_lasting(entry)


def test_another_spelling_of_what_lasts_has_another_form():
    # When this fails because an entry is written in another way on purpose, FORM is to be the next number, and the
    # digest that of the new form: what houses kept in the former one is not read then.
    assert (FORM, hashlib.sha256(orjson.dumps(write_lasting(an_entry()))).hexdigest()[:8]) == (
        1,
        "4a1e6b70",
    )
