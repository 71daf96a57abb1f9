"""Doors of this process, from which one wall was taken."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.assembly.doors import builder
from gateway.door import Door
from gateway.settings import Settings
from samples.documents.vsm import vsm
from security.audit.verify import ChainFault, verify


@pytest.fixture
def stripped(house: Any, tmp_path: Path) -> Iterator[Callable[..., Door]]:
    """Build a door in this process from a copy of its directory in which one thing was changed."""
    opened: list[Door] = []

    def build(name: str, *, files: Mapping[str, Path] | None = None, settings: Settings | None = None) -> Door:
        folder = tmp_path / f"{name}-{len(opened)}"
        shutil.copytree(house.data / name, folder / name)
        (folder / "blobs").symlink_to(house.data / "blobs", target_is_directory=True)
        for target, source in (files or {}).items():
            place = folder / name / target
            if source.is_dir():
                shutil.rmtree(place)
                shutil.copytree(source, place)
            else:
                shutil.copy(source, place)
        opened.append(builder(name)(replace(settings or Settings(), data=str(folder))))
        return opened[-1]

    yield build
    for door in opened:
        door.pool.close()


@pytest.fixture
def deposited(scene: Any) -> str:
    lot = scene.lot([vsm(scene.patient)])
    answer = scene.deposit(lot)
    assert answer.succeeded, answer.errors
    return str(lot.unique_ids[0])


@pytest.fixture
def foreign_events(scene: Any) -> Iterator[None]:
    """A door with the role of the other writes in the other's chain: the trail tells, and is then put right."""
    with closing(scene.house.owner()) as owner:
        assert {verdict.fault for verdict in verify(owner)} == {None}
        heads = owner.execute("SELECT size, hash, door FROM ecluse.audit_chains").fetchall()
    yield
    with closing(scene.house.owner()) as owner:
        assert ChainFault.FOREIGN in {verdict.fault for verdict in verify(owner)}
        tables = ("audit_events", "audit_chains")
        for table in tables:
            owner.execute(f"ALTER TABLE ecluse.{table} DISABLE TRIGGER USER")
        for size, digest, door in heads:
            owner.execute("DELETE FROM ecluse.audit_events WHERE door = %s AND sequence > %s", (door, size))
            owner.execute("UPDATE ecluse.audit_chains SET size = %s, hash = %s WHERE door = %s", (size, digest, door))
        for table in tables:
            owner.execute(f"ALTER TABLE ecluse.{table} ENABLE TRIGGER USER")
