"""Two at once: one consistent history, the other decided again or refused (scenario C33-09)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from samples.changes import archive, delete, mask, unmask
from samples.client.answers import RegistryAnswer
from samples.documents.vsm import vsm

from .conftest import TREATING, Ward


def together(*attempts: Callable[[], RegistryAnswer]) -> list[RegistryAnswer]:
    """Do all at the same moment."""
    start = Barrier(len(attempts))

    def run(attempt: Callable[[], RegistryAnswer]) -> RegistryAnswer:
        start.wait()
        return attempt()

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(run, attempts))


def history(ward: Ward, unique_id: str) -> list[tuple[Any, ...]]:
    """version and status of every version."""
    return ward.rows(
        "SELECT version, status FROM ecluse.document_entries WHERE unique_id = %s ORDER BY version", unique_id
    )


def test_of_two_masks_one_makes_the_version_and_the_other_is_refused(ward: Ward) -> None:
    document = ward.document(author="dr-essai")
    lots = {who: mask(ward.lot(who), ward.now(document)) for who in ("dr-essai", TREATING)}
    answers = together(*(lambda who=who, lot=lot: ward.send(who, lot) for who, lot in lots.items()))
    assert sorted(answer.succeeded for answer in answers) == [False, True]
    (refused,) = (answer for answer in answers if not answer.succeeded)
    assert {error.code for error in refused.errors} <= {"XDSMetadataVersionError", "XDSMetadataUpdateError"}
    assert history(ward, document) == [(1, "DEPRECATED"), (2, "APPROVED")]
    assert [row[1] for row in ward.traces()].count("success") == 1


def test_a_mask_and_an_order_of_deletion_leave_one_history(ward: Ward) -> None:
    document = ward.document(author="dr-essai")
    entry = ward.now(document)
    answers = together(
        lambda: ward.send("dr-essai", delete(ward.lot("dr-essai"), entry.entry_uuid)),
        lambda: ward.send(TREATING, mask(ward.lot(TREATING), entry)),
    )
    assert sorted(answer.succeeded for answer in answers) == [False, True]
    expected = [(1, "DELETED")] if answers[0].succeeded else [(1, "DEPRECATED"), (2, "APPROVED")]
    assert history(ward, document) == expected


def test_a_mask_and_a_replacement_leave_one_history(ward: Ward) -> None:
    for _ in range(3):
        document = ward.document(author="dr-essai")
        entry = ward.now(document)
        replacement = ward.scene.lot([vsm(ward.scene.patient, replaces=document)], replaces={0: entry.entry_uuid})
        masked, replaced = together(
            lambda entry=entry: ward.send(TREATING, mask(ward.lot(TREATING), entry)),
            lambda lot=replacement: ward.scene.deposit(lot),
        )
        rows = history(ward, document)
        if masked.succeeded and not replaced.succeeded:
            # What was replaced is not the current version any more: look it up again (D-091).
            assert rows == [(1, "DEPRECATED"), (2, "APPROVED")]
        elif masked.succeeded:
            # The replaced document was masked after.
            assert rows == [(1, "DEPRECATED"), (2, "DEPRECATED")]
        else:
            assert replaced.succeeded, (masked.errors, replaced.errors)
            assert rows == [(1, "DEPRECATED")]


def test_changes_of_two_documents_of_one_record_are_both_made(ward: Ward) -> None:
    one, two = ward.document(author="dr-essai"), ward.document("MASQUE_PS", author="dr-essai")
    answers = together(
        lambda: ward.send("dr-essai", archive(ward.lot("dr-essai"), ward.now(one).entry_uuid)),
        lambda: ward.send(TREATING, unmask(ward.lot(TREATING), ward.now(two))),
    )
    assert [answer.succeeded for answer in answers] == [True, True], [answer.errors for answer in answers]
    assert (history(ward, one), ward.codes(two)) == ([(1, "ARCHIVED")], {"N"})
