"""One question put to the law: all that it decides on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from profiles.dmp.rights import Cell, CellKey, Column, DocumentKind, cells
from xds.dmp.columns import column_of
from xds.dmp.entries import ReadableEntry
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Who asks, about which record and which document, with which authorisation, when (law time).

    `column` is where the requester stands in the sheet; None for the patient and for the house.
    """

    requester: Requester
    record: Record | None
    authorisation: Authorisation | None
    now: datetime
    parameters: Parameters
    entry: ReadableEntry | None = None
    column: Column | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "column", column_of(self.requester, self.authorisation, self.now))

    def cell(self, operation: Operation, document: DocumentKind = DocumentKind.NOT_MASKED) -> Cell | None:
        """The cell of the matrix for an operation; `document` counts for a reading. None: no sheet has it."""
        if self.column is None:
            return None
        kind = document.value if operation is Operation.READ else ""
        requester = self.requester
        return cells().get(CellKey(operation.value, kind, self.column.value, requester.mode, requester.purpose))
