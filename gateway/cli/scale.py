"""`ecluse bench --scale`: what a stored query costs as the registry grows, on a database filled for it.

Waiting times in milliseconds, one client, through the pool and the role of the consultation door; no HTTP, no audit.
Patients are drawn at random and asked for once unmeasured, then again and again, each time in another order: what is
measured is the depth of the tables and their indexes, not the speed of a disk.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from gateway.cli.scale_load import Load
from gateway.cli.scale_questions import Ask, Patient, ScaleError, questions, sample
from gateway.cli.speech import say, text
from gateway.database.embedded import EmbeddedPostgres
from gateway.database.opening import open_database
from gateway.database.pool import DoorPool, open_pool
from security.at_rest.record_keys import create_kek

DEFAULT_SIZES: Final = (100_000, 1_000_000)
BYTES_PER_ENTRY: Final = 11_000
"""Of disk, for an entry, its share of a submission set, its association and their indexes; measured, rounded up."""
_RESERVE = 2 * 1024**3
"""Bytes of disk left for the log of the server and for everybody else."""
_ROUNDS = 3
"""Times that every patient is asked for; the shortest counts. Percentiles are those of patients, so that they tell what
the registry costs and not when the machine had something else to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waited:
    """Milliseconds that one kind of question waited, at one size. `floor` is the p99 of the least that answers it."""

    name: str
    size: int
    runs: int
    median: float
    p99: float
    floor: float

    def row(self) -> dict[str, object]:
        """The machine form."""
        return _row(f"scale_{self.name}_{self.size}", self.p99, self.floor, self.runs)


def measure_scale(sizes: Sequence[int], runs: int) -> Iterator[Waited]:
    """Fill a throw-away registry up to each size in turn, and measure there.

    Raises ScaleError: the disk is too small, or an answer is not what was loaded.
    """
    directory = Path(tempfile.mkdtemp(prefix="ecluse-"))
    _check_disk(directory, max(sizes))
    try:
        with _filled_registry(directory) as (load, owner_url, consultation_url):
            for size in sorted(set(sizes)):
                start = time.monotonic()
                load.grow(size, _Progress(size))
                seconds = time.monotonic() - start
                say(
                    en=f"{load.count:,} documents of {load.patients:,} patients, loaded in {seconds:.0f} s",
                    fr=f"{load.count} documents de {load.patients} patients, chargés en {seconds:.0f} s",
                    err=True,
                )
                with closing(open_pool(consultation_url, size=1)) as pool:
                    yield from _measures(pool, sample(owner_url, load, runs), load.count)
    finally:
        EmbeddedPostgres(directory / "data" / "postgres").destroy()
        shutil.rmtree(directory, ignore_errors=True)


def print_scale(sizes: Sequence[int], runs: int, *, as_json: bool) -> None:
    """Measure and print: a table, or one JSON array whose `scale_growth_…` rows compare with the first size."""
    found = list(measure_scale(sizes or DEFAULT_SIZES, runs))
    first = {item.name: item.p99 for item in found if item.size == found[0].size}
    if as_json:
        grown = [
            _row(f"scale_growth_{item.name}_{item.size}", item.p99, first[item.name], item.runs)
            for item in found
            if item.size != found[0].size
        ]
        click.echo(json.dumps([*(item.row() for item in found), *grown]))
        return
    say(
        en="one query, one client, warm, patients in random order; milliseconds of waiting",
        fr="une requête, un client, à chaud, patients au hasard ; millisecondes d'attente",
    )
    growth = text(en="growth", fr="hausse")
    click.echo(f"{'':16} {'documents':>11} {'runs':>6} {'p50':>8} {'p99':>8} {growth:>7}")
    for item in sorted(found, key=lambda item: list(first).index(item.name)):
        click.echo(
            f"{item.name:16} {item.size:>11,} {item.runs:6} {item.median:8.3f} {item.p99:8.3f}"
            f" {item.p99 / first[item.name]:7.2f}"
        )


@contextmanager
def _filled_registry(directory: Path) -> Iterator[tuple[Load, str, str]]:
    with open_database(directory / "data") as database:
        kek = create_kek(directory / "kek")
        yield Load(database.layout.owner_url, kek), database.layout.owner_url, database.layout.consultation_url


def _check_disk(directory: Path, size: int) -> None:
    needed, free = size * BYTES_PER_ENTRY + _RESERVE, shutil.disk_usage(directory).free
    if free < needed:
        shutil.rmtree(directory)
        needed_gb, free_gb = f"{needed / 1e9:.1f}", f"{free / 1e9:.1f}"
        raise ScaleError(
            text(
                en=f"{size:,} documents need {needed_gb} GB of disk, and {free_gb} GB are free",
                fr=f"{size} documents demandent {needed_gb} Go de disque, et {free_gb} Go sont libres",
            )
        )


def _measures(pool: DoorPool, patients: Sequence[Patient], size: int) -> Iterator[Waited]:
    floors: dict[str, float] = {}
    for name, floor, ask in questions(pool):
        for patient in patients:
            ask(patient)
        cuts = statistics.quantiles(_times(ask, patients), n=100)
        floors[name] = cuts[98]
        yield Waited(
            name=name, size=size, runs=len(patients), median=cuts[49], p99=cuts[98], floor=floors[floor or name]
        )


def _times(ask: Ask, patients: Sequence[Patient]) -> list[float]:
    """For each patient the shortest of _ROUNDS times, every round in another order."""
    shortest = [math.inf] * len(patients)
    for _ in range(_ROUNDS):
        for rank in random.sample(range(len(patients)), len(patients)):
            start = time.perf_counter()
            ask(patients[rank])
            shortest[rank] = min(shortest[rank], (time.perf_counter() - start) * 1000)
    return shortest


def _row(name: str, value: float, floor: float, runs: int) -> dict[str, object]:
    return {
        "name": name,
        "value": round(value, 3),
        "floor": round(floor, 3),
        "ratio": round(value / floor, 2),
        "unit": "ms",
        "runs": runs,
    }


class _Progress:
    """Says how far the load is, every twentieth of the way."""

    def __init__(self, size: int) -> None:
        self._size, self._next = size, 0

    def __call__(self, count: int) -> None:
        """`count` documents are there."""
        if count >= self._next:
            self._next = count + self._size // 20
            say(
                en=f"loading: {count:,} documents of {self._size:,}",
                fr=f"chargement : {count} documents sur {self._size}",
                err=True,
            )
