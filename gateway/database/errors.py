"""What a door says of its database when it does not answer.

A caller needs one decision only: try again later. So every way a server can be missing is `DatabaseUnavailable`, and
a server that is there but has no time for us is the narrower `DatabaseBusy`. Faults of our own statements keep their
psycopg class: they are bugs and must look like bugs. Texts hold no statement, no parameter and no password.
"""

from __future__ import annotations

import psycopg


class DatabaseUnavailable(psycopg.OperationalError):
    """The server is not there, went away, is shutting down, or has no room left on its disk.

    A psycopg.OperationalError, so that libraries below the gateway can catch it without knowing this module.
    """


class DatabaseBusy(DatabaseUnavailable):
    """The server is there, but a statement, a lock or a free connection took longer than we wait."""


class DatabaseSetupError(Exception):
    """The server cannot be prepared as asked; the text says what to do."""
