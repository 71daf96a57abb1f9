"""Which unverified rules a decision used, for the answer to say so: words of the header `X-Sandbox-Assumed`.

They depend on the requester and on what he asked: never on what a record holds.
"""

from __future__ import annotations

from profiles.dmp.habilitation import assumed_for
from profiles.dmp.rights import Cell
from xds.dmp.columns import NORMAL
from xds.dmp.operations import CHANGING, READING, Operation
from xds.dmp.requester import Requester


def assumptions(operation: Operation, requester: Requester, cell: Cell | None) -> tuple[str, ...]:
    """The words: a cell no sheet has, a profession whose rows are not verified, how long an authorisation lasts."""
    found = ["rights"] if cell is not None and cell.assumed else []
    if operation in READING | CHANGING and assumed_for(
        requester.profession, profession_system=requester.profession_system
    ):
        found.append("habilitation")
    if operation in READING and requester.purpose == NORMAL:
        found.append("authorisation_days")
    return tuple(found)
