"""Which assembly builds which door: a process imports that of its own door, and nothing of the other."""

from __future__ import annotations

from collections.abc import Callable

from gateway.door import Door
from gateway.settings import Settings

Builder = Callable[[Settings], Door]


def builder(name: str) -> Builder:
    """What builds the door of that name. Raises LookupError: no door has it."""
    if name == "ingest":
        from gateway.assembly import ingest

        return ingest.build
    if name == "consultation":
        from gateway.assembly import consultation

        return consultation.build
    raise LookupError(name)
