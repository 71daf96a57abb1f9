"""What may be asked of a record: the rows of the functional rights matrix (DMP rights sheet PDT-INF-526)."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """An operation of the DMP. The part before the dot is the transaction, which traces and answers name."""

    AUTHENTICATION = "TD0.1"
    EXISTENCE = "TD0.2"
    AUTHORISE_SELF = "TD0.3.AJOUT"
    REMOVE_SELF = "TD0.3.SUPPRESSION"
    STOP_BEING_MT = "TD0.3.ARRET_MT"
    MY_RECORDS = "TD0.4"
    SEARCH_WITHOUT_INS = "TD0.5"
    WEB = "TD0.9"
    WEB_REINFORCED = "TD0.10"
    CREATE = "TD1.1"
    REACTIVATE = "TD1.2"
    READ_ADMINISTRATIVE = "TD1.3a"
    CHANGE_ADMINISTRATIVE = "TD1.3b"
    CLOSE = "TD1.4"
    PATIENT_ACCESS = "TD1.5"
    LIST_PROFESSIONALS = "TD1.6"
    FEED = "TD2.1"
    FEED_BY_CPE = "TD2.2"
    SEARCH = "TD3.1"
    REFERENCE_SEARCH = "TD3.1b"
    READ = "TD3.2"
    MASK = "TD3.3a.MASQUER"
    UNMASK = "TD3.3a.DEMASQUER"
    MAKE_VISIBLE = "TD3.3b"
    DELETE = "TD3.3c"
    ARCHIVE = "TD3.3d"

    @property
    def transaction(self) -> str:
        """The transaction alone: `TD3.3a`."""
        head, _, tail = self.value.partition(".")
        return f"{head}.{tail.partition('.')[0]}"


READING = frozenset((Operation.SEARCH, Operation.READ))
"""What an authorisation governs; feeding needs none (DMP TD2.1)."""

CHANGING = frozenset((Operation.MASK, Operation.UNMASK, Operation.MAKE_VISIBLE, Operation.ARCHIVE, Operation.DELETE))
"""What is done to a document that is there (DMP TD3.3)."""

DISCREET = READING | CHANGING - {Operation.DELETE}
"""Refused in one and the same way whatever the reason: who has a record is not told."""
