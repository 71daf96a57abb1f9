"""Updates and removals made to break what is registered, one after the other and all at once (ITI-57, 62, 86, 43)."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from samples.client.answers import body_of
from samples.client.queries import APPROVED, DEPRECATED
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, new_submission, one_document
from samples.xds.updates import submit_association, update_entry, update_status
from xds.metadata.association import Association
from xds.metadata.association import AssociationType as Type
from xds.metadata.document_entry import DocumentEntry

REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
VERSION, UPDATE, OPERATION = "XDSMetadataVersionError", "XDSMetadataUpdateError", "XDSMetadataUpdateOperationError"
METADATA, UNRESOLVED, UNKNOWN = "XDSRegistryMetadataError", "UnresolvedReferenceException", "XDSDocumentUniqueIdError"
Order = Callable[[XdsSubmission, DocumentEntry], XdsSubmission]


def deposited(siege: Any, patient: DomainPatient | None = None) -> DocumentEntry:
    lot = one_document(patient or siege.patient)
    assert siege.source.provide_and_register(lot).succeeded
    (entry,) = siege.consumer.get_documents(unique_ids=lot.unique_ids).document_entries
    found: DocumentEntry = entry
    return found


def many_orders(lot: XdsSubmission, entry: DocumentEntry) -> XdsSubmission:
    orders = (
        Association(
            entry_uuid=f"Order{rank}",
            association_type=Type.UPDATE_AVAILABILITY_STATUS,
            source=lot.submission_set.entry_uuid,
            target=entry.entry_uuid,
            original_status=APPROVED,
            new_status=DEPRECATED,
        )
        for rank in range(2_000)
    )
    return replace(lot, associations=tuple(orders))


ORDERS: dict[str, tuple[Order, set[str]]] = {
    **{
        f"PreviousVersion {value!r:.12}": (partial(update_entry, previous_version=value), {VERSION})
        for value in ("0", "-1", "1" + "0" * 20, "", "x", "1.0", "\u0661", "+1", "' OR 1=1")
    },
    "a PreviousVersion of 5000 digits": (partial(update_entry, previous_version="1" * 5000), {VERSION, METADATA}),
    "a propagation of its own": (partial(update_entry, association_propagation="maybe"), {UPDATE}),
    "an invented logicalID": (partial(update_entry, logical_id=f"urn:uuid:{uuid4()}"), {VERSION}),
    "a logicalID that is SQL": (partial(update_entry, logical_id="' OR 1=1 --"), {UPDATE, VERSION}),
    "a status of its own": (lambda lot, e: update_status(lot, e.entry_uuid, original="x", new="y"),
                            {OPERATION, UPDATE}),
    "the same status": (lambda lot, e: update_status(lot, e.entry_uuid, new=APPROVED), {OPERATION, UPDATE}),
    "the status of nothing": (lambda lot, _: update_status(lot, f"urn:uuid:{uuid4()}"), {UPDATE}),
    "the status of itself": (lambda lot, _: update_status(lot, lot.submission_set.entry_uuid), {UPDATE}),
    "an association with itself": (lambda lot, e: submit_association(lot, Type.APND, e.entry_uuid, e.entry_uuid),
                                   {UPDATE}),
    "an order of itself": (lambda lot, _: lot.associate(Type.SUBMIT_ASSOCIATION, "SubmissionSet01", "Association01"),
                           {OPERATION}),
    "2000 orders for one document": (many_orders, {UPDATE}),
    "nothing": (lambda lot, _: lot, {OPERATION}),
}  # fmt: skip


@pytest.fixture(scope="module")
def entry(siege: Any) -> DocumentEntry:
    return deposited(siege)


@pytest.mark.parametrize("what", ORDERS)
def test_a_hostile_update_is_refused_and_nothing_is_changed(siege: Any, entry: DocumentEntry, what: str) -> None:
    order, codes = ORDERS[what]
    answer = siege.withstands(lambda: siege.consumer.update(order(new_submission(siege.patient), entry)))

    assert answer.status.endswith(":Failure")
    assert answer.errors
    assert set(answer.error_codes) <= codes, answer.errors
    assert siege.consumer.get_documents(unique_ids=[entry.unique_id]).document_entries == (entry,)


@pytest.mark.parametrize("name", ["x" * 300, "' OR 1=1 --", "\U0001f600", "%", "urn:uuid:", "../../etc/passwd"])
def test_names_of_nothing_remove_nothing_and_give_nothing(siege: Any, name: str) -> None:
    consumer, document = siege.consumer, [(REPOSITORY, name)]
    siege.refuses(lambda: consumer.remove_metadata([name]), UNRESOLVED)
    siege.refuses(lambda: consumer.remove_documents(document), UNKNOWN)
    siege.refuses(lambda: consumer.remove_documents([(name, "1.2.3")]), "XDSUnknownRepositoryId")
    siege.refuses(lambda: consumer.retrieve(document), UNKNOWN)


def test_the_id_of_a_document_in_capitals_is_not_its_id(siege: Any, entry: DocumentEntry) -> None:
    capitals = entry.entry_uuid.upper().replace("URN:UUID", "urn:uuid")
    siege.withstands(lambda: siege.consumer.remove_metadata([capitals]))


def test_twenty_thousand_removals_are_each_reported(siege: Any) -> None:
    ids = [f"urn:uuid:{uuid4()}" for _ in range(20_000)]
    answer = siege.refuses(lambda: siege.consumer.remove_metadata(ids), UNRESOLVED)
    assert len(answer.errors) == len(ids)


@pytest.mark.parametrize(
    ("operation", "tag", "kind"),
    [
        ("remove_metadata", "ObjectRef", "XML_LIMIT"),
        ("remove_documents", "DocumentRequest", "HTTP_LIMIT"),
        ("retrieve", "DocumentRequest", "MIME_LIMIT"),
    ],
)
def test_two_hundred_thousand_names_are_more_than_a_message_holds(
    siege: Any, operation: str, tag: str, kind: str
) -> None:
    consumer = siege.consumer
    service = consumer.registry if operation == "remove_metadata" else consumer.repository
    named = ["urn:uuid:404"] if operation == "remove_metadata" else [(REPOSITORY, "1.2.3")]
    message = getattr(consumer, f"{operation}_message")(named)
    one = re.search(rf"<(\w+:{tag})\b[^>]*(/>|>.*?</\1>)".encode(), message.root, re.DOTALL)
    assert one is not None
    swollen = message.with_root(message.root.replace(one[0], one[0] * 200_000))

    siege.faults(lambda: body_of(consumer.transport.exchange(service.address, swollen), "a fault"), kind)


def test_one_document_amended_and_removed_by_many_at_once_ends_in_one_story(siege: Any, patient: DomainPatient) -> None:
    """Each is told success or a refusal of the standard; what is left agrees with what was told."""
    entry = deposited(siege, patient)
    ids = siege.consumer.get_all(patient.cx, return_type="ObjectRef").ids
    broken = siege.incidents()

    def strike(rank: int) -> tuple[int, bool, tuple[str, ...]]:
        with closing(siege.house.consumer("dr-essai")) as client:
            lot = new_submission(patient)
            blows = (
                lambda: client.remove_metadata(ids),
                lambda: client.update(update_entry(lot, entry, title=f"Version of {rank}")),
                lambda: client.remove_documents([(REPOSITORY, entry.unique_id)]),
                lambda: client.update(update_status(lot, entry.entry_uuid)),
            )
            answer = blows[rank % 4]()
            return rank % 4, answer.succeeded, tuple(answer.error_codes)

    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(strike, range(12)))

    expected = {UNRESOLVED, VERSION, UPDATE, OPERATION, UNKNOWN, "ReferencesExistException", "XDSRegistryBusy",
                "XDSUnreferencedObjectException", METADATA, "XDSUnknownPatientId"}  # fmt: skip
    assert {code for _, _, codes in told for code in codes} <= expected, told
    done = [blow for blow, succeeded, _ in told if succeeded]
    assert max(done.count(blow) for blow in range(4)) == 1, "nothing was done twice"
    left = siege.consumer.get_all(patient.cx, status=[APPROVED, DEPRECATED]).document_entries
    assert len(left) == 1 - done.count(0) + done.count(1), "a version that was made stays; the first goes if removed"
    if 2 in done:
        assert siege.consumer.retrieve([(REPOSITORY, entry.unique_id)]).error_codes == [UNKNOWN]
    assert siege.incidents() == broken
    siege.serves()
