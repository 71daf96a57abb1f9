"""One house whose letters go through a real SMTP server; notices and letters come in as files of its data directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal

from ..hl7v2.laboratory import Receiver
from .post import Post, open_post


@pytest.fixture(scope="session")
def post(tmp_path_factory: Any) -> Iterator[Post]:
    """One house for all tests that leave it as it is: each has letters, addresses and control ids of its own."""
    receiver = Receiver()
    opened, server = open_post(tmp_path_factory.mktemp("mssante"), receiver)
    try:
        yield opened
    finally:
        opened.house.stop()
        server.down()
        receiver.close()
        from gateway.database.embedded import EmbeddedPostgres

        EmbeddedPostgres(opened.house.data / "postgres").destroy()


@pytest.fixture
def admitted(post: Post, new_scene: Callable[[Rehearsal], Any]) -> Any:
    """A patient with an open record in the shared house, and a number of his own in the laboratory."""
    found = new_scene(post.house).patient
    return replace(found, local_id=f"IPP{found.nir}")
