"""The word of a process to the one that started it: ready, and where it listens. One JSON line on an inherited pipe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

import orjson

READY_VARIABLE = "ECLUSE_READY_FD"


def announce_ready(facts: Mapping[str, object]) -> None:
    """Tell the supervisor, if there is one, that this process serves; said once, later calls do nothing.

    A worker that replaces a crashed one says it again, to a supervisor that has stopped listening: no harm.
    """
    descriptor = os.environ.pop(READY_VARIABLE, "")
    if descriptor.isdigit():
        with suppress(BrokenPipeError), os.fdopen(int(descriptor), "wb", buffering=0) as pipe:
            pipe.write(orjson.dumps(dict(facts)) + b"\n")
