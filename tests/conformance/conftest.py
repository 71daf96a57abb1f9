from __future__ import annotations

from pathlib import Path

import pytest

REFERENCES = Path(__file__).parents[2].parent / "shared" / "samples-fr"


@pytest.fixture
def official():
    """Reader of an official example by name; skips where the examples are not beside the repository."""

    def read(name: str) -> bytes:
        path = REFERENCES / name
        if not path.exists():
            pytest.skip(f"the official examples are not in {REFERENCES}")
        return path.read_bytes()

    return read
