"""The functional rights matrix is the published sheets, cell by cell, and nothing else but what is marked so."""

from __future__ import annotations

from itertools import product

from profiles.dmp.rights import Cell, CellKey, cells

N, R, B = "normal", "centre_15", "bris_de_glace"
MODES = {"P": (N, R, B), "M": (N, R, B), "W": (N,), "T": (N, B), "E": (N,), "S": (N, R)}
CARD, REINFORCED, INDIRECT = "DIRECTE", "INDIRECTE_RENFORCEE", "INDIRECTE"

# Operation, kind of document: cells of P, M, W, T, E, S, one by mode in the order normal, regulation, break-glass.
SHEET = """
TD0.1           -           1/1/1     1/1/1      1   1/1    1  1/1
TD0.2           -           1/1/1     1/1/1      1   1/1    1  1/1
TD1.3a          -           1/1/1     1/1/1      1   1/1    1  1/1
TD0.3.AJOUT     -           1/0/0     1/0/0      0   1/0    a  0/0
TD0.3.SUPPRESSION -         1/0/0     1/0/0      0   1/0    0  0/0
TD0.3.ARRET_MT  -           0/0/0     0/0/0      0   1/0    0  0/0
TD0.4           -           1/1/1     1/1/1      1   1/1    b  c/0
TD0.5           -           0/1/0     0/1/0      0   0/0    0  0/1
TD0.9           -           1/1/1     1/1/1      1   1/1    1  0/0
TD1.6           -           1/0/0     1/0/0      1   1/0    0  0/0
TD2.1           -           1/1/1     1/1/1      1   1/1    0  d/d
TD2.2           -           0/0/0     0/0/0      0   0/0    d  0/0
TD3.1           -           1/1/1     1/1/1      1   1/1    0  0/0
TD3.1b          -           1/1/1     1/1/1      1   1/1    e  e/e
TD3.2           NOT_MASKED  1/1/1     1/1/1      0   1/1    0  0/0
TD3.2           MASKED      f/g/g     f/g/g      0   1/g    0  0/0
TD3.2           INVISIBLE   1/1/1     1/1/1      0   1/1    0  0/0
TD3.2           ARCHIVED    1/1/1     1/1/1      0   1/1    0  0/0
TD3.2           OBSOLETE    1/1/1     1/1/1      0   1/1    0  0/0
TD3.2           DELETED     1/1/1     1/1/1      0   1/1    0  0/0
TD3.3a.MASQUER  -           1/0/0     1/0/0      1   1/0    0  0/0
TD3.3a.DEMASQUER -          h/0/0     h/0/0      h   1/0    0  0/0
TD3.3b          -           1/0/0     1/0/0      1   1/0    0  0/0
TD3.3d          -           h*/0/0    h*/1*/1*   h*  1*/1*  0  0/0
TD3.3c          -           h*/h*/h*  h*/h*/h*   h*  h*/h*  i* i*/i*
"""
NOT_A_PROFESSIONAL = {"TD0.3.AJOUT": "a", "TD0.4": "c", "TD3.1b": "e", "TD3.3c": "i*"}
ADMINISTRATIVE = ("TD1.1", "TD1.2", "TD1.3b", "TD1.4", "TD1.5")


def lines() -> list[tuple[str, str, list[str]]]:
    rows = [line.split() for line in SHEET.strip().splitlines()]
    return [(operation, "" if kind == "-" else kind, texts) for operation, kind, *texts in rows]


def published() -> dict[CellKey, str]:
    found = {}
    for operation, kind, texts in lines():
        for column, text in zip("PMWTES", texts, strict=True):
            authentication = INDIRECT if column == "S" else CARD
            for mode, said in zip(MODES[column], text.split("/"), strict=True):
                found[CellKey(operation, kind, column, authentication, mode)] = said
    return found


def reinforced() -> dict[CellKey, str]:
    """The second sheet: as with a card, but no feeding, another web address, and doctors archive in all modes."""
    found = {}
    for key, said in published().items():
        if key.column in "PMWT":
            operation = "TD0.10" if key.operation == "TD0.9" else key.operation
            text = "0" if operation in {"TD2.1", "TD2.2"} else said
            text = "1*" if (operation, key.column) == ("TD3.3d", "M") else text
            found[key._replace(operation=operation, authentication=REINFORCED)] = text
    for operation, kind, _ in lines():
        name = "TD0.10" if operation == "TD0.9" else operation
        found[CellKey(name, kind, "N", REINFORCED, N)] = NOT_A_PROFESSIONAL.get(operation, "0")
    return found


def said_by(cell: Cell) -> str:
    if not cell.allowed:
        return "0"
    return cell.condition if cell.condition not in {"", "*"} else f"1{cell.condition}"


def from_sheet(name: str) -> dict[CellKey, str]:
    return {key: said_by(cell) for key, cell in cells().items() if name in cell.source}


def test_every_cell_of_the_first_sheet_is_there_and_no_other() -> None:
    assert from_sheet("PDT-INF-526") == published()


def test_every_cell_of_the_reinforced_sheet_is_there_and_no_other() -> None:
    assert from_sheet("PDT-INF-606") == reinforced()


def test_what_no_sheet_has_is_the_administration_of_records_and_says_so() -> None:
    ours = {key: cell for key, cell in cells().items() if cell.source == "sandbox"}
    assert {key.operation for key in ours} == set(ADMINISTRATIVE)
    assert all(cell.assumed for cell in ours.values())
    assert {key for key, cell in ours.items() if cell.allowed} == {
        CellKey(operation, "", column, authentication, N)
        for operation, (column, authentication) in product(
            ADMINISTRATIVE,
            [*product("PMT", (CARD, REINFORCED)), ("E", CARD), ("S", INDIRECT)],
        )
    }


def test_the_file_holds_nothing_else() -> None:
    assert len(cells()) == len(published()) + len(reinforced()) + len(ADMINISTRATIVE) * 22


def test_only_what_is_read_into_the_second_sheet_is_assumed_of_it() -> None:
    assumed = {key for key, cell in cells().items() if cell.assumed and "PDT-INF" in cell.source}
    assert assumed == {CellKey("TD3.3d", "", "M", REINFORCED, N)}


def test_each_condition_is_a_letter_of_the_sheet_on_a_cell_that_says_yes() -> None:
    for key, cell in cells().items():
        assert set(cell.condition) <= set("abcdefghi*"), key
        assert cell.allowed or not cell.condition, key
        assert cell.valid_from.year in {2024, 2025}, key
