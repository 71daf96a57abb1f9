"""Life cycle of a document entry: which status may follow which, and the transaction that says so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from xds.metadata.document_entry import AvailabilityStatus as Status

# (from, to) -> transactions. Replacement: ITI TF-3 §4.2.2.2; deletion: DMP TD3.3c; archiving: DMP TD3.3d.
TRANSITIONS: Mapping[tuple[Status, Status], tuple[str, ...]] = MappingProxyType(
    {
        (Status.APPROVED, Status.DEPRECATED): ("ITI-41", "ITI-57"),
        (Status.APPROVED, Status.ARCHIVED): ("ITI-57",),
        (Status.ARCHIVED, Status.APPROVED): ("ITI-57",),
        (Status.APPROVED, Status.DELETED): ("ITI-57",),
        (Status.DEPRECATED, Status.DELETED): ("ITI-57",),
        (Status.ARCHIVED, Status.DELETED): ("ITI-57",),
    }
)


def may_follow(old: Status, new: Status, transaction: str) -> bool:
    """Whether `transaction` (`ITI-41`) may change a document entry from one status to another."""
    return transaction in TRANSITIONS.get((old, new), ())
