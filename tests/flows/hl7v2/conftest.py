"""One house with its HL7 v2 door open, shared, and its laboratory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal

from .laboratory import Bench, Receiver, environment, eventually, open_bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: Any) -> Iterator[Bench]:
    """One house for all tests that leave it as it is."""
    receiver = Receiver()
    directory = tmp_path_factory.mktemp("hl7v2")
    house = Rehearsal(environment(receiver, directory / "data"), directory=directory)
    try:
        yield open_bench(house, receiver)
    finally:
        house.stop()
        receiver.close()
        from gateway.database.embedded import EmbeddedPostgres

        EmbeddedPostgres(house.data / "postgres").destroy()


@pytest.fixture(scope="session")
def admit(new_scene: Callable[[Rehearsal], Any]) -> Callable[[Bench], Any]:
    """A patient with an open record in a house, and a number of his own in the laboratory."""

    def admitted(bench: Bench) -> Any:
        found = new_scene(bench.house).patient
        return replace(found, local_id=f"IPP{found.nir}")

    return admitted


@pytest.fixture
def patient(bench: Bench, admit: Callable[[Bench], Any]) -> Any:
    """A patient with an open record in the house of all."""
    return admit(bench)


@pytest.fixture(scope="session")
def wait() -> Callable[..., Any]:
    """What a condition gives as soon as it is true."""
    return eventually


@pytest.fixture(scope="session")
def benches() -> Callable[..., Bench]:
    """Open a house of one's own with its receiver."""
    return open_bench


@pytest.fixture(scope="session")
def surroundings() -> Callable[..., dict[str, str]]:
    """The environment of a house with its receiver."""
    return environment


@pytest.fixture(scope="session")
def receivers() -> type[Receiver]:
    """Listeners of laboratories."""
    return Receiver
