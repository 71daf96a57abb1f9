"""Appending to the trail, and finding out what was done to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from gateway.database.opening import Database
from gateway.database.pool import DoorPool, open_pool
from security.audit.checkpoint import Checkpoint, read_checkpoints, write_checkpoints
from security.audit.trail import AuditTrail, AuditUnavailable
from security.audit.verify import ChainFault, ChainVerdict, heads, verify

from .conftest import an_event

Owner = psycopg.Connection[Any]


def verdict(superuser: Owner, checkpoints: tuple[Checkpoint, ...] = (), door: str = "ingest") -> ChainVerdict:
    return next(item for item in verify(superuser, checkpoints) if item.door == door)


def test_events_of_many_threads_make_one_chain_without_hole(ingest: DoorPool, superuser: Owner) -> None:
    trail = AuditTrail(ingest)
    before = verdict(superuser).size
    with ThreadPoolExecutor(16) as threads:
        sequences = sorted(threads.map(lambda number: trail.append(an_event(number)), range(400)))
    assert sequences == list(range(before + 1, before + 401))
    after = verdict(superuser)
    assert (after.fault, after.size) == (None, before + 400)


def test_each_event_is_found_at_the_sequence_that_append_returned(ingest: DoorPool, superuser: Owner) -> None:
    trail = AuditTrail(ingest)
    with ThreadPoolExecutor(8) as threads:
        sequences = list(threads.map(lambda number: trail.append(an_event(number, code=f"c{number}")), range(50)))
    rows = dict(superuser.execute("SELECT sequence, event FROM ecluse.audit_events WHERE door = 'ingest'").fetchall())
    assert all(f'"code":"c{number}"' in rows[sequence] for number, sequence in enumerate(sequences))


def test_waiting_events_share_a_commit(ingest: DoorPool, superuser: Owner) -> None:
    trail = AuditTrail(ingest)
    with ThreadPoolExecutor(20) as threads:
        with superuser.transaction():
            superuser.execute("SELECT FROM ecluse.audit_chains WHERE door = 'ingest' FOR UPDATE")
            pending = [threads.submit(trail.append, an_event(number)) for number in range(20)]
            time.sleep(0.5)
        sequences = [future.result() for future in pending]
    transactions = superuser.execute(
        "SELECT count(DISTINCT xmin::text) FROM ecluse.audit_events WHERE door = 'ingest' AND sequence = ANY (%s)",
        (sequences,),
    ).fetchone()
    assert transactions is not None
    assert transactions[0] <= 3


def test_each_door_writes_in_its_own_chain_only(house: Database, ingest: DoorPool, superuser: Owner) -> None:
    AuditTrail(ingest).append(an_event())
    pool = open_pool(house.layout.consultation_url, size=1, name="test-audit-consultation")
    try:
        before = {head.door: head.size for head in heads(superuser)}
        AuditTrail(pool).append(an_event(door="consultation"))
    finally:
        pool.close()
    after = {head.door: head.size for head in heads(superuser)}
    assert after == {**before, "consultation": before["consultation"] + 1}


def test_the_listener_of_hl7v2_deposits_with_the_role_of_ingest_and_writes_in_its_chain(
    ingest: DoorPool, superuser: Owner
) -> None:
    AuditTrail(ingest).append(an_event(door="hl7v2"))
    assert verdict(superuser).fault is None


def test_without_a_database_the_operation_must_not_go_on() -> None:
    pool = open_pool("postgresql://nobody@127.0.0.1:9/none", size=1, name="test-audit-absent")
    try:
        with pytest.raises(AuditUnavailable):
            AuditTrail(pool).append(an_event())
    finally:
        pool.close()


def test_a_chain_that_does_not_move_is_unavailable_and_recovers(ingest: DoorPool, superuser: Owner) -> None:
    trail = AuditTrail(ingest)
    before = verdict(superuser).size
    with superuser.transaction():
        superuser.execute("SELECT FROM ecluse.audit_chains WHERE door = 'ingest' FOR UPDATE")
        with pytest.raises(AuditUnavailable):
            trail.append(an_event())
    assert trail.append(an_event()) == before + 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ecluse.audit_events SET event = event",
        "DELETE FROM ecluse.audit_events",
        "TRUNCATE ecluse.audit_events",
        "DELETE FROM ecluse.audit_chains",
        "TRUNCATE ecluse.audit_chains CASCADE",
        "UPDATE ecluse.audit_chains SET size = 0",
    ],
)
def test_even_the_owner_changes_nothing(house: Database, ingest: DoorPool, statement: str) -> None:
    AuditTrail(ingest).append(an_event())
    with psycopg.connect(house.layout.owner_url, autocommit=True) as owner:
        with pytest.raises(psycopg.Error) as refusal:
            owner.execute(statement)
        assert refusal.value.sqlstate == "XDS03"


def _rechain(superuser: Owner, door: str) -> None:
    """Recompute every hash and the head, as an intruder who knows the arithmetic would."""
    superuser.execute(
        "DO $$ DECLARE h bytea := decode(repeat('00', 32), 'hex'); r record;"
        " n bigint := 0; BEGIN"
        " FOR r IN SELECT * FROM ecluse.audit_events WHERE door = 'ingest' ORDER BY sequence LOOP"
        " n := n + 1; h := sha256(h || sha256('\\x00'::bytea || convert_to(r.event, 'UTF8')));"
        " UPDATE ecluse.audit_events SET hash = h, sequence = n WHERE door = r.door AND sequence = r.sequence;"
        " END LOOP;"
        " UPDATE ecluse.audit_chains SET size = n, hash = h WHERE door = 'ingest'; END $$"
    )


def _alter(superuser: Owner, sequence: int) -> None:
    superuser.execute(
        "UPDATE ecluse.audit_events SET event = replace(event, 'success', 'refused')"
        " WHERE door = 'ingest' AND sequence = %s",
        (sequence,),
    )


def _delete(superuser: Owner, first: int, last: int) -> None:
    superuser.execute(
        "DELETE FROM ecluse.audit_events WHERE door = 'ingest' AND sequence BETWEEN %s AND %s", (first, last)
    )


def _swap(superuser: Owner) -> None:
    for new, old in ((1003, 3), (3, 4), (4, 1003)):
        superuser.execute(
            "UPDATE ecluse.audit_events SET sequence = %s WHERE door = 'ingest' AND sequence = %s", (new, old)
        )


def _foreign(superuser: Owner) -> None:
    superuser.execute(
        "UPDATE ecluse.audit_events SET event = replace(event, 'ingest', 'consultation')"
        " WHERE door = 'ingest' AND sequence = 5"
    )
    _rechain(superuser, "ingest")


def _head(superuser: Owner) -> None:
    superuser.execute("UPDATE ecluse.audit_chains SET hash = decode(repeat('ab', 32), 'hex') WHERE door = 'ingest'")


def _hidden_tail(superuser: Owner) -> None:
    _delete(superuser, 8, 10)
    _rechain(superuser, "ingest")


def _rewritten(superuser: Owner) -> None:
    _alter(superuser, 2)
    _rechain(superuser, "ingest")


TAMPERING: list[tuple[Callable[[Owner], None], ChainFault | None, int | None, ChainFault | None, int | None]] = [
    # what is done; fault and sequence found by the chain alone; the same with a checkpoint of ten events
    (lambda owner: None, None, None, None, None),
    (lambda owner: _alter(owner, 1), ChainFault.ALTERED, 1, ChainFault.ALTERED, 1),
    (lambda owner: _alter(owner, 10), ChainFault.ALTERED, 10, ChainFault.ALTERED, 10),
    (lambda owner: _delete(owner, 4, 6), ChainFault.HOLE, 4, ChainFault.HOLE, 4),
    (lambda owner: _delete(owner, 1, 1), ChainFault.HOLE, 1, ChainFault.HOLE, 1),
    (lambda owner: _delete(owner, 9, 10), ChainFault.TAIL_REMOVED, 9, ChainFault.TAIL_REMOVED, 9),
    (_swap, ChainFault.ALTERED, 3, ChainFault.ALTERED, 3),
    (_foreign, ChainFault.FOREIGN, 5, ChainFault.FOREIGN, 5),
    (_head, ChainFault.HEAD_ALTERED, 10, ChainFault.HEAD_ALTERED, 10),
    (_hidden_tail, None, None, ChainFault.SHORTER_THAN_CHECKPOINT, 8),
    (_rewritten, None, None, ChainFault.REWRITTEN_SINCE_CHECKPOINT, 10),
]


@pytest.mark.parametrize(("tamper", "fault", "sequence", "later_fault", "later_sequence"), TAMPERING)
def test_what_was_done_to_the_trail_is_named(
    ingest: DoorPool,
    superuser: Owner,
    tamper: Callable[[Owner], None],
    fault: ChainFault | None,
    sequence: int | None,
    later_fault: ChainFault | None,
    later_sequence: int | None,
) -> None:
    superuser.execute("DELETE FROM ecluse.audit_events WHERE door = 'ingest'")
    _rechain(superuser, "ingest")
    trail = AuditTrail(ingest)
    for number in range(10):
        trail.append(an_event(number))
    kept = read_checkpoints(write_checkpoints(heads(superuser)))
    tamper(superuser)
    alone, compared = verdict(superuser), verdict(superuser, kept)
    assert (alone.fault, alone.sequence) == (fault, sequence)
    assert (compared.fault, compared.sequence) == (later_fault, later_sequence)


def test_a_chain_that_only_the_checkpoint_knows_is_missing(superuser: Owner) -> None:
    kept = (Checkpoint(door="portal", size=3, hash=bytes(32)),)
    assert verdict(superuser, kept, "portal").fault is ChainFault.CHAIN_MISSING


@pytest.mark.parametrize(
    "text", ["", "ecluse/ingest\n1", "ecluse/ingest\nx\nAA==", "other/ingest\n1\n" + "A" * 43 + "="]
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="block 1"):
        read_checkpoints(text)
