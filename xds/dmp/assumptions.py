"""Which unverified rules a decision used, for the answer to say so: words of the header `X-Sandbox-Assumed`.

They depend on the requester, on what he asked and on what he is given: never on what is hidden from him.
"""

from __future__ import annotations

from profiles.dmp.habilitation import assumed_for
from profiles.dmp.rights import Cell
from xds.dmp.operations import CHANGING, READING, Operation
from xds.dmp.record import Authorisation
from xds.dmp.requester import Requester


def assumptions(
    operation: Operation, requester: Requester, cell: Cell | None, authorisation: Authorisation | None
) -> tuple[str, ...]:
    """The words: a cell that no sheet has, a profession whose rows are not verified, an authorisation that ends."""
    found = ["rights"] if cell is not None and cell.assumed else []
    if operation in READING | CHANGING and assumed_for(requester.profession):
        found.append("habilitation")
    if operation in READING and authorisation is not None and authorisation.valid_until is not None:
        found.append("authorisation_days")
    return tuple(found)
