"""Verifying the audit trail: every hash recomputed, every hole found. Needs a role that may read the trail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from security.audit.chain import GENESIS, chain_hash
from security.audit.checkpoint import Checkpoint

_FETCH = 5_000
_WRITERS = {"ingest": ("ingest", "hl7v2")}
"""Doors that write in the chain of another: a chain is that of a role of the database."""


class ChainFault(StrEnum):
    """What is wrong with a chain."""

    HOLE = "HOLE"  # an event is missing between two others
    ALTERED = "ALTERED"  # an event, or its hash, is not what was written
    FOREIGN = "FOREIGN"  # an event says it belongs to another door
    TAIL_REMOVED = "TAIL_REMOVED"  # fewer events than the head of the chain counts
    HEAD_ALTERED = "HEAD_ALTERED"  # the head of the chain does not agree with the events
    CHAIN_MISSING = "CHAIN_MISSING"  # the checkpoint names a chain that is not there
    SHORTER_THAN_CHECKPOINT = "SHORTER_THAN_CHECKPOINT"
    REWRITTEN_SINCE_CHECKPOINT = "REWRITTEN_SINCE_CHECKPOINT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainVerdict:
    """Verdict on one chain. `sequence` is that of the first bad event when there is a fault."""

    door: str
    size: int
    hash: bytes
    fault: ChainFault | None = None
    sequence: int | None = None


def heads(connection: psycopg.Connection[Any]) -> tuple[Checkpoint, ...]:
    """The head of each chain, by door."""
    rows = connection.execute("SELECT door, size, hash FROM ecluse.audit_chains ORDER BY door").fetchall()
    return tuple(Checkpoint(door=door, size=size, hash=bytes(digest)) for door, size, digest in rows)


def verify(connection: psycopg.Connection[Any], checkpoints: Iterable[Checkpoint] = ()) -> tuple[ChainVerdict, ...]:
    """Verify every chain from its first event, and against earlier checkpoints.

    Heads and events are read in one snapshot: doors may go on writing meanwhile.
    """
    known = {item.door: item for item in checkpoints}
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = [_verify_chain(connection, head, known.pop(head.door, None)) for head in heads(connection)]
    missing = [
        ChainVerdict(door=item.door, size=0, hash=GENESIS, fault=ChainFault.CHAIN_MISSING, sequence=1)
        for item in known.values()
    ]
    return (*found, *missing)


def _verify_chain(connection: psycopg.Connection[Any], head: Checkpoint, checkpoint: Checkpoint | None) -> ChainVerdict:
    size, digest = 0, GENESIS
    fault: tuple[ChainFault, int] | None = None
    with connection.cursor(name="audit_verify") as cursor:
        cursor.itersize = _FETCH
        cursor.execute(
            "SELECT sequence, event, hash FROM ecluse.audit_events WHERE door = %s ORDER BY sequence", (head.door,)
        )
        for sequence, text, stored in cursor:
            event = text.encode("utf-8")
            computed = chain_hash(digest, event)
            if sequence != size + 1:
                fault = ChainFault.HOLE, size + 1
            elif computed != bytes(stored):
                fault = ChainFault.ALTERED, sequence
            elif _door_of(event) not in _WRITERS.get(head.door, (head.door,)):
                fault = ChainFault.FOREIGN, sequence
            elif checkpoint is not None and sequence == checkpoint.size and computed != checkpoint.hash:
                fault = ChainFault.REWRITTEN_SINCE_CHECKPOINT, sequence
            if fault is not None:
                break
            size, digest = sequence, computed
    name, bad = fault or _end_fault(size, digest, head, checkpoint)
    return ChainVerdict(door=head.door, size=size, hash=digest, fault=name, sequence=bad)


def _end_fault(
    size: int, digest: bytes, head: Checkpoint, checkpoint: Checkpoint | None
) -> tuple[ChainFault | None, int | None]:
    """Whether events that agree with one another also agree with what counts them."""
    if size < head.size:
        return ChainFault.TAIL_REMOVED, size + 1
    if size > head.size:
        return ChainFault.HEAD_ALTERED, head.size + 1
    if digest != head.hash:
        return ChainFault.HEAD_ALTERED, size
    if checkpoint is not None and size < checkpoint.size:
        return ChainFault.SHORTER_THAN_CHECKPOINT, size + 1
    return None, None


def _door_of(event: bytes) -> object:
    try:
        found = json.loads(event)
    except ValueError:
        return None
    return found.get("door") if isinstance(found, dict) else None
