"""The registry's own availability, said in the standard's codes (ITI TF-3 §4.2.4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from xds.errors import Refusal, RegistryError, XdsErrorCode

# Statement timeout, lock timeout, too many connections, serialisation failure, deadlock (PostgreSQL appendix A).
_BUSY = frozenset({"57014", "55P03", "53300", "40001", "40P01"})


class ChangedMeanwhile(Exception):
    """What is registered changed since it was asked: nothing is kept. Ask again and decide again."""


@contextmanager
def answering() -> Iterator[None]:
    """Turn a database that does not answer into a Refusal: XDSRegistryBusy or XDSRegistryNotAvailable.

    Any other error of the database is a bug and goes on as it is.
    """
    try:
        yield
    except psycopg.OperationalError as error:
        states = {error.sqlstate, getattr(error.__cause__, "sqlstate", None)}
        if states & _BUSY:
            code, text = XdsErrorCode.REGISTRY_BUSY, "the registry is busy: send again later"
        else:
            code, text = XdsErrorCode.REGISTRY_NOT_AVAILABLE, "the registry does not answer: send again later"
        raise Refusal((RegistryError(code, text),)) from error
