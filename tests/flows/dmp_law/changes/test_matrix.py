"""Every cell of the functional rights matrix for changes of documents, at the real door (DMP TD3.3a to DMP TD3.3d).

A card opens this door: here are the columns of those who have one. What an occupational physician may change he must
see first: of the documents of others, those that nothing hides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from profiles.dmp.rights import Cell, CellKey, cells
from samples.changes import archive, delete, make_visible, mask, unmask
from samples.xds.submission import XdsSubmission
from xds.dmp.operations import Operation
from xds.metadata.document_entry import DocumentEntry

from .conftest import AUTHORISED, TREATING, Ward

HOLDERS = {"P": "inf-petit", "M": "dr-blanc", "W": "dr-travail", "T": TREATING}
REASONS = {"bris_de_glace": "Patient inconscient"}


def _order(make: Callable[[XdsSubmission, str], XdsSubmission]) -> Callable[[XdsSubmission, DocumentEntry], Any]:
    return lambda lot, entry: make(lot, entry.entry_uuid)


CHANGES: dict[str, tuple[tuple[str, ...], Callable[[XdsSubmission, DocumentEntry], XdsSubmission]]] = {
    Operation.MASK: ((), mask),
    Operation.UNMASK: (("MASQUE_PS",), unmask),
    Operation.MAKE_VISIBLE: (("INVISIBLE_PATIENT",), make_visible),
    Operation.ARCHIVE: ((), _order(archive)),
    Operation.DELETE: ((), _order(delete)),
}


def cases() -> list[Any]:
    """Each cell for the document of another, and for one's own where the sheet distinguishes them."""
    return [
        pytest.param(key, cell, own, id=f"{key.operation}-{key.column}-{key.mode}-{'own' if own else 'other'}")
        for key, cell in cells().items()
        if key.operation in CHANGES and key.authentication == "DIRECTE" and key.column in HOLDERS
        for own in ((True, False) if "h" in cell.condition or key.column == "W" else (False,))
    ]


@pytest.fixture(scope="module")
def ward(house: Any, new_scene: Any) -> Ward:
    """One record for all cells: each has a document of its own."""
    opened = Ward(new_scene(house))
    for who in (*AUTHORISED, HOLDERS["W"]):
        opened.authorise(who, medecin_traitant=who == TREATING)
    return opened


def test_every_transaction_of_changes_has_its_cells() -> None:
    assert {key.operation for key in cells() if key.operation.startswith("TD3.3")} == set(CHANGES)


@pytest.mark.parametrize(("key", "cell", "own"), cases())
def test_each_cell_says_what_the_door_does(ward: Ward, key: CellKey, cell: Cell, *, own: bool) -> None:
    who = HOLDERS[key.column]
    codes, change = CHANGES[key.operation]
    document = ward.document(*codes, author=who if own else "dr-essai")
    lot = change(ward.lot(who), ward.now(document))
    vihf = {"purpose": key.mode, "reason": REASONS.get(key.mode)}
    before = ward.now(document)
    blind = key.column == "W" and bool(codes) and not own
    if cell.allowed and not blind and (own or "h" not in cell.condition):
        ward.done(who, lot, **vihf)
        assert ward.now(document) != before
        assert ward.traces()[-1][:2] == (key.operation, "success")
        return
    hidden = ("MASQUE_PS" in codes or blind) and cell.allowed  # who may not see it is told what is told of no document
    ward.refused(who, lot, "XDSMetadataVersionError" if hidden else "DMPAccessDeniedByRightsService", **vihf)
    assert ward.now(document) == before
