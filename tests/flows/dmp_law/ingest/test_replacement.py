"""Replacing one's own document: by the id that it has now, and no other (DMP TD2.1b)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from uuid import uuid4

from samples.documents.vsm import vsm

from .conftest import OTHER, Desk

STALE, UNKNOWN = "XDSRegistryDeprecatedDocumentError", "UnresolvedReferenceException"


def replacement(desk: Desk, old: str, target: str, **changes: Any) -> Any:
    return desk.lot([vsm(desk.patient, replaces=old, version=2)], replaces={0: target}, **changes)


def mask(desk: Desk, unique_id: str) -> None:
    """Somebody masks the document: it has another version, and another entryUUID."""
    named = desk.rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'ecluse.document_entries'::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = ''"
    )
    columns = [name for (name,) in named]
    changed = {"entry_uuid": "gen_random_uuid()", "version": "version + 1", "status": "'APPROVED'"}
    with closing(desk.house.owner()) as connection, connection.transaction():
        connection.execute(
            "UPDATE ecluse.document_entries SET status = 'DEPRECATED' WHERE unique_id = %s", (unique_id,)
        )
        connection.execute(
            f"INSERT INTO ecluse.document_entries ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(changed.get(name, name) for name in columns)}"
            " FROM ecluse.document_entries WHERE unique_id = %s",
            (unique_id,),
        )
    desk.set_record(default_masking=False)


def test_a_document_is_looked_up_then_replaced(desk: Desk) -> None:
    (old,) = desk.deposited().unique_ids
    (found,) = desk.reference(old).ids

    (new,) = desk.deposited(vsm(desk.patient, replaces=old, version=2), replaces={0: found}).unique_ids

    assert (desk.entry(old)["status"], desk.entry(new)["status"]) == ("DEPRECATED", "APPROVED")
    ((before, after),) = desk.rows(
        "SELECT o.logical_id, n.logical_id FROM ecluse.document_entries o, ecluse.document_entries n"
        " WHERE o.unique_id = %s AND n.unique_id = %s",
        old,
        new,
    )
    assert before != after
    assert desk.scene.found() == [new]


def test_an_id_that_is_stale_is_refused_and_the_one_that_is_looked_up_again_is_taken(desk: Desk) -> None:
    (old,) = desk.deposited().unique_ids
    stale = desk.entry(old)["entry_uuid"]
    mask(desk, old)

    desk.refused(lambda: desk.deposit(replacement(desk, old, stale)), STALE, operation="TD2.1", rule="A10")

    (current,) = desk.reference(old).ids
    assert current != stale
    assert desk.deposit(replacement(desk, old, current)).succeeded


def test_what_was_replaced_already_is_refused(desk: Desk) -> None:
    (old,) = desk.deposited().unique_ids
    target = desk.entry(old)["entry_uuid"]
    assert desk.deposit(replacement(desk, old, target)).succeeded

    desk.refused(lambda: desk.deposit(replacement(desk, old, target)), STALE, operation="TD2.1")


def test_what_was_deleted_is_refused(desk: Desk) -> None:
    (old,) = desk.deposited().unique_ids
    target = desk.entry(old)["entry_uuid"]
    assert desk.update(desk.deletion(target)).succeeded

    desk.refused(lambda: desk.deposit(replacement(desk, old, target)), STALE, operation="TD2.1")


def test_a_document_of_another_author_of_another_patient_and_none_are_refused_alike(desk: Desk, new_scene: Any) -> None:
    (theirs,) = desk.deposited(who=OTHER).unique_ids
    elsewhere = Desk(new_scene(desk.house))
    (other,) = elsewhere.deposited().unique_ids
    targets = [
        (theirs, desk.entry(theirs)["entry_uuid"]),
        (other, elsewhere.entry(other)["entry_uuid"]),
        ("2.25.1", f"urn:uuid:{uuid4()}"),
    ]

    for old, target in targets:
        answer = desk.deposit(replacement(desk, old, target))
        assert [error.code for error in answer.errors if error.severity == "Error"] == [UNKNOWN]
        assert desk.traces()[-1][:3] == ("TD2.1", "refused", UNKNOWN)
    assert desk.entry(theirs)["status"] == "APPROVED"


def test_a_document_that_names_another_one_than_its_association_is_refused(desk: Desk) -> None:
    first, second = desk.deposited(vsm(desk.patient)), desk.deposited(vsm(desk.patient))
    target = desk.entry(first.unique_ids[0])["entry_uuid"]

    answer = desk.deposit(replacement(desk, second.unique_ids[0], target))

    assert "InvalidDocumentContent" in answer.error_codes
    assert desk.entry(first.unique_ids[0])["status"] == "APPROVED"


def test_of_a_deletion_and_a_replacement_at_once_one_is_done_and_the_other_told_why(desk: Desk) -> None:
    (old,) = desk.deposited().unique_ids
    target = desk.entry(old)["entry_uuid"]
    lot, deletion, start = replacement(desk, old, target), desk.deletion(target), threading.Barrier(2)

    def at_once(send: Callable[[], Any]) -> Any:
        start.wait()
        return send()

    with ThreadPoolExecutor(2) as threads:
        sent = [threads.submit(at_once, one) for one in (lambda: desk.deposit(lot), lambda: desk.update(deletion))]
        replaced, deleted = (one.result() for one in sent)

    assert replaced.succeeded is not deleted.succeeded, (replaced.errors, deleted.errors)
    codes = [error.code for error in (*replaced.errors, *deleted.errors) if error.severity == "Error"]
    assert codes == ([STALE] if deleted.succeeded else ["XDSMetadataUpdateError"])
    assert desk.entry(old)["status"] == ("DELETED" if deleted.succeeded else "DEPRECATED")
